package local

import (
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// tiesAtOnce is how many keys wait until their rows are compared.
const tiesAtOnce = 4096

// resolve decides about every key of which the batch has something.
func (a *attempt) resolve() error {
	r := &resolving{attempt: a}
	r.resolver = change.Resolver{Type: a.batch.Type, Same: r.same}
	// Rows of a large batch of which nothing else is known are in the table as
	// they are; the others are counted as they are judged.
	for _, h := range a.holders {
		if h.output != nil {
			a.counts.Upserted += h.output.rows
		}
	}
	if err := a.facts.eachKey(r.key); err != nil {
		return err
	}
	return r.settleTies()
}

// resolving carries the keys whose rows have to be compared before they can be
// judged.
type resolving struct {
	attempt  *attempt
	resolver change.Resolver
	tied     bool
	before   []change.Fact // of the key in work, as they were
	ties     []change.Fact // of several keys
	refs     []uint64      // rows to be compared
	keys     int
	digests  map[uint64]batch.Digest
}

// same compares rows by their digests. Those that are not known yet are noted.
func (r *resolving) same(row, upsert *change.Fact) bool {
	a, known := r.digests[row.Ref]
	if !known {
		r.tied = true
		r.refs = append(r.refs, row.Ref, upsert.Ref)
		return false
	}
	return a == r.digests[upsert.Ref]
}

func (r *resolving) key(facts []change.Fact) error {
	if !slices.ContainsFunc(facts, func(f change.Fact) bool { return !f.InTable }) {
		return nil
	}
	r.tied = false
	r.before = append(r.before[:0], facts...)
	tombstones := r.resolver.Resolve(facts)
	if !r.tied {
		return r.attempt.record(facts, tombstones)
	}
	r.ties = append(r.ties, r.before...)
	if r.keys++; r.keys < tiesAtOnce {
		return nil
	}
	return r.settleTies()
}

// settleTies compares the rows that were noted and judges their keys again.
func (r *resolving) settleTies() error {
	if len(r.refs) == 0 {
		return nil
	}
	var err error
	if r.digests, err = r.attempt.digests(r.refs); err != nil {
		return err
	}
	ties := r.ties
	for start := 0; start < len(ties); {
		end := start + 1
		for end < len(ties) && ties[end].Key == ties[start].Key {
			end++
		}
		facts := ties[start:end]
		if err := r.attempt.record(facts, r.resolver.Resolve(facts)); err != nil {
			return err
		}
		start = end
	}
	r.ties, r.refs, r.keys, r.digests = ties[:0], r.refs[:0], 0, nil
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

// digests of the rows at the given addresses, over the columns of the source.
func (a *attempt) digests(refs []uint64) (map[uint64]batch.Digest, error) {
	refs = slices.Clone(refs)
	slices.Sort(refs)
	refs = slices.Compact(refs)
	digests := make(map[uint64]batch.Digest, len(refs))
	for len(refs) > 0 {
		h := holderOf(refs[0])
		n := 1
		for n < len(refs) && holderOf(refs[n]) == h {
			n++
		}
		if block := a.holders[h].block; block != nil {
			all := block.Rows.Digests(a.layout.source)
			for _, ref := range refs[:n] {
				digests[ref] = all[rowOf(ref)]
			}
		} else if err := a.fetch(refs[:n], a.layout.full[:a.layout.source], func(refs []uint64, rows *batch.Batch) error {
			for i, d := range rows.Digests(a.layout.source) {
				digests[refs[i]] = d
			}
			return nil
		}); err != nil {
			return nil, err
		}
		refs = refs[n:]
	}
	return digests, nil
}
