package pipeline

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
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Explanation is every source row of a key and what became of it, and the rows
// that the table has of it.
type Explanation struct {
	Table   string       `json:"table"`
	Path    string       `json:"path"`
	Key     string       `json:"key"`
	SCDType string       `json:"scd_type"`
	Cursor  string       `json:"cursor"`
	Sources []SourceRow  `json:"source_rows"`
	Rows    [][]Cell     `json:"table_rows"`
	Folders FolderExtent `json:"folders"`
}

// FolderExtent is how far back the export still reaches: rows of folders before
// that cannot be shown.
type FolderExtent struct {
	Searched int    `json:"searched"`
	Oldest   string `json:"oldest"`
	Newest   string `json:"newest"`
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
	Note  string `json:"note"`
	Cells []Cell `json:"cells"`

	change change.Change
	path   string
	bad    *synapselink.RowError // why it cannot be read
}

// Cell is a named value as text; null where there is none. Of a text of more than
// 1 MiB it is the beginning: then Bytes is how long the whole is, in UTF-8, and
// SHA256 its hash.
type Cell struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
	Bytes  int64   `json:"bytes,omitempty"`
	SHA256 string  `json:"sha256,omitempty"`
}

// Same reports whether both hold the same value.
func (c Cell) Same(o Cell) bool {
	if c.Value == nil || o.Value == nil {
		return c.Value == o.Value
	}
	return *c.Value == *o.Value && c.SHA256 == o.SHA256
}

// ErrBadKey: what was given is no Id.
var ErrBadKey = errors.New("the key is not a GUID of 36 characters, as the column Id holds it")

// Explain tells where the rows of a key come from. It reads all folders that
// are left of the table.
func (r *Runner) Explain(ctx context.Context, table, key string) (*Explanation, error) {
	id, ok := change.ParseKey(bytes.TrimSpace([]byte(key)))
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrBadKey, key)
	}
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: Request{Tables: []string{table}, FullRefresh: true}}
	targets, err := u.prepare(ctx)
	if err != nil {
		return nil, err
	}
	t, err := single(targets, table)
	if err != nil {
		return nil, err
	}
	if t.err != nil {
		return nil, t.err
	}
	e := &Explanation{Table: t.name(), Path: u.Lake.URL(t.path()), Key: id.String(),
		SCDType: string(t.spec.Settings.SCDType), Sources: []SourceRow{}, Rows: [][]Cell{}}
	cursor := u.cursor(t)
	if !cursor.IsZero() {
		e.Cursor = cursor.String()
	}
	if n := len(t.parts); n > 0 {
		e.Folders = FolderExtent{Searched: n, Oldest: t.parts[0].folder.String(), Newest: t.parts[n-1].folder.String()}
	}
	if e.Sources, err = u.sourceRows(ctx, t, id); err != nil {
		return nil, err
	}
	if e.Sources, err = u.addQuarantined(ctx, t, id, e.Sources); err != nil {
		return nil, err
	}
	tell(e.Sources, t.scdType(), u.holds(t))
	if t.exists() {
		schema, err := t.schema()
		if err != nil {
			return nil, err
		}
		err = u.engine(1).Lookup(ctx, t.snapshot, t.path(), columnsIn(schema).Key, id, func(rows *batch.Batch) error {
			e.Rows = append(e.Rows, shownCells(rows)...)
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
func compareStart(a, b []Cell) int {
	start := func(row []Cell) string {
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
func (u *update) sourceRows(ctx context.Context, t *target, key change.Key) ([]SourceRow, error) {
	rows := []SourceRow{}
	for _, p := range t.parts {
		if p.err != nil {
			return nil, p.err
		}
		found, err := u.partRows(ctx, t, p, key)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, u.findLines(ctx, rows)
}

// partRows reads the files of one folder in the columns that it has itself.
func (u *update) partRows(ctx context.Context, t *target, p part, key change.Key) ([]SourceRow, error) {
	merged, err := synapselink.MergeSchema(nil, *p.entity, synapselink.Selection{})
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var rows []SourceRow
	opts := u.opts.source()
	opts.BadRow = func(e *synapselink.RowError) bool {
		if e.Keyed && e.Key == key {
			mu.Lock()
			defer mu.Unlock()
			rows = append(rows, t.badRow(e, p))
		}
		return true
	}
	source, err := synapselink.NewSource(ctx, t.env.export,
		[]synapselink.FolderPart{{Folder: p.folder, Entity: *p.entity, Files: p.files}}, merged.Schema,
		synapselink.Selection{}, opts)
	if err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(u.opts.Workers)
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
			found := rowsOfKey(&block, key, p)
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

func rowsOfKey(block *change.Block, key change.Key, p part) []SourceRow {
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
	cells := shownCells(&some)
	rows := make([]SourceRow, len(at))
	for n, i := range at {
		c := block.Changes[i]
		rows[n] = SourceRow{Folder: p.folder.String(), Delete: c.Delete, Cells: cells[n], change: c}
		if !c.Unversioned {
			rows[n].Version = &c.Version
		}
		for _, f := range p.files {
			if f.Rank == c.File {
				rows[n].File, rows[n].path = f.Name, f.Path
			}
		}
	}
	return rows
}

// findLines turns places in files into lines.
func (u *update) findLines(ctx context.Context, rows []SourceRow) error {
	for i := range rows {
		r := &rows[i]
		if r.Line > 0 {
			continue
		}
		body, err := u.Source.ReadRange(ctx, r.path, storage.Range{Length: r.change.Offset})
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
func (u *update) holds(t *target) func(folder int64) bool {
	cursor, skipped := u.cursor(t), u.skipped(t)
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
