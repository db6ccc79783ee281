package inspect

import (
	"context"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// badRow is a row of a key that cannot be read as the folder describes it. The
// table may leave out the column that is the matter.
func (x *explaining) badRow(e *synapselink.RowError, p work.Part) SourceRow {
	row := SourceRow{Folder: e.Folder.String(), File: e.Name, Line: e.Line, Cells: []report.Cell{}, bad: e,
		change: change.Change{Key: e.Key, Folder: e.Folder.Digits(), File: e.Rank, Offset: e.Offset}}
	if again, err := x.readAgain(e, p); err == nil && len(again) == 1 {
		row = again[0]
		row.Line = e.Line
	}
	return row
}

// readAgain reads a row with the columns that the table wants.
func (x *explaining) readAgain(e *synapselink.RowError, p work.Part) ([]SourceRow, error) {
	merged, err := synapselink.MergeSchema(nil, *p.Entity, x.Selection())
	if err != nil || e.Truncated {
		return nil, err
	}
	binding, err := synapselink.Bind(*p.Entity, merged.Schema, x.Selection())
	if err != nil {
		return nil, err
	}
	piece := binding.Piece(synapselink.RawRow{Folder: e.Folder, File: e.File, Name: e.Name, Rank: e.Rank, Line: e.Line,
		Offset: e.Offset, Least: e.Least, Raw: e.Raw}, nil)
	defer piece.Release()
	var block change.Block
	if err := piece.Decode(&block); err != nil {
		return nil, err
	}
	return rowsOfKey(&block, e.Key, p), nil
}

// addQuarantined marks the rows that are set aside, and adds those whose folder
// is gone from the export.
func (x *explaining) addQuarantined(ctx context.Context, rows []SourceRow) ([]SourceRow, error) {
	if !x.Exists() {
		return rows, nil
	}
	q, err := quarantineOf(ctx, x.Lake, x.Target, quarantine.OfID(x.key.String()), 0)
	if err != nil {
		return nil, err
	}
	var gone []SourceRow
	for i := range q.Rows {
		kept := &q.Rows[i]
		at := -1
		for n := range rows {
			if c := &rows[n].change; rows[n].Folder == kept.Folder && c.File == kept.Rank && c.Offset == kept.Offset {
				at = n
			}
		}
		if at < 0 {
			gone = append(gone, SourceRow{Folder: kept.Folder, File: kept.File, Line: kept.Line, Cells: []report.Cell{}})
			at = len(gone) - 1
			gone[at].tellQuarantined(&kept.Row)
			continue
		}
		rows[at].tellQuarantined(&kept.Row)
	}
	return append(gone, rows...), nil
}

func (r *SourceRow) tellQuarantined(kept *quarantine.Row) {
	r.Fate, r.Note = "quarantined", "is not in the table: "+kept.Reason
}

// tellBad tells what became of a row that cannot be read and is not set aside.
func (r *SourceRow) tellBad(holds func(folder int64) bool) {
	r.Fate, r.Note = "discarded", "is not in the table and not set aside any more: "+r.bad.Reason
	if !holds(r.change.Folder) {
		r.Fate, r.Note = "waiting", "its folder is not in the table yet, and it cannot be read: "+r.bad.Reason
	}
}
