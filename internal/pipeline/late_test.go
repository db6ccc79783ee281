package pipeline_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// written is an export of one table, made file by file.
type written struct {
	t            *testing.T
	source, lake *mem.Store
	memo         *mem.Store
	runner       *work.Pipeline
	now          time.Time
}

const oneTable = `{"name":"cdm","entities":[{"name":"account","attributes":[{"name":"Id","dataType":"guid"},` +
	`{"name":"name","dataType":"string"},{"name":"versionnumber","dataType":"int64"},{"name":"IsDelete","dataType":"boolean"}]}]}`

func newWritten(t *testing.T) *written {
	t.Helper()
	w := &written{t: t, now: time.Date(2024, 1, 10, 3, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.source, w.lake, w.memo = mem.New(clock), mem.New(clock), mem.New(clock)
	w.put("model.json", oneTable)
	w.runner = &work.Pipeline{Source: w.source, Lake: w.lake, Options: work.Options{Clock: clock, Memo: w.memo, Workers: 2},
		Config: spec.Pipeline{Key: "p", Name: "p", Source: spec.Source{AbandonAfter: time.Hour}, Tables: []spec.Table{{
			SourceTable: "account", Destination: spec.Destination{Catalog: "main", Schema: "crm", Table: "account"},
			Settings: spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns, MaxBadRows: 5}}}}}
	return w
}

func (w *written) put(path, text string) {
	w.t.Helper()
	file, err := w.source.Write(context.Background(), path)
	must(w.t, err)
	_, err = io.WriteString(file, text)
	must(w.t, err)
	must(w.t, file.Close())
}

// rows writes a folder's file: a letter stands for an Id, the rest are cells.
func (w *written) rows(folder string, lines ...string) {
	w.t.Helper()
	var text strings.Builder
	for _, line := range lines {
		id, cells, _ := strings.Cut(line, ",")
		text.WriteString(expandID(id) + "," + cells + ",\n")
	}
	w.put(folder+"/account/2024.csv", text.String())
}

func (w *written) run(q work.Request) report.TableResult {
	w.t.Helper()
	result := pipeline.Run(context.Background(), w.runner, q)
	if len(result.Tables) != 1 {
		w.t.Fatalf("%s: %v", result.State, result.Error)
	}
	return result.Tables[0]
}

// flicker does something after the first read of a file.
type flicker struct {
	storage.Store

	path string
	once sync.Once
	do   func()
}

func (f *flicker) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	body, err := f.Store.ReadRange(ctx, path, r)
	if path == f.path {
		f.once.Do(f.do)
	}
	return body, err
}

// A skipped folder that seems to be there and then is not stays skipped: it is
// applied by the run that can read it.
func TestLateFolderThatTurnsBack(t *testing.T) {
	w := newWritten(t)
	const late = "2024-01-10T00.00.00Z/model.json"
	w.put("Changelog/changelog.info", "2024-01-10T00.10.00Z")
	w.rows("2024-01-10T00.00.00Z", `A,"Ann",1`)
	w.rows("2024-01-10T00.05.00Z", `B,"Bob",2`)
	w.put("2024-01-10T00.05.00Z/model.json", oneTable)
	w.run(work.Request{})

	w.put(late, oneTable)
	w.rows("2024-01-10T00.10.00Z", `C,"Cid",3`)
	w.put("2024-01-10T00.10.00Z/model.json", oneTable)
	w.put("Changelog/changelog.info", "2024-01-10T00.15.00Z")
	w.runner.Source = &flicker{Store: w.source, path: late, do: func() { w.put(late, "") }}
	if second := w.run(work.Request{}); second.Rows.Read != 1 {
		t.Errorf("the second run read %d rows, want that of the new folder: %+v", second.Rows.Read, second)
	}
	w.put(late, oneTable)
	w.runner.Source = w.source
	if third := w.run(work.Request{}); third.Rows.Upserted != 1 || third.Folders != 1 {
		t.Errorf("the third run did not apply the late folder: %+v", third)
	}
}

// What a run of single tables finds is not hidden by the note of the run before.
func TestMemoAfterRunOfOneTable(t *testing.T) {
	w := newWritten(t)
	w.put("Changelog/changelog.info", "2024-01-10T00.10.00Z")
	w.put("2024-01-10T00.05.00Z/model.json", oneTable)
	w.rows("2024-01-10T00.05.00Z", `A,"Ann",1`, `B,"Bob",2`)
	w.run(work.Request{})
	w.rows("2024-01-10T00.05.00Z", `A,"Ann",x`, `B,"Bob",y`, `C,"Cid",3`)
	refreshed := w.run(work.Request{Tables: []string{"account"}, FullRefresh: true})
	if refreshed.SetAside != 2 {
		t.Fatalf("%d rows were set aside, want 2: %+v", refreshed.SetAside, refreshed)
	}
	after := w.run(work.Request{})
	if after.SetAside != 2 || after.Version != refreshed.Version || after.State != report.CompletedWithWarnings {
		t.Errorf("the run after says %s, version %d, %d set aside", after.State, after.Version, after.SetAside)
	}
}
