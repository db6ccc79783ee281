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
	if a.rest != nil {
		if err := a.rest.output.close(); err != nil {
			return err
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

// restHolder opens the file for rows that cannot be written as they come.
func (a *attempt) restHolder() (*holder, error) {
	if a.rest == nil {
		_, i, err := a.newOutput(a.layout.full)
		if err != nil {
			return nil, err
		}
		a.rest = a.holders[i]
	}
	return a.rest, nil
}

// writeRewrites copies rows of data files with the End and First that they have
// now.
func (a *attempt) writeRewrites() error {
	list := a.rewrites
	if len(list) == 0 {
		return nil
	}
	rest, err := a.restHolder()
	if err != nil {
		return err
	}
	a.rewritten += int64(len(list))
	slices.SortFunc(list, func(x, y change.Fact) int { return cmp.Compare(x.Ref, y.Ref) })
	refs := make([]uint64, len(list))
	for i := range list {
		refs[i] = list[i].Ref
	}
	for len(list) > 0 {
		n := 1
		for n < len(list) && holderOf(refs[n]) == holderOf(refs[0]) {
			n++
		}
		facts := list[:n]
		err := a.fetch(refs[:n], a.layout.full[:a.layout.source], func(refs []uint64, rows *batch.Batch) error {
			chunk := facts[:len(refs)]
			facts = facts[len(refs):]
			if err := a.checkKeys(chunk, rows); err != nil {
				return err
			}
			a.noteRows(rest.output, chunk)
			return rest.output.write(a.withColumns(rows, chunk))
		})
		if err != nil {
			return err
		}
		list, refs = list[n:], refs[n:]
	}
	a.rewrites = a.rewrites[:0]
	return nil
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
	var out *output
	if a.rest != nil {
		out = a.rest.output
	}
	var rows batch.Batch
	var chosen []int
	for _, h := range slices.Clone(a.holders) {
		b := h.block
		if b == nil {
			continue
		}
		chosen = chosen[:0]
		facts := make([]change.Fact, 0, len(b.stay))
		for i, stays := range b.stay {
			if stays {
				chosen = append(chosen, i)
				f := change.New(b.Changes[i], 0)
				f.End, f.First = b.ends[i], b.firsts[i]
				facts = append(facts, f)
			}
		}
		if len(chosen) == 0 {
			continue
		}
		if out == nil || out.full() {
			if out != nil {
				if err := out.close(); err != nil {
					return err
				}
			}
			var err error
			if out, _, err = a.newOutput(a.layout.full); err != nil {
				return err
			}
		}
		source := &b.Rows
		if len(chosen) < b.Rows.Rows {
			rows.Reset(b.Rows.Schema)
			rows.AppendRows(&b.Rows, chosen)
			source = &rows
		}
		a.noteRows(out, facts)
		if err := out.write(a.withColumns(source, facts)); err != nil {
			return err
		}
	}
	if out != nil {
		return out.close()
	}
	return nil
}
