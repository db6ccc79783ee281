package inspect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Explanation is every source row of a key and what became of it, and the rows
// that the table has of it.
type Explanation struct {
	Table   string          `json:"table"`
	Path    string          `json:"path"`
	Key     string          `json:"key"`
	SCDType string          `json:"scd_type"`
	Cursor  string          `json:"cursor"`
	Sources []SourceRow     `json:"source_rows"`
	Rows    [][]report.Cell `json:"table_rows"`
	Folders work.Extent     `json:"folders"`
}

// SourceRow is one row of a CSV file.
type SourceRow struct {
	Folder string `json:"folder"`
	File   string `json:"file"`
	Line   int64  `json:"line"` // physical, from 1
	// Version is null for a delete without versionnumber.
	Version *int64 `json:"version"`
	Delete  bool   `json:"delete"`
	// Fate: current, version, deleted, superseded, waiting, quarantined,
	// discarded.
	Fate string `json:"fate"`
	// Note says it in words.
	Note  string        `json:"note"`
	Cells []report.Cell `json:"cells"`

	change change.Change
	path   string
	bad    *synapselink.RowError // why it cannot be read
}

// explaining is one key of a table being explained.
type explaining struct {
	*work.Survey
	*work.Target

	key change.Key
}

// ErrBadKey: what was given is no Id.
var ErrBadKey = errors.New("the key is not a GUID of 36 characters, as the column Id holds it")

// Explain tells where the rows of a key come from. It reads all folders that
// are left of the table.
func Explain(ctx context.Context, p *work.Pipeline, table, key string) (*Explanation, error) {
	id, ok := change.ParseKey(bytes.TrimSpace([]byte(key)))
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrBadKey, key)
	}
	survey := p.Survey(work.Request{Tables: []string{table}, FullRefresh: true})
	t, err := survey.PrepareOne(ctx, table)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Table: t.Name(), Path: survey.Lake.URL(t.Path()), Key: id.String(),
		SCDType: string(t.Spec.Settings.SCDType), Sources: []SourceRow{}, Rows: [][]report.Cell{}}
	cursor := t.Cursor()
	if !cursor.IsZero() {
		e.Cursor = cursor.String()
	}
	e.Folders = work.ExtentOf(t.Parts)
	x := &explaining{Survey: survey, Target: t, key: id}
	if e.Sources, err = x.sourceRows(ctx); err != nil {
		return nil, err
	}
	if e.Sources, err = x.addQuarantined(ctx, e.Sources); err != nil {
		return nil, err
	}
	tell(e.Sources, t.SCDType(), x.holds())
	if t.Exists() {
		schema, err := t.Schema()
		if err != nil {
			return nil, err
		}
		err = survey.Engine(1).Lookup(ctx, t.Snapshot, t.Path(), work.ColumnsIn(schema).Key, id, func(rows *batch.Batch) error {
			e.Rows = append(e.Rows, report.ShownCells(rows)...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(e.Rows, compareStart)
	}
	return e, nil
}

// compareStart orders the versions of an SCD type 2 table.
func compareStart(a, b []report.Cell) int {
	start := func(row []report.Cell) string {
		for _, c := range row {
			if c.Column == "__START_AT" && c.Value != nil {
				return fmt.Sprintf("%020s", *c.Value)
			}
		}
		return ""
	}
	return cmp.Compare(start(a), start(b))
}

// sourceRows finds the rows of a key in all files of the table.
func (x *explaining) sourceRows(ctx context.Context) ([]SourceRow, error) {
	rows := []SourceRow{}
	for _, p := range x.Parts {
		if p.Err != nil {
			return nil, p.Err
		}
		found, err := x.partRows(ctx, p)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, x.findLines(ctx, rows)
}

// partRows reads the files of one folder in the columns that it has itself.
func (x *explaining) partRows(ctx context.Context, p work.Part) ([]SourceRow, error) {
	merged, err := synapselink.MergeSchema(nil, *p.Entity, synapselink.Selection{})
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var rows []SourceRow
	opts := x.Options.Reading()
	opts.BadRow = func(e *synapselink.RowError) bool {
		if e.Keyed && e.Key == x.key {
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, x.badRow(e, p))
		}
		return true
	}
	source, err := synapselink.NewSource(ctx, x.Env.Export,
		[]synapselink.FolderPart{{Folder: p.Folder, Entity: *p.Entity, Files: p.Files}}, merged.Schema,
		synapselink.Selection{}, opts)
	if err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(x.Options.Workers)
	for {
		piece, err := source.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(group.Wait(), err, source.Close())
		}
		group.Go(func() error {
			defer piece.Release()
			var block change.Block
			if err := piece.Decode(&block); err != nil {
				return err
			}
			found := rowsOfKey(&block, x.key, p)
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, found...)
			return nil
		})
	}
	err = errors.Join(group.Wait(), source.Close())
	slices.SortFunc(rows, func(a, b SourceRow) int {
		return cmp.Or(cmp.Compare(a.change.File, b.change.File), cmp.Compare(a.change.Offset, b.change.Offset))
	})
	return rows, err
}

func rowsOfKey(block *change.Block, key change.Key, p work.Part) []SourceRow {
	var at []int
	for i := range block.Changes {
		if block.Changes[i].Key == key {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil
	}
	var some batch.Batch
	some.Reset(block.Rows.Schema)
	some.AppendRows(&block.Rows, at)
	cells := report.ShownCells(&some)
	rows := make([]SourceRow, len(at))
	for n, i := range at {
		c := block.Changes[i]
		rows[n] = SourceRow{Folder: p.Folder.String(), Delete: c.Delete, Cells: cells[n], change: c}
		if !c.Unversioned {
			rows[n].Version = &c.Version
		}
		for _, f := range p.Files {
			if f.Rank == c.File {
				rows[n].File, rows[n].path = f.Name, f.Path
			}
		}
	}
	return rows
}

// findLines turns places in files into lines.
func (x *explaining) findLines(ctx context.Context, rows []SourceRow) error {
	for i := range rows {
		r := &rows[i]
		if r.Line > 0 {
			continue
		}
		body, err := x.Source.ReadRange(ctx, r.path, storage.Range{Length: r.change.Offset})
		if err != nil {
			return err
		}
		r.Line = 1
		buf := make([]byte, 256<<10)
		for {
			n, err := body.Read(buf)
			r.Line += int64(bytes.Count(buf[:n], []byte{'\n'}))
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(err, body.Close())
			}
		}
		if err := body.Close(); err != nil {
			return err
		}
	}
	return nil
}

// holds tells which folders the table has been given: those up to its cursor,
// without those that it passed over.
func (x *explaining) holds() func(folder int64) bool {
	cursor, skipped := x.Cursor(), x.Skipped()
	return func(folder int64) bool {
		return folder <= cursor.Digits() && !slices.ContainsFunc(skipped, func(f synapselink.FolderName) bool { return f.Digits() == folder })
	}
}

// tell says of each row what became of it.
func tell(rows []SourceRow, t change.Type, holds func(folder int64) bool) {
	var applied []int
	var changes []change.Change
	for i := range rows {
		if rows[i].Fate != "" {
			continue
		}
		if rows[i].bad != nil {
			rows[i].tellBad(holds)
			continue
		}
		if holds(rows[i].change.Folder) {
			applied = append(applied, i)
			changes = append(changes, rows[i].change)
			continue
		}
		rows[i].Fate, rows[i].Note = "waiting", "its folder is not in the table yet; sluice run brings it"
	}
	if len(changes) == 0 {
		return
	}
	for n, fate := range change.Explain(t, changes) {
		r := &rows[applied[n]]
		by := ""
		if fate.By >= 0 {
			by = " by " + rows[applied[fate.By]].label()
		}
		r.Fate, r.Note = r.fate(t, fate, by)
	}
}

// label names a row among those of its key.
func (r *SourceRow) label() string {
	what := "a delete"
	if r.Version != nil {
		what = fmt.Sprintf("version %d", *r.Version)
		if r.Delete {
			what = "the delete of " + what
		}
	}
	return fmt.Sprintf("%s (%s/%s line %d)", what, r.Folder, r.File, r.Line)
}

func (r *SourceRow) fate(t change.Type, f change.Fate, by string) (fate, note string) {
	switch {
	case f.Effect == change.Deleted && t == change.Type2:
		return "deleted", fmt.Sprintf("closed the row before it at %d", f.Start)
	case f.Effect == change.Deleted:
		return "deleted", "removed the row"
	case f.Effect == change.Superseded && r.Delete:
		return "superseded", "deleted nothing" + superseded(by)
	case f.Effect == change.Superseded:
		return "superseded", "is not in the table" + superseded(by)
	case t == change.Type2 && f.End != change.NoEnd:
		return "version", fmt.Sprintf("row of the time [%d, %d)", f.Start, f.End)
	case t == change.Type2:
		return "current", fmt.Sprintf("current row, since %d", f.Start)
	default:
		return "current", "the row in the table"
	}
}

func superseded(by string) string {
	if by == "" {
		return ""
	}
	return ": superseded" + by
}
