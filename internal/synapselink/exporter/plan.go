package exporter

import (
	"cmp"
	"slices"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// Mix is a number of changes of one table.
type Mix struct {
	Inserts int `json:"inserts,omitempty"`
	Updates int `json:"updates,omitempty"`
	Deletes int `json:"deletes,omitempty"`
	// Rate is a share of the live rows that is changed in addition: six in ten
	// by updates, three by inserts, one by deletes; at least one change.
	Rate float64 `json:"rate,omitempty"`
}

// Changes are what happens between two folders: the Mix in every table, save
// those that Tables names.
type Changes struct {
	Mix
	Tables map[string]Mix `json:"tables,omitempty"`
}

func (c Changes) of(table string) Mix {
	if m, ok := c.Tables[table]; ok {
		return m
	}
	return c.Mix
}

// resolve turns the rate into numbers.
func (m Mix) resolve(live int64) Mix {
	if m.Rate > 0 {
		n := max(1, int(m.Rate*float64(live)))
		deletes, inserts := n/10, n*3/10
		m.Deletes += deletes
		m.Inserts += inserts
		m.Updates += n - inserts - deletes
	}
	return m
}

// op is one CSV row to be.
type op struct {
	index    int64
	version  int64
	modified int64
	rev      uint32
	year     int16 // of the file
	kind     rows.Kind
	wide     bool
	repeat   bool
}

// tablePlan is the rows of one table in one folder, in the order of writing.
type tablePlan struct {
	table *table
	ops   []op
}

// planStep decides what goes into a folder and moves the tables on.
func (s *Simulator) planStep(c Changes, folder int) []tablePlan {
	var plans []tablePlan
	for _, t := range s.tables {
		p := planner{sim: s, table: t, folder: folder}
		p.rnd.State = dice.Mix(s.seed ^ dice.Salt(t.Name) + uint64(s.step)*dice.Golden)
		p.end = s.folderTime(folder).Unix()
		p.run(c.of(t.Name).resolve(t.counts.Live))
		if len(p.ops) == 0 {
			continue
		}
		plans = append(plans, tablePlan{table: t, ops: p.arrange()})
	}
	return plans
}

// planner draws the changes of one table in one step.
type planner struct {
	sim      *Simulator
	table    *table
	rnd      dice.Source
	folder   int
	end      int64 // of the interval, seconds since 1970
	expected int64 // changes, to spread them over the interval
	ops      []op
}

func (p *planner) run(m Mix) {
	left := [3]int{m.Inserts, m.Updates, m.Deletes}
	total := m.Inserts + m.Updates + m.Deletes
	p.expected = int64(total) + 4
	for ; total > 0; total-- {
		n := int(p.rnd.Below(int64(total)))
		switch {
		case n < left[0]:
			left[0]--
			p.insert()
		case n < left[0]+left[1]:
			left[1]--
			p.update()
		default:
			left[2]--
			p.delete()
		}
	}
	if p.sim.opts.has(DeleteReinsert) {
		p.deleteReinsert()
	}
}

func (p *planner) insert() {
	t := p.table
	t.revisions()
	if n := len(t.inserted); n == 0 || t.inserted[n-1].folder != p.folder {
		t.inserted = append(t.inserted, span{first: t.total, folder: p.folder})
	}
	index := t.total
	t.total++
	t.state = append(t.state, 0)
	t.counts.Live++
	p.add(op{index: index})
}

func (p *planner) update() {
	index, ok := p.table.pick(&p.rnd, false)
	if !ok {
		return
	}
	p.upsert(index)
}

// upsert writes the row's next revision, reviving it if need be.
func (p *planner) upsert(index int64) {
	state := p.table.state
	if state[index]&deadBit != 0 {
		p.table.counts.Live++
	}
	state[index] = state[index]&^deadBit + 1
	p.add(op{index: index, rev: state[index]})
}

func (p *planner) delete() {
	index, ok := p.table.pick(&p.rnd, true)
	if !ok {
		return
	}
	k := rows.Delete
	if p.sim.opts.has(IDsOnlyDeletes) {
		k = rows.BareDelete
	}
	p.remove(index, k)
}

func (p *planner) remove(index int64, k rows.Kind) {
	t := p.table
	t.state[index] |= deadBit
	t.counts.Live--
	p.add(op{index: index, rev: t.state[index] &^ deadBit, kind: k})
}

// deleteReinsert lets one Id live again after its delete, and another end
// deleted after an update, both in this folder. File order tells neither.
func (p *planner) deleteReinsert() {
	index, ok := p.table.pick(&p.rnd, true)
	if !ok {
		return
	}
	p.remove(index, rows.Delete)
	p.upsert(index)
	if other, ok := p.table.pick(&p.rnd, true); ok && other != index {
		p.upsert(other)
		p.remove(other, rows.Delete)
	}
}

// add gives the change its version and time, both rising.
func (p *planner) add(o op) {
	s, t := p.sim, p.table
	s.version += 1 + p.rnd.Below(4)
	done := int64(len(p.ops)) + 1
	o.version = s.version
	o.modified = p.end - s.interval + min(done*s.interval/p.expected, s.interval-1)
	o.year = 1
	if o.kind == rows.Upsert {
		t.counts.Versions++
	} else {
		t.counts.Deletes++
	}
	t.counts.Rows++
	p.ops = append(p.ops, o)
}

// arrange sorts the rows into files and applies the faults that act on files.
func (p *planner) arrange() []op {
	t, s := p.table, p.sim
	for i := range p.ops {
		o := &p.ops[i]
		o.wide = s.step > 1 && s.opts.has(ColumnAddedMidFile)
		if o.kind == rows.Upsert {
			created := t.created(o.index)
			o.modified = max(o.modified, created)
			o.year = t.fileYear(created)
		}
	}
	slices.SortStableFunc(p.ops, func(a, b op) int { return cmp.Compare(a.year, b.year) })
	if s.step == 1 && s.opts.has(ColumnAddedMidFile) {
		widenTails(p.ops)
	}
	if s.opts.has(RepeatedRows) {
		p.ops = p.repeatRows()
	}
	return p.ops
}

// repeatRows writes the first row of every file and each eighth again, after
// the row that follows it; in the same width, which must not fall in a file.
func (p *planner) repeatRows() []op {
	out := make([]op, 0, len(p.ops)+len(p.ops)/8+8)
	var pending []op
	for i, o := range p.ops {
		first := i == 0 || o.year != p.ops[i-1].year
		if first || o.wide != p.ops[i-1].wide {
			out, pending = append(out, pending...), nil
		}
		out = append(out, o)
		out, pending = append(out, pending...), nil
		if first || i%8 == 0 {
			o.repeat = true
			pending = append(pending, o)
			p.table.counts.Repeats++
			p.table.counts.Rows++
		}
	}
	return append(out, pending...)
}

// widenTails gives the second half of every file's rows the new width.
func widenTails(ops []op) {
	for from := 0; from < len(ops); {
		to := from
		for to < len(ops) && ops[to].year == ops[from].year {
			to++
		}
		for i := from + (to-from)/2; i < to; i++ {
			ops[i].wide = true
		}
		from = to
	}
}
