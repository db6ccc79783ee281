package pipeline_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/local"
)

// scenario is a run that things happen to.
type scenario struct {
	name string
	way
	// before and after: how many folders the table holds when the run begins,
	// and when it is done.
	before, after int
	refresh       bool
}

// scenarios reach all that a run writes: the first commit of a table, new
// vectors, closed rows, tombstones as dead rows and beside the table, copied
// files, a checkpoint (with version 10), a replaced table, streamed files.
var scenarios = []scenario{
	{name: "first-load", way: way{scd: change.Type1, vectors: true}, before: 0, after: 3},
	{name: "checkpoint-scd2", way: way{scd: change.Type2, vectors: true}, before: 10, after: 12},
	{name: "copy-on-write", way: way{scd: change.Type1}, before: 2, after: 4},
	{name: "refresh", way: way{scd: change.Type1, vectors: true}, before: 3, after: 4, refresh: true},
	{name: "streamed-scd2", way: way{scd: change.Type2, vectors: true, memory: 1 << 10, fileBytes: 1 << 10}, before: 1, after: 2},
	{name: "streamed-copy-on-write-scd2", way: way{scd: change.Type2, memory: 1 << 10}, before: 1, after: 2},
}

func findScenario(t tester, name string) scenario {
	t.Helper()
	for _, s := range scenarios {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("there is no scenario %q", name)
	return scenario{}
}

// crashSeed gives a history in which every folder updates, closes and deletes
// rows that the folders before it brought.
const crashSeed = 7

func crashHistory() *handmade {
	random := rand.New(rand.NewPCG(crashSeed, 0))
	h := randomFolders(func(what string, n int) int {
		if what == "rows" {
			return n - 1
		}
		return random.IntN(n)
	}, 14, 8, 12)
	return h
}

// rig is a scenario with its folders on disk and all that an undisturbed run
// leads to.
type rig struct {
	scenario
	dir string
	// states are the contents of the table by version, from the beginning to
	// the end of the undisturbed run; -1 is no table.
	states map[int64]content
	done   content // after the run
	// later is the table after one more folder. Its changes reach into the past,
	// so that it tells whether what readers do not see was right as well: which
	// deletes are remembered, and from which folder a row came.
	later      content
	cursor     string
	operations []fault.Operation // that the run does on the lake
}

func newRig(t *testing.T, s scenario) *rig {
	t.Helper()
	s.temp, s.workers = t.TempDir(), 1
	r := &rig{scenario: s, dir: t.TempDir(), states: map[int64]content{}}
	h := crashHistory()
	h.write(t, r.store(t, "source"), 0, s.before)
	base := r.store(t, "base")
	if s.before > 0 {
		r.complete(t, "source", base, false)
	}
	h.write(t, r.store(t, "source"), s.before, s.after)
	h.write(t, r.store(t, "longer"), 0, s.after+1)

	first, snapshot := contentOf(t, base, tablePath(h.table))
	r.states[snapshot.Version] = first
	lake := r.copyOfBase(t)
	counting := fault.New(lake, nil)
	r.cursor = r.complete(t, "source", counting, s.refresh).Tables[0].Cursor
	r.operations = counting.Operations()
	var last *delta.Snapshot
	r.done, last = contentOf(t, lake, tablePath(h.table))
	for v := snapshot.Version + 1; v <= last.Version; v++ {
		at, err := delta.LoadAt(context.Background(), lake, tablePath(h.table), v)
		need(t, err)
		r.states[v], err = readContent(lake, at)
		need(t, err)
	}
	if len(r.states) < 2 || len(r.done.rows) == 0 {
		t.Fatalf("the scenario changes nothing: %d states, %d rows", len(r.states), len(r.done.rows))
	}
	r.complete(t, "longer", lake, false)
	r.later, _ = contentOf(t, lake, tablePath(h.table))
	want := expected(t, h.history(t, s.after+1), h.columns, s.scd, change.NoEnd)
	if d := differences(want, r.later); d != "" {
		t.Fatalf("undisturbed, the table is not what the model says:\n%s", d)
	}
	return r
}

// store is one of the rig's folders. What is written need not survive a power
// failure, only the end of the process.
func (r *rig) store(t tester, name string) *local.Store {
	t.Helper()
	s, err := local.New(filepath.Join(r.dir, name), local.WithoutSync())
	need(t, err)
	return s
}

// copyOfBase is a new lake in the state before the run.
func (r *rig) copyOfBase(t *testing.T) *local.Store {
	t.Helper()
	dir := t.TempDir()
	base := filepath.Join(r.dir, "base")
	if _, err := os.Stat(base); !errors.Is(err, fs.ErrNotExist) {
		need(t, os.CopyFS(filepath.Join(dir, "lake"), os.DirFS(base)))
	}
	s, err := local.New(filepath.Join(dir, "lake"), local.WithoutSync())
	need(t, err)
	return s
}

// run follows a source of the rig once.
func (r *rig) run(t tester, source string, lake storage.Store, refresh bool) pipeline.Result {
	t.Helper()
	return r.runner(r.store(t, source), lake, "account").Run(context.Background(), pipeline.Request{FullRefresh: refresh})
}

// complete is a run that must end well.
func (r *rig) complete(t tester, source string, lake storage.Store, refresh bool) pipeline.Result {
	t.Helper()
	result := r.run(t, source, lake, refresh)
	if result.State != pipeline.Completed {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	return result
}

// checkStates fails unless the table is one that the undisturbed run committed.
func (r *rig) checkStates(t tester, lake storage.Store) {
	t.Helper()
	got, snapshot := contentOf(t, lake, tablePath("account"))
	want, ok := r.states[snapshot.Version]
	if !ok {
		t.Fatalf("version %d was never committed by an undisturbed run", snapshot.Version)
	}
	if d := differences(want, got); d != "" {
		t.Fatalf("a reader of version %d sees what was never committed:\n%s", snapshot.Version, d)
	}
}

// checkContinues runs again, without anything in the way, and fails unless that
// leads to where the undisturbed run did.
func (r *rig) checkContinues(t tester, lake storage.Store) {
	t.Helper()
	result := r.complete(t, "source", lake, r.refresh)
	if got := result.Tables[0].Cursor; got != r.cursor {
		t.Fatalf("the cursor is %s, without the disturbance it was %s", got, r.cursor)
	}
	got, _ := contentOf(t, lake, tablePath("account"))
	if d := differences(r.done, got); d != "" {
		t.Fatalf("the table is not what it would be without the disturbance:\n%s", d)
	}
	r.complete(t, "longer", lake, false)
	got, _ = contentOf(t, lake, tablePath("account"))
	if d := differences(r.later, got); d != "" {
		t.Fatalf("the table is right, but not any more after the next folder:\n%s", d)
	}
	if left := entriesOf(t, r.temp); len(left) > 0 {
		t.Fatalf("temporary files are left: %v", left)
	}
}
