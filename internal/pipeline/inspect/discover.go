package inspect

import (
	"context"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Discovery is what an environment's export holds.
type Discovery struct {
	report.Source
	// Folders that can be read.
	Folders int             `json:"folders"`
	Tables  []Available     `json:"tables"`
	Error   *report.Failure `json:"error"`
}

// Available is one table of an export.
type Available struct {
	SourceTable string          `json:"source_table"`
	Columns     []report.Column `json:"columns"`
	Folders     int             `json:"folders"` // that have rows of it
	Files       int             `json:"files"`
	Bytes       int64           `json:"bytes"`
	// Rows of all its files, changes and deletes among them; null where
	// counting would mean to read much.
	Rows             *int64 `json:"rows"`
	InitialSyncState string `json:"initial_sync_state"`
	// Problem says why the table cannot be ingested, empty if it can.
	Problem string `json:"problem,omitempty"`
}

// countedBytes of a table are read for the number of its rows.
const countedBytes = 16 << 20

// Discover lists the tables of each environment of a connection. No pipeline is
// needed.
func Discover(ctx context.Context, source spec.Source, store storage.Store) ([]Discovery, error) {
	survey := (&work.Pipeline{Config: spec.Pipeline{Source: source}, Source: store}).Survey(work.Request{})
	found, err := synapselink.FindEnvironments(ctx, store)
	if err != nil {
		return nil, err
	}
	if len(found.Whole) == 0 {
		if err := (&synapselink.Export{Store: store}).Open(ctx); err != nil {
			return nil, err
		}
	}
	var list []Discovery
	for _, root := range found.Whole {
		env := &work.Environment{Name: root, Export: &synapselink.Export{Store: store, Root: root}}
		d, err := discover(ctx, survey, env)
		if err != nil {
			d.Error = report.NewFailure(err)
		}
		list = append(list, d)
	}
	return list, nil
}

func discover(ctx context.Context, survey *work.Survey, e *work.Environment) (Discovery, error) {
	d := Discovery{Source: survey.Describe(e), Tables: []Available{}}
	if err := e.Export.Open(ctx); err != nil {
		return d, err
	}
	if err := e.List(ctx, synapselink.FolderName{}); err != nil {
		return d, err
	}
	d.Source = survey.Describe(e)
	newest, err := e.Manifest(ctx)
	if err != nil {
		return d, err
	}
	root, err := e.Export.RootManifest(ctx)
	if err != nil {
		return d, err
	}
	tables := map[string]*Available{}
	for _, m := range []*synapselink.Manifest{newest, root} {
		for _, entity := range m.Entities {
			name := strings.ToLower(entity.Name)
			if tables[name] == nil {
				tables[name] = available(entity)
			}
		}
	}
	files := map[string][]synapselink.File{}
	for _, name := range e.Listing.Ready() {
		d.Folders++
		if err := countFolder(ctx, e, name, tables, files); err != nil {
			return d, err
		}
	}
	for name, t := range tables {
		if t.Bytes <= countedBytes {
			rows, err := e.Export.CountRows(ctx, files[name])
			if err != nil {
				t.Problem = err.Error()
			} else {
				t.Rows = &rows
			}
		}
		d.Tables = append(d.Tables, *t)
	}
	slices.SortFunc(d.Tables, func(a, b Available) int { return strings.Compare(a.SourceTable, b.SourceTable) })
	return d, nil
}

func available(entity synapselink.Entity) *Available {
	t := &Available{SourceTable: entity.Name, InitialSyncState: entity.InitialSyncState, Columns: []report.Column{}}
	merged, err := synapselink.MergeSchema(nil, entity, synapselink.Selection{})
	if err != nil {
		t.Problem = err.Error()
	}
	t.Columns = append(t.Columns, report.ColumnsOf(merged.Schema)...)
	return t
}

func countFolder(ctx context.Context, e *work.Environment, folder synapselink.FolderName, tables map[string]*Available, files map[string][]synapselink.File) error {
	found, err := e.Export.FolderTables(ctx, folder)
	if err != nil {
		return err
	}
	for table, list := range found.Tables {
		name := strings.ToLower(table)
		t := tables[name]
		if t == nil {
			t = &Available{SourceTable: table, Columns: []report.Column{}, Problem: "the newest manifest does not describe it"}
			tables[name] = t
		}
		t.Folders++
		t.Files += len(list)
		for _, f := range list {
			t.Bytes += f.Size
		}
		files[name] = append(files[name], list...)
	}
	return nil
}
