package local

import (
	"cmp"
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// write puts what was decided into data files: the rows of a small batch, the
// rows of the table that end elsewhere now, the tombstones.
func (a *attempt) write() error {
	if err := a.flush(); err != nil {
		return err
	}
	if err := a.writeKept(); err != nil {
		return err
	}
	for _, h := range []*holder{a.rest, a.current} {
		if h != nil {
			if err := h.output.close(); err != nil {
				return err
			}
		}
	}
	if a.vectors {
		return nil
	}
	return a.copyAlive()
}

// waitingBytes is about what a fact takes while it waits to be written.
const waitingBytes = int64(factBytes)

// relieve writes what has gathered when it takes too much memory.
func (a *attempt) relieve() error {
	if int64(len(a.rewrites)+len(a.buried))*waitingBytes < a.engine.opts.Memory/8 {
		return nil
	}
	return a.flush()
}

// flush writes the rows and tombstones that wait.
func (a *attempt) flush() error {
	if err := a.writeRewrites(); err != nil {
		return err
	}
	return a.writeTombstones()
}

// restHolder opens the file for rows that have ended and for tombstones. A reader
// of a Type2 table who wants its current rows passes it over, and so does a
// change that looks for the row that it ends.
func (a *attempt) restHolder() (*holder, error) { return a.rolled(&a.rest) }

// currentHolder opens the file for rows that have not ended.
func (a *attempt) currentHolder() (*holder, error) {
	if a.batch.Type != change.Type2 {
		return a.restHolder()
	}
	before := a.current
	h, err := a.rolled(&a.current)
	if err == nil && h != before {
		a.keepRows(h.output)
	}
	return h, err
}

// holderFor is the file for a row.
func (a *attempt) holderFor(f *change.Fact) (*holder, error) {
	if f.End == change.NoEnd {
		return a.currentHolder()
	}
	return a.restHolder()
}

// rolled opens a file where there is none yet or the one at hand is full.
func (a *attempt) rolled(at **holder) (*holder, error) {
	if *at != nil && !(*at).output.full() {
		return *at, nil
	}
	if *at != nil {
		if err := (*at).output.close(); err != nil {
			return nil, err
		}
	}
	_, i, err := a.newOutput(a.layout.full)
	if err != nil {
		return nil, err
	}
	*at = a.holders[i]
	return *at, nil
}

// writeRewrites copies rows of data files with the End and First that they have
// now.
func (a *attempt) writeRewrites() error {
	list := a.rewrites
	a.rewritten += int64(len(list))
	slices.SortFunc(list, func(x, y change.Fact) int {
		return cmp.Or(cmp.Compare(isCurrent(&x), isCurrent(&y)), cmp.Compare(x.Ref, y.Ref))
	})
	refs := make([]uint64, len(list))
	for i := range list {
		refs[i] = list[i].Ref
	}
	a.buildRows(refs)
	for len(list) > 0 {
		n := 1
		for n < len(list) && holderOf(refs[n]) == holderOf(refs[0]) && isCurrent(&list[n]) == isCurrent(&list[0]) {
			n++
		}
		if err := a.rewriteRows(refs[:n], list[:n]); err != nil {
			return err
		}
		list, refs = list[n:], refs[n:]
	}
	a.rewrites = a.rewrites[:0]
	return nil
}

// isCurrent orders rows that have ended before those that have not.
func isCurrent(f *change.Fact) int {
	if f.End == change.NoEnd {
		return 1
	}
	return 0
}

// rewriteRows copies rows of one holder, all of them ended or all current.
func (a *attempt) rewriteRows(refs []uint64, facts []change.Fact) error {
	return a.fetch(refs, a.layout.full[:a.layout.source], func(refs []uint64, rows *batch.Batch) error {
		chunk := facts[:len(refs)]
		facts = facts[len(refs):]
		if err := a.checkKeys(chunk, rows); err != nil {
			return err
		}
		h, err := a.holderFor(&chunk[0])
		if err != nil {
			return err
		}
		a.noteRows(h.output, chunk)
		return h.output.write(a.withColumns(rows, chunk))
	})
}

// withColumns adds the columns that a source does not have, as the facts of the
// rows say.
func (a *attempt) withColumns(rows *batch.Batch, facts []change.Fact) *batch.Batch {
	l := &a.layout
	full := batch.Batch{Schema: l.full, Rows: rows.Rows, Cols: slices.Clone(rows.Cols[:l.source])}
	full.Cols = append(full.Cols, make([]batch.Column, len(l.full)-l.source)...)
	for i := range facts {
		f := &facts[i]
		if l.start >= 0 {
			full.Cols[l.start].Int(f.Version)
			intOrNull(&full.Cols[l.end], f.End, f.End != change.NoEnd)
		}
		intOrNull(&full.Cols[l.folder], f.Folder, f.Folder != 0)
		intOrNull(&full.Cols[l.first], f.First, f.First != f.Folder)
		if l.hidden {
			intOrNull(&full.Cols[l.modified], f.Modified, f.Modified != change.NoTime)
		}
		full.Cols[l.tombst].Null(1)
	}
	return &full
}

func intOrNull(c *batch.Column, v int64, ok bool) {
	if ok {
		c.Int(v)
	} else {
		c.Null(1)
	}
}

// writeKept writes those rows of a small batch that stay.
func (a *attempt) writeKept() error {
	for _, h := range slices.Clone(a.holders) {
		if h.block == nil {
			continue
		}
		var chosen [2][]int // by isCurrent
		var facts [2][]change.Fact
		for i, stays := range h.block.stay {
			if !stays {
				continue
			}
			f := change.New(h.block.Changes[i], 0)
			f.End, f.First = h.block.ends[i], h.block.firsts[i]
			k := isCurrent(&f)
			chosen[k], facts[k] = append(chosen[k], i), append(facts[k], f)
		}
		for k := range chosen {
			if err := a.writeChosen(&h.block.Rows, chosen[k], facts[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeChosen writes some rows of a block, all of them ended or all current.
func (a *attempt) writeChosen(rows *batch.Batch, chosen []int, facts []change.Fact) error {
	if len(chosen) == 0 {
		return nil
	}
	h, err := a.holderFor(&facts[0])
	if err != nil {
		return err
	}
	if len(chosen) < rows.Rows {
		all := rows
		rows = &batch.Batch{}
		rows.Reset(all.Schema)
		rows.AppendRows(all, chosen)
	}
	a.noteRows(h.output, facts)
	return h.output.write(a.withColumns(rows, facts))
}
