package pipeline_test

import (
	"context"
	"math/rand/v2"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

// scenario is a run that things happen to.
type scenario struct {
	name string
	// Memory, where the way has some, is too small for any folder of the run, so
	// that all are streamed.
	way
	// before and after: how many folders the table holds when the run begins,
	// and when it is done.
	before, after int
	refreshes     int // commits that the table had in addition
	refresh       bool
}

// scenarios reach all that a run writes: the first commit of a table, new
// vectors, closed rows, tombstones as dead rows and beside the table, copied
// files, a checkpoint (with version 10), a replaced table, streamed files.
var scenarios = []scenario{
	{name: "first-load", way: way{scd: change.Type1, vectors: true}, before: 0, after: 3},
	{name: "checkpoint-scd2", way: way{scd: change.Type2, vectors: true}, before: 2, refreshes: 8, after: 4},
	{name: "copy-on-write", way: way{scd: change.Type1}, before: 2, after: 4},
	{name: "refresh", way: way{scd: change.Type1, vectors: true}, before: 3, after: 4, refresh: true},
	{name: "streamed-scd2", way: way{scd: change.Type2, vectors: true, memory: 8 << 10, fileBytes: 1 << 10}, before: 1, after: 2},
	{name: "streamed-copy-on-write-scd2", way: way{scd: change.Type2, memory: 8 << 10}, before: 1, after: 2},
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

// untouched is a key of the first folder that no other has.
const untouched = 100

func crashHistory() *handmade {
	random := rand.New(rand.NewPCG(crashSeed, 0))
	h := randomFolders(func(what string, n int) int {
		if what == "rows" {
			return n - 1
		}
		return random.IntN(n)
	}, 14, 8, 12)
	h.folders[0][0].rows = append(h.folders[0][0].rows, handUpsert(untouched, 1, folderTime(0), 0))
	return h.narrowed("Id", "SinkModifiedOn", "name", "versionnumber", "IsDelete")
}

// rig is a scenario with its stores and all that an undisturbed run leads to.
type rig struct {
	scenario
	fresh func() storage.Store // makes an empty store
	// source ends with the folders of the run, longer has one more.
	source, longer, base storage.Store
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

func newRig(t *testing.T, s scenario, fresh func() storage.Store) *rig {
	t.Helper()
	s.temp, s.workers = t.TempDir(), 1
	r := &rig{scenario: s, fresh: fresh, source: fresh(), base: fresh(), states: map[int64]content{}}
	h := crashHistory()
	h.write(t, r.source, 0, s.before)
	if s.before > 0 {
		r.complete(t, r.source, r.base, false)
	}
	for range s.refreshes {
		r.complete(t, r.source, r.base, true)
	}
	h.write(t, r.source, s.before, s.after)
	r.longer = inPlaceOf{fresh(), r.source}
	h.write(t, r.longer, 0, s.after+1)
	for _, files := range h.folders[s.before:s.after] {
		if bytes := h.bytes(files); s.memory > 0 && bytes <= s.memory/16 {
			t.Fatalf("a folder of %d bytes is not large enough to be streamed", bytes)
		}
	}
	r.learn(t)
	want := expected(t, h.history(t, s.after+1), h.columns, s.scd, change.NoEnd)
	if d := differences(want, r.later); d != "" {
		t.Fatalf("undisturbed, the table is not what the model says:\n%s", d)
	}
	return r
}

// learn lets the run go undisturbed.
func (r *rig) learn(t tester) {
	t.Helper()
	first, begin := contentOf(t, r.base, tablePath("account"))
	r.states[begin.Version] = first
	lake := r.lake(t)
	counting := fault.New(lake, nil)
	r.cursor = r.complete(t, r.source, counting, r.refresh).Tables[0].Cursor
	r.operations = counting.Operations()
	var end *delta.Snapshot
	r.done, end = contentOf(t, lake, tablePath("account"))
	for v := begin.Version + 1; v <= end.Version; v++ {
		at, err := delta.LoadAt(context.Background(), lake, tablePath("account"), v)
		need(t, err)
		r.states[v], err = readContent(lake, at)
		need(t, err)
	}
	if len(r.states) < 2 || len(r.done.rows) == 0 {
		t.Fatalf("the scenario changes nothing: %d states, %d rows", len(r.states), len(r.done.rows))
	}
	r.complete(t, r.longer, lake, false)
	r.later, _ = contentOf(t, lake, tablePath("account"))
}

// lake is a new one in the state before the run.
func (r *rig) lake(t tester) storage.Store {
	t.Helper()
	lake := r.fresh()
	for e, err := range r.base.List(context.Background(), "", storage.ListOptions{}) {
		need(t, err)
		data, err := storage.ReadAll(context.Background(), r.base, e.Path)
		need(t, err)
		putFile(t, lake, e.Path, data)
	}
	return lake
}

// run follows a source of the rig once.
func (r *rig) run(source, lake storage.Store, refresh bool) report.Result {
	return pipeline.Run(context.Background(), r.runner(source, lake, "account"), work.Request{FullRefresh: refresh})
}

// complete is a run that must end well.
func (r *rig) complete(t tester, source, lake storage.Store, refresh bool) report.Result {
	t.Helper()
	result := r.run(source, lake, refresh)
	if !isDone(result.State) {
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
	result := r.complete(t, r.source, lake, r.refresh)
	if got := result.Tables[0].Cursor; got != r.cursor {
		t.Fatalf("the cursor is %s, without the disturbance it was %s", got, r.cursor)
	}
	got, _ := contentOf(t, lake, tablePath("account"))
	if d := differences(r.done, got); d != "" {
		t.Fatalf("the table is not what it would be without the disturbance:\n%s", d)
	}
	r.complete(t, r.longer, lake, false)
	got, _ = contentOf(t, lake, tablePath("account"))
	if d := differences(r.later, got); d != "" {
		t.Fatalf("the table is right, but not any more after the next folder:\n%s", d)
	}
	if left := entriesOf(t, r.temp); len(left) > 0 {
		t.Fatalf("temporary files are left: %v", left)
	}
}

// checkNoOrphans fails when there is a file in the table's folder of which no
// commit knows. A large batch on a table without vectors leaves some even when
// all goes well: those that were streamed and had to be copied at once.
func (r *rig) checkNoOrphans(t tester, lake storage.Store) {
	t.Helper()
	if r.memory > 0 && !r.vectors {
		return
	}
	ctx := context.Background()
	var log strings.Builder
	var files []string
	vectors := 0
	for e, err := range lake.List(ctx, tablePath("account")+"/", storage.ListOptions{}) {
		need(t, err)
		switch name := path.Base(e.Path); {
		case strings.HasSuffix(name, ".json"):
			data, err := storage.ReadAll(ctx, lake, e.Path)
			need(t, err)
			log.Write(data)
		case strings.HasSuffix(name, ".bin"):
			vectors++ // the log has their names in another form
		case !strings.Contains(e.Path, "/_delta_log/"):
			files = append(files, strings.TrimSuffix(strings.TrimPrefix(name, "tombstones-"), ".parquet"))
		}
	}
	for _, name := range files {
		if !strings.Contains(log.String(), name) {
			t.Fatalf("%s is in the table's folder and in no commit", name)
		}
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`"pathOrInlineDv":"((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(log.String(), -1) {
		known[m[1]] = true
	}
	if vectors != len(known) {
		t.Fatalf("there are %d files of deletion vectors, the commits know %d", vectors, len(known))
	}
}

// inPlaceOf is a store that says it is in the place of another: the same export,
// later.
type inPlaceOf struct {
	storage.Store
	place storage.Store
}

func (e inPlaceOf) URL(path string) string { return e.place.URL(path) }
