package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// folders are those of an export, in order of time, with the spaces before their
// names.
func folders(t *testing.T, store storage.Store) []string {
	t.Helper()
	var out []string
	for _, p := range paths(t, store, "") {
		name, _, _ := strings.Cut(p, "/")
		if strings.HasSuffix(name, "Z") && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(strings.TrimSpace(a), strings.TrimSpace(b)) })
	return out
}

func TestEmptyFolders(t *testing.T) {
	sim, store := begin(t, only("lead", 20, exporter.EmptyFolders))
	empty := sim.OpenFolder()
	if step(t, sim, store) == empty {
		t.Fatal("the first step went to the first open folder")
	}
	if got := paths(t, store, empty+"/"); !slices.Equal(got, []string{empty + "/model.json"}) {
		t.Errorf("the extra folder holds %v", got)
	}
	if attributes(t, store, empty+"/model.json", "lead") == nil {
		t.Error("its model.json does not describe the table")
	}
}

func TestAbandonedFolders(t *testing.T) {
	sim, store := begin(t, only("lead", 20, exporter.AbandonedFolders))
	step(t, sim, store)
	lost := sim.OpenFolder()
	again := step(t, sim, store)
	if a, b := rowsOf(t, store, lost, "lead"), rowsOf(t, store, again, "lead"); len(a) == 0 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Fatalf("%s has %d rows, %s has %d: they are not the same", lost, len(a), again, len(b))
	}
	for range 4 {
		step(t, sim, store)
		if _, err := store.Stat(t.Context(), lost+"/model.json"); !errors.Is(err, storage.ErrNotExist) {
			t.Fatalf("the abandoned folder has a model.json: %v", err)
		}
	}
	if attributes(t, store, again+"/model.json", "lead") == nil {
		t.Error("the folder that holds the rows again has no model.json")
	}
	checkUnread(t, sim, lost, 1)
}

// checkUnread fails unless a folder is known as unfinished, and its rows are
// counted and not part of the history.
func checkUnread(t *testing.T, sim *exporter.Simulator, folder string, many int) {
	t.Helper()
	if got := sim.Unfinished(); !slices.Contains(got, folder) || len(got) < many {
		t.Errorf("unfinished are %v, want %s", got, folder)
	}
	if sim.Counts("lead").Unread == 0 {
		t.Error("the rows that nobody may read are not counted")
	}
	history, err := sim.History("lead")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range history {
		if strings.HasPrefix(h.Path, folder) {
			t.Fatalf("%s is part of the history", h.Path)
		}
	}
}

func TestLateFolders(t *testing.T) {
	sim, store := begin(t, only("lead", 20, exporter.LateFolders))
	step(t, sim, store)
	step(t, sim, store)
	late := sim.OpenFolder()
	again := step(t, sim, store)
	if got := read(t, store, late+"/model.json"); got != "" || attributes(t, store, again+"/model.json", "lead") == nil {
		t.Fatalf("the late folder has its model.json, or the one after it has none: %.40s", got)
	}
	checkUnread(t, sim, late, 1)
	step(t, sim, store)
	if attributes(t, store, late+"/model.json", "lead") == nil || len(sim.Unfinished()) > 0 {
		t.Errorf("the model.json did not turn up; unfinished are %v", sim.Unfinished())
	}
	history, err := sim.History("lead")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(history, func(h exporter.Written) bool { return strings.HasPrefix(h.Path, late) && h.Repeat }) {
		t.Error("its rows are not part of the history, as repeated ones")
	}
	if c := sim.Counts("lead"); c.Unread != 0 {
		t.Errorf("still %d rows are counted as unread", c.Unread)
	}
}

func TestEmptyManifest(t *testing.T) {
	sim, store := begin(t, only("lead", 20, exporter.EmptyManifest))
	if folder := step(t, sim, store); attributes(t, store, folder+"/model.json", "lead") == nil {
		t.Error("the first step's manifest is empty")
	}
	folder := step(t, sim, store)
	if got := read(t, store, folder+"/model.json"); !strings.HasSuffix(got, `"entities":[]}`) {
		t.Errorf("the second step's manifest is %s", got)
	}
	own := folder + "/Microsoft.Athena.TrickleFeedService/lead-model.json"
	if got := attributes(t, store, own, "lead"); len(got) != len(sim.Columns("lead")) {
		t.Errorf("the table's own manifest has %d columns", len(got))
	}
}

func TestCutManifest(t *testing.T) {
	for _, table := range []struct {
		o    exporter.Options
		want string
	}{
		{options(3, exporter.CutManifest), `"name":"wide"`},
		{only("lead", 3, exporter.CutManifest), `"name":"lead"`},
	} {
		sim, store := begin(t, table.o)
		folder := step(t, sim, store)
		text, root := read(t, store, folder+"/model.json"), read(t, store, "model.json")
		if len(text) >= len(root) || !strings.HasPrefix(root, text) || !strings.Contains(text, table.want) {
			t.Errorf("of %d bytes %d are left, without %s", len(root), len(text), table.want)
		}
	}
}

func TestLeadingSpaces(t *testing.T) {
	sim, store := begin(t, only("lead", 20, exporter.LeadingSpaces))
	spaced := step(t, sim, store)
	plain := step(t, sim, store)
	if spaced != " 2024-01-15T08.05.00Z" || plain != "2024-01-15T08.10.00Z" {
		t.Fatalf("folders %q and %q", spaced, plain)
	}
	if len(paths(t, store, spaced+"/ lead/")) == 0 || len(paths(t, store, plain+"/lead/")) == 0 {
		t.Errorf("files %v", paths(t, store, ""))
	}
	if attributes(t, store, spaced+"/model.json", "lead") == nil {
		t.Error("the folder has no model.json")
	}
}

func TestIdleTables(t *testing.T) {
	sim, store := begin(t, options(20, exporter.IdleTables))
	var before []string
	for range 2 {
		folder := step(t, sim, store)
		var present []string
		for _, table := range sim.Tables() {
			if len(paths(t, store, folder+"/"+table+"/")) > 0 {
				present = append(present, table)
			}
			if attributes(t, store, folder+"/model.json", table) == nil {
				t.Errorf("%s is missing from the model.json of %s", table, folder)
			}
		}
		if n := len(sim.Tables()); len(present) != n/2 && len(present) != n-n/2 {
			t.Errorf("%s has folders of %d tables of %d", folder, len(present), n)
		}
		if slices.ContainsFunc(present, func(p string) bool { return slices.Contains(before, p) }) {
			t.Errorf("%v had changes in both steps, of %v", before, present)
		}
		before = present
	}
}

func TestIdleTablesLeaveNoChangesWaiting(t *testing.T) {
	sim, store := begin(t, options(20, exporter.IdleTables))
	for range 3 {
		changes := exporter.Changes{Tables: map[string]exporter.Mix{"lead": {Updates: 1}}}
		if folder, err := sim.Step(t.Context(), store, changes); err != nil || folder == "" {
			t.Fatalf("a step with changes of one table: folder %q, %v", folder, err)
		}
	}
}

func TestPauseLeavesTheOpenFolderEmpty(t *testing.T) {
	sim, store := begin(t, only("lead", 20))
	open := sim.OpenFolder()
	if err := sim.Pause(7 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := sim.OpenFolder(); got != open || read(t, store, "Changelog/changelog.info") != open {
		t.Fatalf("while it stands still the open folder is %s, not %s", got, open)
	}
	resumed := step(t, sim, store)
	if resumed != "2024-01-15T15.10.00Z" {
		t.Errorf("after 7 hours the folder is %s", resumed)
	}
	if got := paths(t, store, open+"/"); len(got) != 1 || read(t, store, got[0]) == "" {
		t.Errorf("the folder that was open holds %v", got)
	}
	want := []string{firstFolder, open, resumed, sim.OpenFolder()}
	if got := folders(t, store); !slices.Equal(got, want) {
		t.Errorf("folders %v, want %v", got, want)
	}
	if err := sim.Pause(0); !errors.Is(err, exporter.ErrOrder) {
		t.Errorf("a pause of no time: %v", err)
	}
}

func TestExpire(t *testing.T) {
	sim, store := begin(t, only("lead", 20, exporter.LeadingSpaces))
	step(t, sim, store)
	last := step(t, sim, store)
	gone, err := sim.Expire(t.Context(), store, 2)
	if err != nil || !slices.Equal(gone, []string{firstFolder, " 2024-01-15T08.05.00Z"}) {
		t.Fatalf("deleted %q, %v", gone, err)
	}
	if got := folders(t, store); !slices.Equal(got, []string{last, sim.OpenFolder()}) {
		t.Errorf("left are %q", got)
	}
	if gone, err := sim.Expire(t.Context(), store, 9); err != nil || len(gone) != 1 {
		t.Errorf("deleted %q of one closed folder, %v", gone, err)
	}
	step(t, sim, store) // the export goes on without them
}

// ticking is a store in which every write has a time of its own.
func ticking() storage.Store {
	now := clock()
	return mem.New(func() time.Time {
		now = now.Add(time.Second)
		return now
	})
}

func TestFileTimes(t *testing.T) {
	for _, faults := range [][]exporter.Fault{nil, {exporter.FileTimes}} {
		sim, err := exporter.New(only("lead", 60, faults...))
		if err != nil {
			t.Fatal(err)
		}
		store := ticking()
		if err := sim.Initial(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		folder := step(t, sim, store)
		var times []time.Time
		for e, err := range store.List(t.Context(), folder+"/lead/", storage.ListOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, e.ModTime)
		}
		if faults != nil {
			slices.Reverse(times)
		}
		if len(times) < 3 || !slices.IsSortedFunc(times, time.Time.Compare) {
			t.Errorf("faults %v: times %v", faults, times)
		}
	}
}

// leases is a store that lets files be leased and then refuses to delete them.
type leases struct {
	storage.Store
	held map[string]bool
}

func (l leases) Lease(_ context.Context, path string) error {
	l.held[path] = true
	return nil
}

func (l leases) Delete(ctx context.Context, path string) error {
	if l.held[path] {
		return &storage.Error{Op: "delete", Path: path, Err: storage.ErrDenied}
	}
	return l.Store.Delete(ctx, path)
}

func TestLeasedFiles(t *testing.T) {
	sim, err := exporter.New(only("lead", 20, exporter.LeasedFiles))
	if err != nil {
		t.Fatal(err)
	}
	store := leases{newStore(), map[string]bool{}}
	if err := sim.Initial(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	folder := step(t, sim, store)
	files := paths(t, store, folder+"/lead/")
	for _, p := range files {
		if !store.held[p] {
			t.Errorf("%s is not leased", p)
		}
	}
	if len(files) == 0 || store.held[folder+"/model.json"] {
		t.Errorf("leased are %v", store.held)
	}
	if _, err := sim.Expire(t.Context(), store, 2); !errors.Is(err, storage.ErrDenied) {
		t.Errorf("leased folders were deleted: %v", err)
	}
	plain, plainStore := begin(t, only("lead", 20, exporter.LeasedFiles))
	step(t, plain, plainStore) // a store without leases has nothing to do
}

func TestRewriteAddsARowToTheNewestStep(t *testing.T) {
	sim, store := begin(t, only("lead", 20))
	folder := step(t, sim, store)
	before := map[string]string{}
	for _, p := range paths(t, store, folder+"/lead/") {
		before[p] = read(t, store, p)
	}
	path, err := sim.Rewrite(t.Context(), store, "lead")
	if err != nil {
		t.Fatal(err)
	}
	for p, old := range before {
		got := read(t, store, p)
		if changed := got != old; changed != (p == path) || !strings.HasPrefix(got, old) {
			t.Errorf("%s: changed %t, was to be %s", p, changed, path)
		}
	}
	compareWithModel(t, sim, "lead")
	if _, err := sim.Rewrite(t.Context(), store, "account"); !errors.Is(err, exporter.ErrOptions) {
		t.Errorf("rewriting a table that has no rows: %v", err)
	}
	resumed, err := exporter.Resume(t.Context(), store, exporter.Options{KeepHistory: true})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := sim.Counts("lead"), resumed.Counts("lead"); a != b {
		t.Errorf("resumed %+v, was %+v", b, a)
	}
	again, err := resumed.History("lead")
	if err != nil {
		t.Fatal(err)
	}
	if last := again[len(again)-1]; last.Path != path || last.Offset != int64(len(before[path])) {
		t.Errorf("resumed, the last row is at %d of %s", last.Offset, last.Path)
	}
}
