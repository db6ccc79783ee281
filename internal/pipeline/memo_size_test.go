package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/trace"
)

// largeExport is one of many tables and folders, with each thing in it that a run
// has to come back to: EntitySyncFailure, folders that were skipped and may still
// come, one that came late, and skipped ones that were removed.
type largeExport struct {
	source, lake *mem.Store
	now          time.Time
	model        string
	runner       *work.Pipeline
	trace        [2]*trace.Store
}

const (
	largeTables  = 300
	largeFolders = 500
	mostRequests = 10
)

// isSkipped folders have no model.json.
func isSkipped(i int) bool { return i%40 == 20 }

func folderAt(i int) string {
	return time.Date(2024, 1, 1, 0, 5*i, 0, 0, time.UTC).Format("2006-01-02T15.04.05Z")
}

func newLargeExport(t *testing.T) *largeExport {
	t.Helper()
	x := &largeExport{now: time.Date(2024, 1, 1, 0, 5*largeFolders, 0, 0, time.UTC).Add(2 * time.Hour)}
	clock := func() time.Time { return x.now }
	x.source, x.lake = mem.New(clock), mem.New(clock)
	var entities []string
	for i := range largeTables {
		entities = append(entities, strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(oneTable, `{"name":"cdm","entities":[`), `]}`), "account", fmt.Sprintf("table%03d", i)))
	}
	x.model = `{"name":"cdm","entities":[` + strings.Join(entities, ",") + `]}`
	x.put(t, "model.json", x.model)
	x.put(t, "EntitySyncFailure/table001.csv", "x")
	for i := range largeFolders {
		x.folder(t, i)
	}
	x.put(t, "Changelog/changelog.info", folderAt(largeFolders))
	x.trace = [2]*trace.Store{trace.New(x.source, nil), trace.New(x.lake, nil)}
	x.runner = &work.Pipeline{Source: x.trace[0], Lake: x.trace[1],
		Options: work.Options{Clock: clock, Memo: mem.New(clock), Workers: 2},
		Config: spec.Pipeline{Key: "p", Name: "p", Source: spec.Source{AbandonAfter: time.Hour}, Environments: []spec.Environment{{
			Catalog: "main", Schema: "crm", Settings: spec.Settings{SCDType: spec.SCDType1, FreshnessLimit: time.Hour}}}}}
	return x
}

func (x *largeExport) put(t *testing.T, path, text string) {
	t.Helper()
	putFile(t, x.source, path, []byte(text))
}

// folder has a row of one table.
func (x *largeExport) folder(t *testing.T, i int) {
	t.Helper()
	x.put(t, fmt.Sprintf("%s/table%03d/2024.csv", folderAt(i), i%largeTables), fmt.Sprintf("%s,\"n\",%d,\n", expandID("A"), i))
	if !isSkipped(i) {
		x.put(t, folderAt(i)+"/model.json", x.model)
	}
}

// run gives the result and the requests that it took.
func (x *largeExport) run(t *testing.T) (report.Result, []string) {
	t.Helper()
	for _, s := range x.trace {
		s.Take()
	}
	result := pipeline.Run(context.Background(), x.runner, work.Request{})
	if !isDone(result.State) || len(result.Tables) != largeTables {
		t.Fatalf("%s of %d tables: %v %+v", result.State, len(result.Tables), result.Error, failures(result))
	}
	return result, slices.Concat(lines("source ", x.trace[0].Take()), lines("lake ", x.trace[1].Take()))
}

// nothingNew holds a run to what one with nothing to do may cost, and to saying
// what the run before it said of the environment.
func (x *largeExport) nothingNew(t *testing.T, what string, before report.Result) {
	t.Helper()
	began := time.Now()
	result, requests := x.run(t)
	t.Logf("%s: %d requests, %s", what, len(requests), time.Since(began))
	if len(requests) > mostRequests {
		t.Errorf("%s took %d requests, the first of them:\n%s", what, len(requests), strings.Join(requests[:2*mostRequests], "\n"))
	}
	if result.Total().Read != 0 || result.State != before.State {
		t.Errorf("%s: %s of %d rows, before %s", what, result.State, result.Total().Read, before.State)
	}
	if !slices.Equal(codesOf(result.Events), codesOf(before.Events)) {
		t.Errorf("%s: %v, before %v", what, codesOf(result.Events), codesOf(before.Events))
	}
}

func codesOf(events []report.Event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.Code+" "+e.Folder)
	}
	slices.Sort(list)
	return list
}

// A run with nothing new is quick however much there is to come back to.
func TestNothingNewInALargeExport(t *testing.T) {
	x := newLargeExport(t)
	x.run(t)
	settled, _ := x.run(t) // what was told once is told; idle tables have not got past all of it
	x.nothingNew(t, "after the first load", settled)

	for i := range 3 { // removed, and one that comes late
		removeAll(t, x.source, folderAt(20+40*i)+"/")
	}
	x.put(t, folderAt(180)+"/model.json", x.model)
	x.now = x.now.Add(time.Hour)
	changed, _ := x.run(t)
	if changed.Total().Read != 1 {
		t.Errorf("read %d rows of the late folder, want 1", changed.Total().Read)
	}
	gone := 0
	for i := range changed.Tables {
		for _, e := range changed.Tables[i].Events {
			if e.Code == report.FolderGone {
				gone++
			}
		}
	}
	if gone == 0 {
		t.Error("no event tells of the folders that were removed")
	}
	x.now = x.now.Add(time.Hour)
	settled, requests := x.run(t)
	for _, r := range requests {
		if strings.Contains(r, folderAt(20)) || strings.Contains(r, folderAt(60)) || strings.Contains(r, folderAt(100)) {
			t.Errorf("a folder that is gone was asked for: %s", r)
		}
	}
	x.nothingNew(t, "after folders went and came", settled)

	x.put(t, "Changelog/changelog.info", folderAt(largeFolders-20))
	settled, _ = x.run(t)
	x.nothingNew(t, "with changelog.info set back", settled)
}
