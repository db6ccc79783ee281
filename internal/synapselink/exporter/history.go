package exporter

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

// ErrNoHistory: the question needs Options.KeepHistory.
var ErrNoHistory = errors.New("the simulator keeps no history")

// Written is one row that was written.
type Written struct {
	change.Change
	Path string // of the file, in the store
	// Cells has the texts without quotes, empty for null, in the order of
	// [Simulator.Columns]. It ends with the last column that the folder knows:
	// those behind it are null.
	Cells  []string
	Repeat bool // the same version was written before

	index int64
}

// Tables are the names of the tables, sorted.
func (s *Simulator) Tables() []string {
	var out []string
	for _, t := range s.tables {
		out = append(out, t.Name)
	}
	return out
}

// Counts says what was written of a table; zero for one that is not part of
// the export. It is always known.
func (s *Simulator) Counts(table string) Counts {
	t := s.find(table)
	if t == nil {
		return Counts{}
	}
	return t.counts
}

// History is every row of a table that was written for readers, in the order of
// writing. Rows in folders without a model.json that are in another folder as
// well, see [AbandonedFolders] and [LateFolders], are left out as long as it has
// not turned up.
func (s *Simulator) History(table string) ([]Written, error) {
	t, err := s.remembered(table)
	if err != nil || len(s.unread) == 0 {
		return slices.Clip(t.rows()), err
	}
	var out []Written
	for i := range t.history {
		if !s.unread[t.history[i].Folder] {
			out = append(out, t.history[i])
		}
	}
	return out, nil
}

// Expected is what the table must contain under SCD type 1 once all folders are
// applied, in the order in which rows were created. It comes from what the
// simulator did to its rows, not from the order rules that readers apply. A row
// that vanished without a delete marker is part of it, in its newest version:
// no reader can know better, until it is compared with the source; see
// [Simulator.AtSource].
func (s *Simulator) Expected(table string) ([]Written, error) {
	return s.newest(table, func(state uint32) bool { return state&deadBit == 0 || state&vanishedBit != 0 })
}

// AtSource is what the source has: the rows of Expected that did not vanish.
func (s *Simulator) AtSource(table string) ([]Written, error) {
	return s.newest(table, func(state uint32) bool { return state&deadBit == 0 })
}

// newest are the newest versions of the rows with such a state.
func (s *Simulator) newest(table string, has func(state uint32) bool) ([]Written, error) {
	t, err := s.remembered(table)
	if err != nil {
		return nil, err
	}
	var out []Written
	for _, index := range slices.Sorted(maps.Keys(t.latest)) {
		if t.state == nil || has(t.state[index]) {
			out = append(out, t.history[t.latest[index]])
		}
	}
	return out, nil
}

// rows is the history; nil for no table.
func (t *table) rows() []Written {
	if t == nil {
		return nil
	}
	return t.history
}

func (s *Simulator) remembered(table string) (*table, error) {
	t := s.find(table)
	switch {
	case t == nil:
		return nil, fmt.Errorf("history of %s: %w: it is not part of this export", table, ErrOptions)
	case !s.opts.KeepHistory:
		return nil, fmt.Errorf("history of %s: %w: set Options.KeepHistory", table, ErrNoHistory)
	}
	return t, nil
}

// remember keeps a row that was written at an offset of the file in hand.
func (w *tableWriter) remember(o *op, layout *rows.Layout, offset int64) {
	t := w.table
	row := Written{Path: w.path, Cells: layout.Values(o.kind, &w.row), Repeat: o.repeat, index: o.index}
	row.Key = change.Key(t.ID(o.index))
	row.Version, row.Modified = o.version, w.sink
	row.Folder, row.Offset = w.number, offset
	row.Delete = o.kind != rows.Upsert
	if o.kind == rows.BareDelete {
		row.Unversioned, row.Version, row.Modified = true, 0, change.NoTime
	}
	t.history = append(t.history, row)
	if row.Delete || o.repeat && !o.resent {
		return
	}
	if old, ok := t.latest[o.index]; !ok || t.history[old].Version <= o.version {
		t.latest[o.index] = len(t.history) - 1
	}
}

// rememberIn keeps a row at the end of a file that was written before.
func (w *tableWriter) rememberIn(o *op, offset int64) {
	w.remember(o, w.layout, offset)
	last := &w.table.history[len(w.table.history)-1]
	for i := range w.table.history {
		if h := &w.table.history[i]; h.Path == last.Path {
			last.File = h.File
			return
		}
	}
}

// rankFiles sets the rank of each row's file among the folder's.
func (w *tableWriter) rankFiles() {
	written := w.table.history[w.from:]
	var paths []string
	for i := range written {
		if len(paths) == 0 || paths[len(paths)-1] != written[i].Path {
			paths = append(paths, written[i].Path)
		}
	}
	slices.Sort(paths)
	for i := range written {
		rank, _ := slices.BinarySearch(paths, written[i].Path)
		written[i].File = int32(rank)
	}
}
