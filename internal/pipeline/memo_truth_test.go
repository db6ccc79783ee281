package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/local"
)

// onDisk gives the world a lake on disk.
func (w *memoWorld) onDisk(t *testing.T) {
	t.Helper()
	lake, err := local.New(t.TempDir())
	must(t, err)
	w.runner.Lake = lake
}

// another pipeline of the same tables.
func (w *memoWorld) another() *work.Pipeline {
	q := *w.runner
	q.Config.Key, q.Config.Name = "q", "q"
	return &q
}

// hasMemo reports whether the pipeline has one.
func (w *memoWorld) hasMemo(t *testing.T, key string) bool {
	t.Helper()
	for e, err := range w.memo.List(context.Background(), "cache/", storage.ListOptions{}) {
		must(t, err)
		if e.Path == "cache/"+key+".json" {
			return true
		}
	}
	return false
}

// TestMemoOnDiskIsTrue: on a lake on disk nothing that others did to a table is
// passed over.
func TestMemoOnDiskIsTrue(t *testing.T) {
	commit := func(version int64) string {
		return fmt.Sprintf("main/crm/account/_delta_log/%020d.json", version)
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, w *memoWorld, version int64)
		code   string // that the table fails with
		reads  bool   // the run reads folders again
		noted  bool   // the run looks at nothing
	}{
		"nothing": {change: func(*testing.T, *memoWorld, int64) {}, noted: true},
		"last commit gone": {change: func(t *testing.T, w *memoWorld, version int64) {
			must(t, w.runner.Lake.Delete(context.Background(), commit(version)))
		}, reads: true},
		"log gone": {change: func(t *testing.T, w *memoWorld, _ int64) {
			removeAll(t, w.runner.Lake, "main/crm/account/_delta_log/")
		}, code: "FOREIGN_FILES"},
		"another pipeline took it": {change: func(t *testing.T, w *memoWorld, _ int64) {
			q := w.another()
			q.Options.Memo = nil // it has another state folder
			if result := pipeline.Run(context.Background(), q, work.Request{FullRefresh: true}); !isDone(result.State) {
				t.Fatalf("%+v", failures(result))
			}
		}, code: "FOREIGN_TABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newMemoWorld(t)
			w.onDisk(t)
			first, _ := w.run(t)
			account := resultOf(t, &first, "account")
			c.change(t, w, account.Version)
			w.source.Take()
			result := pipeline.Run(context.Background(), w.runner, work.Request{})
			requests := strings.Count(w.source.Take(), "\n")
			table := resultOf(t, &result, "account")
			code := ""
			if table.Error != nil {
				code = table.Error.Code
			}
			if code != c.code || (table.Rows.Read > 0) != c.reads || (requests == 1) != c.noted || result.LookedAt != nil {
				t.Errorf("%s %q, %d rows read, %d requests, looked at %v", table.State, code, table.Rows.Read, requests, result.LookedAt)
			}
			if code == "" && table.Version != account.Version {
				t.Errorf("version %d, before %d", table.Version, account.Version)
			}
		})
	}
}

func resultOf(t *testing.T, r *report.Result, source string) report.TableResult {
	t.Helper()
	for _, table := range r.Tables {
		if table.SourceTable == source {
			return table
		}
	}
	t.Fatalf("no table %s: %s, %v", source, r.State, r.Error)
	return report.TableResult{}
}

// TestRecheckLooksAtAll: a run that is to look at the tables does, and leaves a new
// note.
func TestRecheckLooksAtAll(t *testing.T) {
	w := newMemoWorld(t)
	w.run(t)
	w.lake.Take()
	result := pipeline.Run(context.Background(), w.runner, work.Request{Recheck: true})
	if n := strings.Count(w.lake.Take(), "\n"); n < len(result.Tables) || result.LookedAt != nil || !isDone(result.State) {
		t.Errorf("%s, %d requests, looked at %v", result.State, n, result.LookedAt)
	}
	if again, _ := w.run(t); again.LookedAt == nil {
		t.Error("the next run looked at all again")
	}
}

// TestNotesOfAllPipelinesAreDropped: what changes tables in another way than a run
// does makes every pipeline look at its own.
func TestNotesOfAllPipelinesAreDropped(t *testing.T) {
	for name, do := range map[string]func(w *memoWorld){
		"full refresh": func(w *memoWorld) { pipeline.Run(context.Background(), w.another(), work.Request{FullRefresh: true}) },
		"full refresh of one table": func(w *memoWorld) {
			pipeline.Run(context.Background(), w.another(), work.Request{FullRefresh: true, Tables: []string{"account"}})
		},
		"retry": func(w *memoWorld) { pipeline.RetryQuarantine(context.Background(), w.another(), work.Request{}) },
		"other": func(w *memoWorld) { must(t, pipeline.Forget(context.Background(), w.memo)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newMemoWorld(t)
			w.run(t)
			if !w.hasMemo(t, "p") {
				t.Fatal("the run leaves no note")
			}
			do(w)
			if w.hasMemo(t, "p") {
				t.Error("the note is still there")
			}
		})
	}
}
