package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// allKeys shows every key that differs in these tests.
const allKeys = 1000

func (w way) reconcile(t tester, source, lake storage.Store, q reconcile.Request) *reconcile.Reconciliation {
	t.Helper()
	q.MaxKeys = allKeys
	r, err := reconcile.Table(context.Background(), w.runner(source, lake, q.Table), q)
	need(t, err)
	return r
}

// TestReconcileNamesWhatWasCorrupted follows random histories, which must match,
// lets another program change some keys, and expects exactly these, in one pass
// and in many.
func TestReconcileNamesWhatWasCorrupted(t *testing.T) {
	temp := t.TempDir()
	bounded(t, 3*time.Second, func(t *rapid.T) {
		const keys = 40
		folders := rapid.IntRange(1, 5).Draw(t, "folders")
		h := randomFolders(drawn(t), folders, keys, 20)
		w := drawWay(t, temp, 1000, "rate")
		w.memory = 64 << 20
		source, lake := mem.New(fixedClock), mem.New(fixedClock)
		h.write(t, source, 0, folders)
		if result := pipeline.Run(context.Background(), w.runner(source, lake, h.table), work.Request{}); !isDone(result.State) {
			t.Fatalf("%s, %+v", result.State, failures(result))
		}
		if r := w.reconcile(t, source, lake, reconcile.Request{Table: h.table}); r.Verdict != reconcile.Matches || r.InTable != r.InExport || r.Unchecked > 0 {
			t.Fatalf("a table that nobody touched: %+v", r)
		}
		want := corruptSome(t, lake, h, folders-1, keys)
		one := w.reconcile(t, source, lake, reconcile.Request{Table: h.table})
		var got []string
		for _, d := range one.Differences {
			got = append(got, d.Key)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("way %+v: keys (-corrupted +named):\n%s", w, d)
		}
		w.memory = 32 << 10
		many := w.reconcile(t, source, lake, reconcile.Request{Table: h.table})
		if len(h.history(t, folders)) > 80 && many.Passes == 1 {
			t.Fatalf("the test wants more than one pass, and takes %d", many.Passes)
		}
		many.Passes = one.Passes
		if d := cmp.Diff(one, many, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Events" }, cmp.Ignore())); d != "" {
			t.Fatalf("many passes differ from one:\n%s", d)
		}
	})
}

// TestReconcileWithoutOlderFolders removes the oldest folders of random histories
// once a table has them: whatever was in them, what is left does not contradict
// the table.
func TestReconcileWithoutOlderFolders(t *testing.T) {
	temp := t.TempDir()
	bounded(t, 3*time.Second, func(t *rapid.T) {
		folders := rapid.IntRange(2, 6).Draw(t, "folders")
		h := randomFolders(drawn(t), folders, 4, 12)
		w := drawWay(t, temp, 1000)
		source, lake := mem.New(fixedClock), mem.New(fixedClock)
		for written := 0; written < folders; {
			next := written + rapid.IntRange(1, folders-written).Draw(t, "folders at once")
			h.write(t, source, written, next)
			written = next
			if result := pipeline.Run(context.Background(), w.runner(source, lake, h.table), work.Request{}); !isDone(result.State) {
				t.Fatalf("%s, %+v", result.State, failures(result))
			}
		}
		for n := range rapid.IntRange(1, folders).Draw(t, "folders gone") {
			for _, path := range pathsOf(t, source) {
				if strings.HasPrefix(path, handFolder(n)+"/") {
					need(t, source.Delete(context.Background(), path))
				}
			}
		}
		w.memory = 1 << 20
		r := w.reconcile(t, source, lake, reconcile.Request{Table: h.table})
		if r.Missing+r.Extra+r.Differing+r.Vanished > 0 || r.InTable != r.InExport {
			t.Fatalf("way %+v: %+v", w, r)
		}
	})
}

// corruptSome changes or removes some keys behind Sluice's back, and names those
// of which a reader sees something else then.
func corruptSome(t *rapid.T, lake storage.Store, h *handmade, folder, keys int) []string {
	before, _ := contentOf(t, lake, tablePath(h.table))
	var text strings.Builder
	for n := range keys {
		switch rapid.IntRange(0, 9).Draw(t, "corrupt") {
		case 8:
			line, _ := h.csv(handFile{rows: [][]string{handUpsert(n, int64(1000+n), folderTime(folder), n)}})
			text.Write(line)
		case 9:
			line, _ := h.csv(handFile{rows: [][]string{handGone(n, int64(1000+n), folderTime(folder))}})
			text.Write(line)
		}
	}
	if text.Len() == 0 {
		return nil
	}
	name, err := synapselink.ParseFolderName(handFolder(folder))
	need(t, err)
	rows := mem.New(fixedClock)
	putFile(t, rows, "rows.csv", []byte(text.String()))
	corruptTable(t, lake, tablePath(h.table), rows, name, string(h.manifest(t)))
	after, _ := contentOf(t, lake, tablePath(h.table))
	var touched []string
	for n := range keys {
		if id := handID(n); differences(before.only(id), after.only(id)) != "" {
			touched = append(touched, id)
		}
	}
	return touched
}

// only is the content of one key.
func (c content) only(id string) content {
	return content{columns: c.columns, rows: slices.DeleteFunc(slices.Clone(c.rows), func(r contentRow) bool { return r.id != id })}
}

// TestVanishedRowsOfASimulatedCopy follows simulated environments in which tables
// are exported again. What vanished is what the folders since then do not have;
// it is removed, and what comes later is right all the same.
func TestVanishedRowsOfASimulatedCopy(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		t.Run(fmt.Sprintf("scd%d", typ), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			w := way{scd: typ, vectors: true, workers: 2, temp: t.TempDir()}
			source, lake := mem.New(fixedClock), mem.New(fixedClock)
			sim, err := exporter.New(exporter.Options{Seed: 11, KeepHistory: true, Interval: 3 * time.Hour,
				Tables: []exporter.TableOption{{Name: "bench", Rows: 200}},
				Faults: []exporter.Fault{exporter.Reinitialised}})
			need(t, err)
			need(t, sim.Initial(ctx, source))
			vanished := int64(0)
			for range 7 {
				_, err := sim.Step(ctx, source, exporter.Changes{Mix: exporter.Mix{Inserts: 5, Updates: 9, Deletes: 7}})
				need(t, err)
				if result := pipeline.Run(ctx, w.runner(source, lake, "bench"), work.Request{}); !isDone(result.State) {
					t.Fatalf("%s, %+v", result.State, failures(result))
				}
				// The simulator does not show a copy under way.
				r := w.reconcile(t, source, lake, reconcile.Request{Table: "bench", Apply: true})
				if r.Vanished > 0 {
					if r.Blocked == "" || r.Removed > 0 {
						t.Fatalf("removed without knowing where the copy begins: %+v", r)
					}
					r = w.reconcile(t, source, lake, reconcile.Request{Table: "bench", Apply: true, Since: r.Since})
				}
				if r.Verdict != reconcile.Matches || r.Removed != r.Vanished || r.Differing > 0 {
					t.Fatalf("%+v", r)
				}
				vanished += r.Vanished
				history, err := sim.History("bench")
				need(t, err)
				if d := cmp.Diff(lost(history, folderDigits(r.Since), folderDigits(r.Cursor)), r.VanishedKeys); r.Vanished > 0 && d != "" {
					t.Fatalf("vanished keys (-by the history +found):\n%s", d)
				}
				if again := w.reconcile(t, source, lake, reconcile.Request{Table: "bench", Apply: true}); again.Verdict != reconcile.Matches ||
					again.Vanished > 0 || again.InTable != r.InTable || again.Version != r.Version {
					t.Fatalf("the second time: %+v\nthe first: %+v", again, r)
				}
			}
			if vanished == 0 {
				t.Fatal("no row vanished: the simulation shows nothing")
			}
		})
	}
}

// lost are the keys that are there by what came before a folder and of which
// nothing came since, up to the cursor.
func lost(history []exporter.Written, since, upto int64) []string {
	var model change.Model[bool]
	again := map[change.Key]bool{}
	for i := range history {
		switch c := history[i].Change; {
		case c.Folder < since:
			model.Add(c, true)
		case c.Folder <= upto:
			again[c.Key] = true
		}
	}
	keys := []string{}
	for _, r := range model.Rows(change.Type1) {
		if !again[r.Key] {
			keys = append(keys, r.Key.String())
		}
	}
	return keys
}

// vanishing is an export of which Bob vanished, brought to a lake.
func vanishing(t *testing.T) (*world, *work.Pipeline) {
	t.Helper()
	return vanishingAs(t, spec.SCDType1)
}

func vanishingAs(t *testing.T, typ spec.SCDType) (*world, *work.Pipeline) {
	t.Helper()
	w := newWorld(t)
	folder := func(name, rows string) {
		w.put(t, name+"/account/2024.csv", rows)
		w.columnsOf("account")
		w.manifest(t, name, "whole", "account")
		w.close(t, name)
	}
	a, b := expandID("A"), expandID("B")
	w.synced = "1/10/2024 12:00:30 AM"
	folder("2024-01-10T00.00.00Z", a+",,,\"Ann\",100,\n"+b+",,,\"Bob\",101,\n")
	w.sync = "InProgress"
	folder("2024-01-10T01.00.00Z", a+",,,\"Ann\",100,\n")
	w.sync, w.synced = "Completed", "1/10/2024 2:00:30 AM"
	folder("2024-01-10T02.00.00Z", a+",,,\"Ann\",100,\n")
	r := w.runner(&datadriven.TestData{})
	r.Config.Tables[0].Settings.SCDType = typ
	if result := pipeline.Run(context.Background(), r, work.Request{}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	return w, r
}

// TestResultOfReconcileIsShownByStatus also when it could not be kept, which must
// not fail, or when another table has taken the place.
func TestResultOfReconcileIsShownByStatus(t *testing.T) {
	ctx := context.Background()
	w, r := vanishing(t)
	status := func() *reconcile.Reconciled { return inspect.StatusOf(ctx, r, work.Request{}).Tables[0].Reconciled }
	if got := status(); got != nil {
		t.Fatalf("before the first one: %+v", got)
	}
	broken := *r
	broken.Lake = fault.New(w.lake, fault.Match(fault.Write, "*reconcile.json", 1, fault.Fail(storage.ErrDenied)))
	found, err := reconcile.Table(ctx, &broken, reconcile.Request{Table: "account"})
	need(t, err)
	if n := len(found.Events); n != 1 || found.Events[0].Code != report.CacheNotWritten || status() != nil {
		t.Fatalf("%+v, %+v", found.Events, status())
	}
	found, err = reconcile.Table(ctx, r, reconcile.Request{Table: "account"})
	need(t, err)
	if d := cmp.Diff(&found.Reconciled, status()); d != "" || found.Verdict != reconcile.HasVanished {
		t.Fatalf("%s: (-told +kept):\n%s", found.Verdict, d)
	}
	found, err = reconcile.Table(ctx, r, reconcile.Request{Table: "account", Apply: true})
	need(t, err)
	if d := cmp.Diff(&found.Reconciled, status()); d != "" || found.Verdict != reconcile.Matches || found.Removed != 1 {
		t.Fatalf("%s: (-told +kept):\n%s", found.Verdict, d)
	}
	pipeline.Run(ctx, r, work.Request{FullRefresh: true})
	if got := status(); got == nil || !got.BeforeRefresh || got.Removed != 1 {
		t.Fatalf("after a full refresh: %+v", got)
	}
	found, err = reconcile.Table(ctx, r, reconcile.Request{Table: "account"})
	need(t, err)
	if got := status(); got.BeforeRefresh || found.Verdict != reconcile.HasVanished {
		t.Fatalf("the refresh brought it back, %s: %+v", found.Verdict, got)
	}
	for e, err := range w.lake.List(ctx, "main/crm/account/_delta_log/", storage.ListOptions{}) {
		need(t, err)
		need(t, w.lake.Delete(ctx, e.Path))
	}
	for e, err := range w.lake.List(ctx, "main/crm/account/", storage.ListOptions{}) {
		need(t, err)
		if !strings.Contains(e.Path, "/_sluice/") {
			need(t, w.lake.Delete(ctx, e.Path))
		}
	}
	pipeline.Run(ctx, r, work.Request{})
	if got := status(); got != nil {
		t.Fatalf("of a new table: %+v", got)
	}
}

// TestRemovalMeetsRun lets a run, or a full refresh, bring what seemed to have
// vanished, at every storage operation of the removal: it stays, and the table
// matches then.
func TestRemovalMeetsRun(t *testing.T) {
	ctx := context.Background()
	for _, typ := range []spec.SCDType{spec.SCDType1, spec.SCDType2} {
		for _, refresh := range []bool{false, true} {
			operations := 1
			for n := 1; n <= operations; n++ {
				at := &placed{t, fmt.Sprintf("%s, full refresh %t, at operation %d", typ, refresh, n)}
				w, r := vanishingAs(t, typ)
				meet := fault.Call(func() {
					w.put(t, "2024-01-10T03.00.00Z/account/2024.csv", expandID("B")+",,,\"Bob again\",150,\n")
					w.manifest(t, "2024-01-10T03.00.00Z", "whole", "account")
					w.close(t, "2024-01-10T03.00.00Z")
					if result := pipeline.Run(ctx, r, work.Request{FullRefresh: refresh}); !isDone(result.State) {
						at.Fatalf("%s, %+v", result.State, failures(result))
					}
				})
				slow := *r
				counting := fault.New(w.lake, fault.At(n, meet))
				slow.Lake = counting
				// Another may have been faster, or have taken files away: then nothing was removed.
				_, _ = reconcile.Table(ctx, &slow, reconcile.Request{Table: "account", Apply: true})
				operations = counting.Count()
				found, err := reconcile.Table(ctx, r, reconcile.Request{Table: "account"})
				need(at, err)
				if found.Verdict != reconcile.Matches || found.InTable.Keys != 2 {
					at.Fatalf("%+v", found)
				}
			}
			if operations < 10 {
				t.Fatalf("%d operations", operations)
			}
		}
	}
}

// TestTwoRemovalsAtOnce: one of them is done.
func TestTwoRemovalsAtOnce(t *testing.T) {
	ctx := context.Background()
	w, r := vanishing(t)
	var other *reconcile.Reconciliation
	meet := fault.Call(func() {
		var err error
		other, err = reconcile.Table(ctx, r, reconcile.Request{Table: "account", Apply: true})
		need(t, err)
	})
	slow := *r
	slow.Lake = fault.New(w.lake, fault.Match(fault.PutIfAbsent, "*", 1, meet))
	_, err := reconcile.Table(ctx, &slow, reconcile.Request{Table: "account", Apply: true})
	if err == nil || other == nil || other.Removed != 1 {
		t.Fatalf("%v, %+v", err, other)
	}
	if s, err := delta.Load(ctx, w.lake, tablePath("account")); err != nil || s.Version != other.Version {
		t.Fatalf("version %d after %d, %v", s.Version, other.Version, err)
	}
}

// TestReconcileOfAnotherExport refuses to compare a table with an export that it was
// not made from: it would differ in every key.
func TestReconcileOfAnotherExport(t *testing.T) {
	ctx := context.Background()
	w, r := vanishing(t)
	s, err := delta.Load(ctx, w.lake, tablePath("account"))
	need(t, err)
	m := s.Metadata.WithConfiguration(map[string]string{"sluice.root": "another:/"})
	_, err = delta.Commit(ctx, s, delta.Changes{Metadata: &m}, delta.CommitOptions{})
	need(t, err)
	r.Source = remote{r.Source}
	_, err = reconcile.Table(ctx, r, reconcile.Request{Table: "account", Apply: true})
	if !errors.Is(err, local.ErrForeignTable) || !strings.Contains(err.Error(), "another:/") {
		t.Fatalf("%v", err)
	}
}
