package local

import (
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// resolve decides about every key of which the batch has something. Keys whose
// rows have to be compared first are judged in a second pass, so that each file
// is read once for all of them.
func (a *attempt) resolve() error {
	// Rows of a large batch of which nothing else is known are in the table as
	// they are; the others are counted as they are judged.
	for _, h := range a.holders {
		if h.output != nil {
			a.counts.Upserted += h.output.rows
		}
	}
	r := &resolving{attempt: a, room: max(64, int(a.engine.opts.Memory/4/comparedBytes))}
	r.resolver = change.Resolver{Type: a.batch.Type, Same: r.collect}
	err := a.facts.eachKey(func(facts []change.Fact) error { return r.key(facts, false) })
	if err != nil || len(r.refs) == 0 {
		return err
	}
	if !r.full {
		if err := r.compare(); err != nil {
			return err
		}
	}
	r.resolver.Same = r.same
	return a.facts.eachKey(func(facts []change.Fact) error { return r.key(facts, true) })
}

// comparedBytes is what a row takes that is compared: its address and digest.
const comparedBytes = 24

// resolving judges keys, and carries what rows are compared by.
type resolving struct {
	attempt  *attempt
	resolver change.Resolver
	tied     bool // the key in work has rows to be compared
	// refs are the rows to be compared, digests what they are compared by. When
	// there are too many for the memory, full is set and none is compared: each
	// repeat is taken for a change then, which gives the same table.
	refs    []uint64
	digests []batch.Digest
	room    int
	full    bool
}

// collect notes rows that have to be compared.
func (r *resolving) collect(row, upsert *change.Fact) bool {
	r.tied = true
	if r.full = r.full || len(r.refs)+2 > r.room; !r.full {
		r.refs = append(r.refs, row.Ref, upsert.Ref)
	}
	return false
}

// same compares rows by their digests.
func (r *resolving) same(row, upsert *change.Fact) bool {
	r.tied = true
	if r.full {
		return false
	}
	a, foundA := slices.BinarySearch(r.refs, row.Ref)
	b, foundB := slices.BinarySearch(r.refs, upsert.Ref)
	return foundA && foundB && r.digests[a] == r.digests[b]
}

// key judges a key in the pass in which it is due.
func (r *resolving) key(facts []change.Fact, compared bool) error {
	if !slices.ContainsFunc(facts, func(f change.Fact) bool { return !f.InTable }) {
		return nil
	}
	r.tied = false
	tombstones := r.resolver.Resolve(facts)
	if r.tied != compared {
		return nil
	}
	return r.attempt.record(facts, tombstones)
}

// compare reads the rows that were noted.
func (r *resolving) compare() error {
	slices.Sort(r.refs)
	r.refs = slices.Compact(r.refs)
	r.digests = make([]batch.Digest, 0, len(r.refs))
	a := r.attempt
	for rest := r.refs; len(rest) > 0; {
		h := holderOf(rest[0])
		n := 1
		for n < len(rest) && holderOf(rest[n]) == h {
			n++
		}
		if block := a.holders[h].block; block != nil {
			all := block.Rows.Digests(a.layout.source)
			for _, ref := range rest[:n] {
				r.digests = append(r.digests, all[rowOf(ref)])
			}
		} else if err := a.fetch(rest[:n], a.layout.full[:a.layout.source], func(_ []uint64, rows *batch.Batch) error {
			r.digests = append(r.digests, rows.Digests(a.layout.source)...)
			return nil
		}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// record notes what was decided about a key.
func (a *attempt) record(facts, tombstones []change.Fact) error {
	for i := range facts {
		f := &facts[i]
		a.count(f)
		if f.Delete {
			continue
		}
		h := a.holders[holderOf(f.Ref)]
		row := rowOf(f.Ref)
		switch {
		case h.block != nil:
			h.block.stay[row] = f.Stays
			h.block.ends[row], h.block.firsts[row] = f.End, f.First
		case !f.Stays:
			h.dead.Add(uint64(row))
		case f.Rewrite, !f.InTable && (f.End != change.NoEnd || f.First != f.Folder):
			h.dead.Add(uint64(row))
			a.rewrites = append(a.rewrites, *f)
		}
	}
	a.buried = append(a.buried, tombstones...)
	return a.relieve()
}

func (a *attempt) count(f *change.Fact) {
	if !f.InTable && !f.Delete && a.holders[holderOf(f.Ref)].output != nil {
		a.counts.Upserted--
	}
	switch f.Effect {
	case change.Upserted:
		a.counts.Upserted++
	case change.Deleted:
		a.counts.Deleted++
	case change.Superseded:
		a.counts.Superseded++
	case change.None:
	}
}
