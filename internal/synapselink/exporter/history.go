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
	// Columns. It is as long as the row: columns behind it are null.
	Cells  []string
	Repeat bool // the same change was written before

	index int64
}

// Columns are the table's columns as the newest manifest lists them; nil for a
// table that is not part of the export.
func (s *Simulator) Columns(table string) []Column {
	t := s.find(table)
	if t == nil {
		return nil
	}
	return s.columnsOf(t)
}

func (s *Simulator) columnsOf(t *table) []Column {
	if s.opts.has(ColumnAddedMidFile) && s.step > 0 {
		return append(slices.Clone(t.Columns), rows.AddedColumn())
	}
	return slices.Clone(t.Columns)
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

// History is every row that was written of a table, in the order of writing.
func (s *Simulator) History(table string) ([]Written, error) {
	t, err := s.remembered(table)
	if err != nil {
		return nil, err
	}
	return t.history, nil
}

// Expected is what the table must contain under SCD type 1, in the order in
// which rows were created: the newest version of each of the Counts.Live rows.
// It comes from what the simulator did to its rows, not from the order rules
// that readers apply.
func (s *Simulator) Expected(table string) ([]Written, error) {
	t, err := s.remembered(table)
	if err != nil {
		return nil, err
	}
	var out []Written
	for _, index := range slices.Sorted(maps.Keys(t.latest)) {
		if t.state == nil || t.state[index]&deadBit == 0 {
			out = append(out, t.history[t.latest[index]])
		}
	}
	return out, nil
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
func (w *tableWriter) remember(o *op, p *rows.Program, offset int64) {
	t := w.table
	row := Written{Path: w.path, Cells: p.Values(&w.row), Repeat: o.repeat, index: o.index}
	row.Key = change.Key(t.ID(o.index))
	row.Version, row.Modified = o.version, w.sink
	row.Folder, row.Offset = w.number, offset
	row.Delete = o.kind != rows.Upsert
	if o.kind == rows.BareDelete {
		row.Unversioned, row.Version, row.Modified = true, 0, change.NoTime
	}
	t.history = append(t.history, row)
	if row.Delete {
		return
	}
	if old, ok := t.latest[o.index]; !ok || t.history[old].Version < o.version {
		t.latest[o.index] = len(t.history) - 1
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
