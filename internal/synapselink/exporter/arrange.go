package exporter

import (
	"cmp"
	"slices"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// otherDeletes is a partition year in which deletes were seen beside year 1.
const otherDeletes = 4

// arrange sorts the rows into files and applies the faults that act on files.
func (p *planner) arrange() []op {
	t, s := p.table, p.sim
	for i := range p.ops {
		o := &p.ops[i]
		switch {
		case o.kind == rows.Upsert:
			created := t.created(o.index)
			o.modified = max(o.modified, created)
			o.year = t.fileYear(created)
			if t.stamps != nil && !o.resent {
				t.stamps[o.index] = stamp{o.version, o.modified}
			}
		case o.kind == rows.Delete && s.opts.has(DeleteBeforeInsert) && t.Hash(o.index)%4 == 0:
			o.year = otherDeletes
		}
	}
	slices.SortStableFunc(p.ops, func(a, b op) int { return cmp.Compare(a.year, b.year) })
	if s.step == stepAddedMidFile && s.opts.has(ColumnAddedMidFile) {
		narrowHeads(p.ops)
	}
	if s.opts.has(RepeatedRows) {
		p.ops = p.repeatRows()
	}
	return p.ops
}

// repeatRows writes the first row of every file and each eighth again, after
// the row that follows it; in the same width, which must not fall in a file. One
// that shares its version with the row behind it must not come after that.
func (p *planner) repeatRows() []op {
	out := make([]op, 0, len(p.ops)+len(p.ops)/8+8)
	var pending []op
	for i, o := range p.ops {
		first := i == 0 || o.year != p.ops[i-1].year
		if first || o.narrow != p.ops[i-1].narrow {
			out, pending = append(out, pending...), nil
		}
		out = append(out, o)
		out, pending = append(out, pending...), nil
		overtaken := i+1 < len(p.ops) && p.ops[i+1].index == o.index && p.ops[i+1].version == o.version
		if (first || i%8 == 0) && !overtaken {
			o.repeat = true
			pending = append(pending, o)
			p.table.counts.Repeats++
			p.table.counts.Rows++
		}
	}
	return append(out, pending...)
}

// narrowHeads leaves the first half of every file's rows in the old width.
func narrowHeads(ops []op) {
	for from := 0; from < len(ops); {
		to := from
		for to < len(ops) && ops[to].year == ops[from].year {
			to++
		}
		for i := from; i < from+(to-from)/2; i++ {
			ops[i].narrow = true
		}
		from = to
	}
}
