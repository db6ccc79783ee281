package interop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	files "github.com/sluicedata/sluice/internal/storage/local"
)

// way is one of the ways in which a table of the source can be kept.
type way struct {
	scd     change.Type
	vectors bool
}

var everyWay = []way{{change.Type1, true}, {change.Type1, false}, {change.Type2, true}, {change.Type2, false}}

func (w way) String() string {
	kept := "copied"
	if w.vectors {
		kept = "vectors"
	}
	return fmt.Sprintf("scd%d_%s", w.scd, kept)
}

func (w way) settings() spec.Settings {
	s := spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns}
	if w.scd == change.Type2 {
		s.SCDType = spec.SCDType2
	}
	if !w.vectors {
		s.TableProperties = map[string]string{spec.DeletionVectorsProperty: "false"}
	}
	return s
}

// lake is an export and the tables that follow it, in folders on disk.
type lake struct {
	source, store *files.Store
	folder        string // of the tables
	tables        []spec.Table
}

func newLake(t *testing.T) *lake {
	t.Helper()
	return newLakeOf(t, t.TempDir())
}

// newLakeOf follows an export that is there already.
func newLakeOf(t *testing.T, export string) *lake {
	t.Helper()
	l := &lake{folder: t.TempDir()}
	var err error
	l.source, err = files.New(export)
	need(t, err)
	l.store, err = files.New(l.folder)
	need(t, err)
	return l
}

// follow keeps a table of the source in one more way.
func (l *lake) follow(table string, w way) {
	l.tables = append(l.tables, spec.Table{SourceTable: table, Settings: w.settings(),
		Destination: spec.Destination{Catalog: "main", Schema: "crm", Table: destination(table, w)}})
}

func destination(table string, w way) string { return table + "_" + w.String() }

// path is the folder of a table.
func (l *lake) path(table string, w way) string {
	return filepath.Join(l.folder, "main", "crm", destination(table, w))
}

// appID names a table's cursor.
func appID(table string, w way) string { return "sluice:prod:main.crm." + destination(table, w) }

// tryRun brings the tables up to date. Data files are small, so that there are
// several for engines to skip. The time stands still, but for the tables'
// purposes it has passed: what is removed may be deleted at once.
func (l *lake) tryRun() report.Result {
	r := work.Pipeline{
		Config: spec.Pipeline{Key: "prod", Name: "prod", Source: spec.Source{AbandonAfter: time.Hour}, Tables: l.tables},
		Source: l.source, Lake: l.store,
		Options: work.Options{
			Memory: 64 << 20, Workers: 2, FileBytes: 16 << 10, NewID: func() string { return "update" },
			Clock: func() time.Time { return time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC) },
		},
	}
	return pipeline.Run(context.Background(), &r, work.Request{})
}

// run brings the tables up to date, all of them.
func (l *lake) run(t *testing.T) report.Result {
	t.Helper()
	result := l.tryRun()
	if result.State != report.Completed && result.State != report.CompletedWithWarnings {
		text, err := json.MarshalIndent(result, "", " ")
		need(t, err)
		t.Fatalf("the tables were not brought up to date: %s", text)
	}
	return result
}

func put(t *testing.T, store storage.Store, path string, data []byte) {
	t.Helper()
	w, err := store.Write(context.Background(), path)
	need(t, err)
	_, err = w.Write(data)
	need(t, err)
	need(t, w.Close())
}

// copyTable makes a table of its own of a table as it is now. Engines that keep
// what they know of a table's log in memory know nothing of it.
func copyTable(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(from))
	need(t, os.CopyFS(to, os.DirFS(from)))
	return to
}

// forgetCommits deletes the commits up to the newest checkpoint, as the end of
// their retention does, and returns its version.
func forgetCommits(t *testing.T, path string) int64 {
	t.Helper()
	log := filepath.Join(path, "_delta_log")
	checkpoints, err := filepath.Glob(filepath.Join(log, "*.checkpoint.parquet"))
	need(t, err)
	if len(checkpoints) == 0 {
		t.Fatalf("%s has no checkpoint", path)
	}
	name, _, _ := strings.Cut(filepath.Base(checkpoints[len(checkpoints)-1]), ".")
	newest, err := strconv.ParseInt(name, 10, 64)
	need(t, err)
	for v := range newest + 1 {
		need(t, os.Remove(filepath.Join(log, fmt.Sprintf("%020d.json", v))))
	}
	return newest
}
