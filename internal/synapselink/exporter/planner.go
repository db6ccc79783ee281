package exporter

import (
	"time"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// planner draws the changes of one table in one step.
type planner struct {
	sim      *Simulator
	table    *table
	rnd      dice.Source
	folder   int
	end      int64 // of the interval, seconds since 1970
	expected int64 // changes, to spread them over the interval
	again    bool  // all rows come again; what goes, goes without a delete marker
	ops      []op
}

func (p *planner) run(m Mix) {
	left := [3]int{m.Inserts, m.Updates, m.Deletes}
	total := m.Inserts + m.Updates + m.Deletes
	p.expected = int64(total) + 8
	if p.again {
		p.vanishSome()
	}
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
	p.faults()
	if p.again {
		p.table.copies = append(p.table.copies, fullCopy{p.sim.step, time.Unix(p.end, 0)})
		p.resend()
	}
}

// faults are changes in addition to those that were asked for.
func (p *planner) faults() {
	o := &p.sim.opts
	if o.has(DeleteReinsert) && !p.again {
		p.deleteReinsert()
	}
	if o.has(DeleteBeforeInsert) && !p.again {
		p.insert()
		p.remove(p.table.total-1, rows.Delete)
	}
	if o.has(RepeatedVersions) {
		p.repeatVersion()
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
	if index, ok := p.table.pick(&p.rnd, false); ok {
		p.upsert(index)
	}
}

// upsert writes the row's next revision, reviving it if need be.
func (p *planner) upsert(index int64) {
	state := p.table.state
	if state[index]&deadBit != 0 {
		p.table.counts.Live++
	}
	state[index] = state[index]&revisionBits + 1
	p.add(op{index: index, rev: state[index]})
}

func (p *planner) delete() {
	index, ok := p.table.pick(&p.rnd, true)
	switch {
	case !ok:
	case p.again:
		p.vanish(index)
	case p.sim.opts.has(IDsOnlyDeletes):
		p.remove(index, rows.BareDelete)
	default:
		p.remove(index, rows.Delete)
	}
}

func (p *planner) remove(index int64, k rows.Kind) {
	t := p.table
	t.state[index] |= deadBit
	t.counts.Live--
	p.add(op{index: index, rev: t.state[index] & revisionBits, kind: k})
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

// repeatVersion writes a row twice with one versionnumber. Which is the last
// only their positions tell: they lie in the same file.
func (p *planner) repeatVersion() {
	index, ok := p.table.pick(&p.rnd, false)
	if !ok {
		return
	}
	p.upsert(index)
	version := p.sim.version
	p.upsert(index)
	p.ops[len(p.ops)-1].version = version
}

// vanishSome takes away one row of sixteen, at least one of several.
func (p *planner) vanishSome() {
	n := p.table.counts.Live / 16
	if n == 0 && p.table.counts.Live > 1 {
		n = 1
	}
	for range n {
		if index, ok := p.table.pick(&p.rnd, true); ok {
			p.vanish(index)
		}
	}
}

// vanish deletes a row of which nobody is told.
func (p *planner) vanish(index int64) {
	t := p.table
	t.state[index] |= deadBit | vanishedBit
	t.counts.Live--
	t.counts.Vanished++
}

// resend writes all other rows as they are.
func (p *planner) resend() {
	t := p.table
	done := map[int64]bool{}
	for i := range p.ops {
		done[p.ops[i].index] = true
	}
	for i, state := range t.revisions() {
		index := int64(i)
		if state&deadBit != 0 || done[index] {
			continue
		}
		o := op{index: index, rev: state, repeat: true, resent: true}
		at := t.stampOf(index)
		o.version, o.modified = at.version, at.modified
		t.counts.Repeats++
		t.counts.Rows++
		p.ops = append(p.ops, o)
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
