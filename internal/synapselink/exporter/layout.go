package exporter

import (
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// The steps from which on columns are not what they were:
//
//	step                      1        2        3           4
//	column-added-mid-file     added
//	column-added-everywhere            added
//	column-emptied                     empty    empty       filled
//	column-readded                     gone     at the end
//	type-changed                       changed
//	table-readded                               all in another order
//
// Behind lastLayout nothing changes any more.
const (
	stepAddedMidFile = 1
	stepAdded        = 2
	stepGone         = 2
	stepTypes        = 2
	stepReadded      = 3
	stepFilled       = 4
	lastLayout       = 4
)

// layout is how rows of the table are written in a step.
func (s *Simulator) layout(t *table, step int) *rows.Layout {
	step = min(step, lastLayout)
	if t.layouts[step] == nil {
		t.layouts[step] = t.Layout(s.places(t, step))
	}
	return t.layouts[step]
}

func (s *Simulator) places(t *table, step int) []rows.Place {
	var out []rows.Place
	for i := range t.Own {
		out = append(out, rows.Place{Column: i})
	}
	spare := t.Spare()
	if len(spare) > 1 && s.opts.has(ColumnEmptied) && step >= stepGone && step < stepFilled {
		out[spare[0]].Empty = true
	}
	for i := range s.addedBy(step) {
		out = append(out, rows.Place{Column: t.Own + i})
	}
	if len(spare) > 0 && s.opts.has(ColumnReadded) && t.initial > 0 && step >= stepGone {
		moved := spare[len(spare)-1]
		out = slices.DeleteFunc(out, func(p rows.Place) bool { return p.Column == moved })
		if step >= stepReadded {
			out = append(out, rows.Place{Column: moved})
		}
	}
	if s.readds(t) && step >= stepReadded {
		s.reorder(t, out)
	}
	return out
}

// addedBy is how many columns every table has got by a step.
func (s *Simulator) addedBy(step int) int {
	n := 0
	if s.opts.has(ColumnAddedMidFile) && step >= stepAddedMidFile {
		n++
	}
	if s.opts.has(ColumnAddedEverywhere) && step >= stepAdded {
		n++
	}
	return n
}

// reorder is what a table looks like that was added anew: Id and the sink's
// columns first, IsDelete at the end, the others as it happens.
func (s *Simulator) reorder(t *table, places []rows.Place) {
	const first = 3
	rnd := dice.Source{State: dice.Mix(s.seed ^ dice.Salt(t.Name+" again"))}
	for i := len(places) - 1; i > first; i-- {
		j := first + int(rnd.Below(int64(i-first+1)))
		places[i], places[j] = places[j], places[i]
	}
	at := slices.IndexFunc(places, func(p rows.Place) bool { return t.Table.Columns[p.Column].Name == "IsDelete" })
	places[at], places[len(places)-1] = places[len(places)-1], places[at]
}

// readds: the table is removed and added again. A table without an initial copy
// is left alone: readers would know it by its later columns only.
func (s *Simulator) readds(t *table) bool { return s.opts.has(TableReadded) && t.again }

// column is what the manifest of a step says of a column.
func (s *Simulator) column(t *table, at, step int) rows.Column {
	c := t.Table.Columns[at]
	if c.DataType == "dateTime" && s.opts.has(TypeChanged) && step >= stepTypes && !strings.HasPrefix(c.Name, "Sink") {
		c.DataType = "dateTimeOffset"
	}
	return c
}

// Columns are all columns that the table has had so far, in the order in which
// they first appeared, with their newest types; nil for a table that is not part
// of the export. Those of a folder are in its model.json and may come in another
// order.
func (s *Simulator) Columns(table string) []Column {
	t := s.find(table)
	if t == nil {
		return nil
	}
	var out []Column
	for i := range t.Own + s.addedBy(s.step) {
		out = append(out, s.column(t, i, s.step))
	}
	return out
}
