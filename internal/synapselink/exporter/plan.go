package exporter

import (
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

func (m Mix) any() bool { return m != Mix{} }

// op is one CSV row to be.
type op struct {
	index    int64
	version  int64
	modified int64
	rev      uint32
	year     int16 // of the file
	kind     rows.Kind
	narrow   bool // in the layout of the step before
	repeat   bool // written before
	resent   bool // not changed, but exported again
}

// tablePlan is the rows of one table in one folder, in the order of writing.
type tablePlan struct {
	table *table
	ops   []op
}

// planStep decides what goes into a folder and moves the tables on.
func (s *Simulator) planStep(c Changes, folder int) []tablePlan {
	var plans []tablePlan
	for _, t := range s.activeTables(c) {
		p := planner{sim: s, table: t, folder: folder, again: s.comesAgain(t)}
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

// comesAgain: the step holds all rows of the table once more.
func (s *Simulator) comesAgain(t *table) bool {
	const reinitialised = 4
	return t.again && (s.step == reinitialised && s.opts.has(Reinitialised) || s.step == stepReadded && s.opts.has(TableReadded))
}

// activeTables are those that can have changes in the step. With idle-tables it
// is every other one, unless the changes are for none of them.
func (s *Simulator) activeTables(c Changes) []*table {
	if !s.opts.has(IdleTables) || len(s.tables) == 1 {
		return s.tables
	}
	var half [2][]*table
	var changes [2]bool
	for i, t := range s.tables {
		n := (i + s.step) % 2
		if s.comesAgain(t) {
			n = 0
		}
		half[n] = append(half[n], t)
		changes[n] = changes[n] || c.of(t.Name).any() || s.comesAgain(t)
	}
	if !changes[0] {
		return half[1]
	}
	return half[0]
}
