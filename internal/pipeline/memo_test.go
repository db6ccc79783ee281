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
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/trace"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// memoWorld is a pipeline of all tables of an export, with the requests to both
// sides counted.
type memoWorld struct {
	source, lake *trace.Store
	memo         *mem.Store
	now          time.Time
	simulator    *exporter.Simulator
	runner       *work.Pipeline
}

func newMemoWorld(t *testing.T) *memoWorld {
	t.Helper()
	w := &memoWorld{now: exporter.DefaultStart.Add(time.Hour)}
	clock := func() time.Time { return w.now }
	w.source, w.lake, w.memo = trace.New(mem.New(clock), nil), trace.New(mem.New(clock), nil), mem.New(clock)
	var tables []exporter.TableOption
	for _, name := range exporter.TableNames() {
		tables = append(tables, exporter.TableOption{Name: name, Rows: 3})
	}
	var err error
	w.simulator, err = exporter.New(exporter.Options{Tables: tables})
	must(t, err)
	must(t, w.simulator.Initial(context.Background(), w.source))
	w.runner = &work.Pipeline{Source: w.source, Lake: w.lake,
		Options: work.Options{Clock: clock, Memo: w.memo, Workers: 2},
		Config: spec.Pipeline{Key: "p", Name: "p", Source: spec.Source{AbandonAfter: time.Hour}, Environments: []spec.Environment{{
			Catalog: "main", Schema: "crm", Settings: spec.Settings{SCDType: spec.SCDType1, FreshnessLimit: 24 * time.Hour}}}},
	}
	return w
}

// run gives the result and the requests that it took.
func (w *memoWorld) run(t *testing.T) (report.Result, []string) {
	t.Helper()
	w.source.Take()
	w.lake.Take()
	result := pipeline.Run(context.Background(), w.runner, work.Request{})
	if result.Error != nil || result.State == report.Failed || result.State == report.Partial {
		t.Fatalf("%s %v %+v", result.State, result.Error, result.Tables)
	}
	return result, slices.Concat(lines("source ", w.source.Take()), lines("lake ", w.lake.Take()))
}

func lines(prefix, text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		list = append(list, prefix+strings.TrimSpace(line))
	}
	return list
}

func (w *memoWorld) step(t *testing.T) {
	t.Helper()
	_, err := w.simulator.Step(context.Background(), w.source, exporter.Changes{Mix: exporter.Mix{Updates: 2}})
	must(t, err)
}

// A run with nothing new asks for changelog.info and the list of tables, however
// many tables and folders there are, and says the same as the run before.
func TestNothingNewCostsTwoRequests(t *testing.T) {
	w := newMemoWorld(t)
	for range 5 {
		w.step(t)
	}
	first, _ := w.run(t)
	second, requests := w.run(t)
	want := []string{"source read Changelog/changelog.info 0+4096", "lake list main/crm/ level " + fmt.Sprint(len(first.Tables))}
	if !slices.Equal(requests, want) {
		t.Errorf("requests:\n%s", strings.Join(requests, "\n"))
	}
	if len(second.Tables) != len(first.Tables) {
		t.Fatalf("%d tables, before %d", len(second.Tables), len(first.Tables))
	}
	for i, table := range second.Tables {
		before := first.Tables[i]
		if table.Version != before.Version || table.Cursor != before.Cursor || table.Table != before.Table || table.Folders != 0 || table.Rows != (report.Rows{}) {
			t.Errorf("now %+v\nbefore %+v", table, before)
		}
	}
	if first.LookedAt != nil || second.LookedAt == nil || !second.LookedAt.Equal(w.now) {
		t.Errorf("tables were looked at %v, and now %v", first.LookedAt, second.LookedAt)
	}
	if second.Total().Read != 0 || second.Source[0].Newest != first.Source[0].Newest {
		t.Errorf("%+v", second)
	}
}

// What makes the note of the last run worthless: a new folder, time, another
// configuration, a table that is gone, a note that cannot be read.
func TestMemoIsNotBelieved(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, w *memoWorld){
		"new folder": func(t *testing.T, w *memoWorld) { w.step(t) },
		"an hour":    func(_ *testing.T, w *memoWorld) { w.now = w.now.Add(time.Hour) },
		"clock back": func(_ *testing.T, w *memoWorld) { w.now = w.now.Add(-time.Second) },
		"configuration": func(_ *testing.T, w *memoWorld) {
			w.runner.Config.Environments[0].Settings.FreshnessLimit = time.Minute
		},
		"table gone": func(t *testing.T, w *memoWorld) { removeAll(t, w.lake, "main/crm/account/") },
		"damaged": func(t *testing.T, w *memoWorld) {
			file, err := w.memo.Write(context.Background(), "cache/p.json")
			must(t, err)
			_, err = file.Write([]byte("{"))
			must(t, err)
			must(t, file.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMemoWorld(t)
			w.run(t)
			change(t, w)
			result, requests := w.run(t)
			if len(requests) < 10 {
				t.Errorf("only %d requests:\n%s", len(requests), strings.Join(requests, "\n"))
			}
			for _, table := range result.Tables {
				if table.Version < 1 {
					t.Errorf("%+v", table)
				}
			}
		})
	}
}

// An export that stands still is told although nothing is looked at.
func TestMemoTellsOfStandstill(t *testing.T) {
	w := newMemoWorld(t)
	w.now = exporter.DefaultStart.Add(24 * time.Hour)
	w.run(t)
	w.now = w.now.Add(30 * time.Minute)
	result, requests := w.run(t)
	if len(requests) != 2 || len(result.Events) != 1 || result.Events[0].Code != report.SourceStandsStill || result.State != report.CompletedWithWarnings {
		t.Errorf("%s, %+v, %q", result.State, result.Events, requests)
	}
}

// removeAll deletes what lies below a prefix.
func removeAll(t *testing.T, store storage.Store, prefix string) {
	t.Helper()
	for e, err := range store.List(context.Background(), prefix, storage.ListOptions{}) {
		must(t, err)
		must(t, store.Delete(context.Background(), e.Path))
	}
}
