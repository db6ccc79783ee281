package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/prune"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// prunable is an export whose folders are weeks old, followed by a lake.
func prunable(t *testing.T) (*handmade, *mem.Store, *mem.Store, *work.Pipeline) {
	t.Helper()
	h := crashHistory()
	source, lake := mem.New(fixedClock), mem.New(fixedClock)
	h.write(t, source, 0, 4)
	r := way{scd: change.Type1, vectors: true}.runner(source, lake, h.table)
	r.Config.Source.AbandonAfter = spec.DefaultAbandonAfter
	if result := pipeline.Run(context.Background(), r, work.Request{}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	return h, source, lake, r
}

func pathsOf(t tester, store storage.Store) []string {
	t.Helper()
	paths := []string{}
	for e, err := range store.List(context.Background(), "", storage.ListOptions{}) {
		need(t, err)
		paths = append(paths, e.Path)
	}
	return paths
}

func pruning(t tester, q prune.Request, runners ...*work.Pipeline) string {
	t.Helper()
	list, err := prune.Folders(context.Background(), runners, q)
	need(t, err)
	return prunedText(list)
}

var errHeld = errors.New("held by another program")

func isHeld(err error) bool { return errors.Is(err, errHeld) }

// leasedStore tells of leases as a container in Azure does.
type leasedStore struct {
	storage.Store

	leased []string
}

func (s leasedStore) Leased(_ context.Context, prefix string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(s.leased), func(path string) bool { return !strings.HasPrefix(path, prefix) }), nil
}

const keptAtCursor = "kept 2024-01-10T21.00.00Z to 2024-01-10T21.00.00Z, 1: main.crm.account it is the last that the table holds, and shows that none is missing behind it\n"

// TestPruneStopsAtWhatIsHeld: a folder that another program holds a file of stays
// whole where that is known before, and those after it stay in any case. The next
// prune goes on there.
func TestPruneStopsAtWhatIsHeld(t *testing.T) {
	hold := func(path string) fault.Plan {
		return fault.Match(fault.Delete, path, 1, fault.Fail(&storage.Error{Op: "delete", Path: "it", Err: errHeld}))
	}
	csv := handFolder(1) + "/account/2024.csv"
	for name, test := range map[string]struct {
		source func(storage.Store) storage.Store
		want   string
		rest   string
	}{
		"model.json of the first": {
			source: func(s storage.Store) storage.Store { return fault.New(s, hold(handFolder(0)+"/model.json")) },
			want: `removed: folders 0, files 0
  2024-01-10T00.00.00Z files 3: it stays whole: delete it: held by another program
  2024-01-10T07.00.00Z files 3: it stays with 2024-01-10T00.00.00Z before it
  2024-01-10T14.00.00Z files 3: it stays with 2024-01-10T00.00.00Z before it
` + keptAtCursor + `warn PRUNE_SKIPPED: folder 2024-01-10T00.00.00Z was not removed: it stays whole: delete it: held by another program; 2 folders stay after it
`,
			rest: "removed: folders 3, files 9\n",
		},
		"rows, not known before": {
			source: func(s storage.Store) storage.Store { return fault.New(s, hold(csv)) },
			want: `removed: folders 1, files 5
  2024-01-10T00.00.00Z files 3
  2024-01-10T07.00.00Z files 3: its model.json is gone, and the rest goes with a later prune: delete it: held by another program
  2024-01-10T14.00.00Z files 3: it stays with 2024-01-10T07.00.00Z before it
` + keptAtCursor + `warn PRUNE_SKIPPED: folder 2024-01-10T07.00.00Z was not removed: its model.json is gone, and the rest goes with a later prune: delete it: held by another program; 1 folder stays after it
`,
			rest: "removed: folders 2, files 4\n",
		},
		"rows, leased": {
			source: func(s storage.Store) storage.Store { return leasedStore{s, []string{csv}} },
			want: `removed: folders 1, files 3
  2024-01-10T00.00.00Z files 3
  2024-01-10T07.00.00Z files 3: it stays whole: mem://2024-01-10T07.00.00Z/account/2024.csv is leased by another program
  2024-01-10T14.00.00Z files 3: it stays with 2024-01-10T07.00.00Z before it
` + keptAtCursor + `warn PRUNE_SKIPPED: folder 2024-01-10T07.00.00Z was not removed: it stays whole: mem://2024-01-10T07.00.00Z/account/2024.csv is leased by another program; 1 folder stays after it
`,
			rest: "removed: folders 2, files 6\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, source, _, r := prunable(t)
			held := *r
			held.Source = test.source(source)
			if d := cmp.Diff(test.want, pruning(t, prune.Request{Delete: true, Held: isHeld}, &held)); d != "" {
				t.Fatal(d)
			}
			if got := pruning(t, prune.Request{Delete: true}, r); !strings.HasPrefix(got, test.rest) {
				t.Fatalf("the next one: %s", got)
			}
		})
	}
}

// remote is a store that says where it is as a storage account does.
type remote struct{ storage.Store }

func (remote) URL(path string) string { return "https://lake.blob.core.windows.net/" + path }

// TestPruneWithoutTheRole stops at the first file and removes nothing.
func TestPruneWithoutTheRole(t *testing.T) {
	_, source, _, r := prunable(t)
	before := pathsOf(t, source)
	denied := &storage.Error{Op: "delete", Path: "model.json", Err: storage.ErrDenied}
	r.Source = remote{fault.New(source, fault.Match(fault.Delete, "*", 1, fault.Fail(denied)))}
	list, err := prune.Folders(context.Background(), []*work.Pipeline{r}, prune.Request{Delete: true, Held: isHeld})
	need(t, err)
	failed := list[0].Error
	if failed == nil || failed.Code != "ACCESS_DENIED" ||
		!strings.Contains(failed.Message, "needs the role Storage Blob Data Contributor on https://lake.blob.core.windows.net/") {
		t.Fatalf("%+v", failed)
	}
	if d := cmp.Diff(before, pathsOf(t, source)); d != "" || list[0].Count != 0 || list[0].Folders[2].Skipped != "not reached" {
		t.Fatalf("%+v\n%s", list[0], d)
	}
}

// TestPruneInterrupted breaks off at every file. A new table then has what the
// folders say that are left whole, and never a half of one; the next removal
// leaves nothing of the others.
func TestPruneInterrupted(t *testing.T) {
	ctx := context.Background()
	h, whole, _, _ := prunable(t)
	const last = 3 // the folder at the cursor
	files := 0
	for n := range last {
		files += len(h.folders[n]) + 1
	}
	for stop := 1; stop <= files; stop++ {
		_, source, _, r := prunable(t)
		broken := *r
		deleted := 0
		broken.Source = fault.New(source, func(o fault.Operation) fault.Action {
			if isFile := strings.HasSuffix(o.Path, ".csv") || strings.HasSuffix(o.Path, ".json"); o.Op == fault.Delete && isFile {
				deleted++
			}
			if deleted == stop {
				return fault.Fail(errHeld)
			}
			return fault.Pass()
		})
		list, err := prune.Folders(ctx, []*work.Pipeline{&broken}, prune.Request{Delete: true})
		need(t, err)
		if list[0].Error == nil || list[0].Files != int64(stop-1) {
			t.Fatalf("broken off at file %d: %+v", stop, list[0])
		}
		left := pathsOf(t, source)
		history := slices.DeleteFunc(h.history(t, last+1), func(w exporter.Written) bool {
			return !slices.Contains(left, folderOf(w.Folder)+"/model.json")
		})
		lake := mem.New(fixedClock)
		fresh := *r
		fresh.Lake = lake
		if result := pipeline.Run(ctx, &fresh, work.Request{}); len(failures(result)) > 0 {
			t.Fatalf("broken off at file %d: %+v", stop, failures(result))
		}
		got, _ := contentOf(t, lake, tablePath(h.table))
		if d := differences(expected(t, history, h.columns, change.Type1, change.NoEnd), got); d != "" {
			t.Fatalf("broken off at file %d: a new table has not what the folders say that are whole:\n%s", stop, d)
		}
		pruning(t, prune.Request{Delete: true}, r)
		want := slices.DeleteFunc(pathsOf(t, whole), func(path string) bool {
			return strings.HasPrefix(path, "2024") && !strings.HasPrefix(path, handFolder(last))
		})
		if d := cmp.Diff(want, pathsOf(t, source)); d != "" {
			t.Fatalf("broken off at file %d: after the next removal (-want +got):\n%s", stop, d)
		}
	}
}

func folderOf(digits int64) string {
	at, err := time.Parse("20060102150405", fmt.Sprint(digits))
	if err != nil {
		return err.Error()
	}
	return at.Format("2006-01-02T15.04.05Z")
}

// TestPruneAsksAllPipelines: one pipeline is named, and another that reads the
// same export has not got as far; a third reads another environment.
func TestPruneAsksAllPipelines(t *testing.T) {
	ctx := context.Background()
	h := crashHistory()
	source, lake := mem.New(fixedClock), mem.New(fixedClock)
	for _, root := range []string{"prod", "dev"} {
		export := mem.New(fixedClock)
		h.write(t, export, 0, 4)
		for _, path := range pathsOf(t, export) {
			data, err := storage.ReadAll(ctx, export, path)
			need(t, err)
			putFile(t, source, root+"/"+path, data)
		}
	}
	runner := func(name, environment string) *work.Pipeline {
		r := way{scd: change.Type1, vectors: true}.runner(source, lake, h.table)
		r.Config.Key, r.Config.Name = name, name
		r.Config.Tables[0].SourceSchema = environment
		r.Config.Tables[0].Destination.Schema = name
		return r
	}
	first, second, third := runner("first", "prod"), runner("second", "prod"), runner("third", "dev")
	for _, r := range []*work.Pipeline{first, third} {
		if result := pipeline.Run(ctx, r, work.Request{}); !isDone(result.State) {
			t.Fatalf("%s, %+v", result.State, failures(result))
		}
	}
	got := pruning(t, prune.Request{Pipelines: []string{"first"}}, first, second, third)
	want := `can go: folders 0, files 0
kept 2024-01-10T00.00.00Z to 2024-01-10T21.00.00Z, 4: main.second.account no run has made the table yet
`
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	if result := pipeline.Run(ctx, second, work.Request{}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	got = pruning(t, prune.Request{Pipelines: []string{"first"}, Delete: true}, first, second, third)
	if !strings.HasPrefix(got, "removed: folders 3, files 9\n") || strings.Count(got, "removed") != 1 {
		t.Fatal(got)
	}
	left := pathsOf(t, source)
	if !slices.Contains(left, "dev/"+handFolder(0)+"/model.json") || slices.Contains(left, "prod/"+handFolder(0)+"/model.json") {
		t.Fatalf("%v", left)
	}
	got = pruning(t, prune.Request{}, first, second, third)
	if want := "can go: folders 0, files 0\nkept"; !strings.HasPrefix(got, want) || !strings.Contains(got, "can go: folders 3, files 9\n") {
		t.Fatal(got)
	}
}
