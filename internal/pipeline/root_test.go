package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/prune"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// TestEnvironmentInAnotherFolder: a pipeline that is pointed at another environment
// keeps the names that it had, and no row of the other one gets into its tables
// until they are made anew.
func TestEnvironmentInAnotherFolder(t *testing.T) {
	mapped := func(folder string) spec.Pipeline {
		return spec.Pipeline{Name: "p", Environments: []spec.Environment{everyTable(prodURL, "prod")},
			Source: spec.Source{Environments: map[string]string{prodURL: folder}}}
	}
	k := newContainer(t, []string{"account", "contact"}, "a", "b")
	if result := k.run(mapped("a"), work.Request{}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	k.step(t)
	result := k.run(mapped("b"), work.Request{})
	if result.State != report.Failed || len(result.Tables) != 2 {
		t.Fatalf("%s of %d tables, %+v", result.State, len(result.Tables), failures(result))
	}
	for i := range result.Tables {
		err := result.Tables[i].Error
		if err.Code != "FOREIGN_TABLE" || !strings.Contains(err.Message, "was made from the export in /a, and the pipeline now reads /b") ||
			!strings.Contains(err.Message, "sluice run --table "+result.Tables[i].SourceTable+" --full-refresh") {
			t.Errorf("%s: %s %s", result.Tables[i].Table, err.Code, err.Message)
		}
	}
	r := &work.Pipeline{Config: mapped("b"), Source: k.source, Lake: k.lake, Options: work.Options{Clock: fixedClock}}
	if status := inspect.StatusOf(context.Background(), r, work.Request{}); status.Tables[0].State != inspect.RefreshRequired {
		t.Errorf("status says %s", status.Tables[0].State)
	}
	if _, err := reconcile.Table(context.Background(), r, reconcile.Request{Table: "account"}); !errors.Is(err, local.ErrForeignTable) {
		t.Errorf("reconcile: %v", err)
	}
	r.Options.Clock = func() time.Time { return fixedClock().Add(72 * time.Hour) }
	pruned, err := prune.Folders(context.Background(), []*work.Pipeline{r}, prune.Request{})
	if err != nil || len(pruned) != 1 || pruned[0].Count != 0 || len(pruned[0].Kept) == 0 {
		t.Errorf("folders that the tables never read could go: %+v, %v", pruned, err)
	}
	if result := k.run(mapped("b"), work.Request{FullRefresh: true}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	k.check(t, "b", "prod")
	if result := k.run(mapped("a"), work.Request{}); result.State != report.Failed {
		t.Errorf("and back: %s", result.State)
	}
	k.check(t, "b", "prod")
}

// elsewhere is a store that goes by another address.
type elsewhere struct {
	*mem.Store

	url string
}

func (e elsewhere) URL(path string) string { return e.url + "/" + path }

// TestRootIsThePlaceOfTheExport: what a table remembers of the place of its export
// is container and folder, and account and endpoint may change; on disk it is the
// path or the way from the lake, so that one of the two may change.
func TestRootIsThePlaceOfTheExport(t *testing.T) {
	const lake = "/data/lake"
	for _, c := range []struct {
		first, then         string
		lakeFirst, lakeThen string
		same                bool
	}{
		{"abfss://c@one.dfs.core.windows.net", "abfss://c@two.dfs.core.windows.net", lake, lake, true},
		{"abfss://c@one.dfs.core.windows.net", "https://one.blob.core.windows.net/c", lake, lake, true},
		{"abfss://c@one.dfs.core.windows.net", "http://127.0.0.1:10000/devstoreaccount1/c", lake, lake, true},
		{"abfss://c@one.dfs.core.windows.net", "abfss://d@one.dfs.core.windows.net", lake, lake, false},
		{"abfss://c@one.dfs.core.windows.net/x", "abfss://c@one.dfs.core.windows.net", lake, lake, false},
		{"abfss://c@one.dfs.core.windows.net/x", "https://one.blob.core.windows.net/c/x", lake, lake, true},
		{"/data/export", "/data/export", lake, lake, true},
		{"/data/export", "/data/export", "mem://", "mem://", true},
		{"/data/export", "/data/other", lake, lake, false},
		{"/data/export", "/data/export/uat", lake, lake, false},
		{"/data/export", "/mnt/export", lake, lake, false},
		{"/data/export", "/mnt/export", lake, "/mnt/lake", true}, // the project was moved
		{"/data/export", "/data/export", lake, "/mnt/lake", true},
		{"/data/export", "/data/export", lake, "mem://", true},
		{"/data/export", "/mnt/export", "mem://", "mem://", false},
		{"/data/export", "abfss://c@one.dfs.core.windows.net/x", lake, lake, false},
		{`C:\data\export`, `D:\data\export`, `C:\data\lake`, `C:\data\lake`, false},
	} {
		k := newContainer(t, []string{"account"}, "")
		p := spec.Pipeline{Name: "p", Environments: []spec.Environment{everyTable(prodURL, "prod")}}
		var states []report.State
		for _, at := range [][2]string{{c.first, c.lakeFirst}, {c.then, c.lakeThen}} {
			r := &work.Pipeline{Config: p, Source: elsewhere{k.source, at[0]}, Lake: elsewhere{k.lake, at[1]},
				Options: work.Options{Clock: fixedClock, Workers: 2}}
			states = append(states, pipeline.Run(context.Background(), r, work.Request{}).State)
		}
		if !isDone(states[0]) || isDone(states[1]) != c.same {
			t.Errorf("%+v: %v", c, states)
		}
	}
}

// TestWayFromTheLakeIsForgotten: a table that was made anew from a container is not
// taken for one of the export on disk that it was made from before.
func TestWayFromTheLakeIsForgotten(t *testing.T) {
	k := newContainer(t, []string{"account"}, "")
	p := spec.Pipeline{Name: "p", Environments: []spec.Environment{everyTable(prodURL, "prod")}}
	for i, c := range []struct {
		url     string
		refresh bool
		done    bool
	}{
		{"/data/export", false, true},
		{"abfss://c@one.dfs.core.windows.net", true, true},
		{"/data/export", false, false},
	} {
		r := &work.Pipeline{Config: p, Source: elsewhere{k.source, c.url}, Lake: elsewhere{k.lake, "/data/lake"}, Options: work.Options{Clock: fixedClock}}
		if result := pipeline.Run(context.Background(), r, work.Request{FullRefresh: c.refresh}); isDone(result.State) != c.done {
			t.Errorf("%d: %s, %+v", i, result.State, failures(result))
		}
	}
}

// TestRootIsNotOneOfItsFolders: an environment at the root of a container or folder,
// and another in a folder of it, are two.
func TestRootIsNotOneOfItsFolders(t *testing.T) {
	for _, folders := range [][2]string{{"", "uat"}, {"uat", ""}} {
		for _, url := range []string{"mem://", "/data/export", "abfss://c@one.dfs.core.windows.net"} {
			k := newContainer(t, []string{"account"}, "", "uat")
			var last report.Result
			for i, folder := range folders {
				p := spec.Pipeline{Name: "p", Environments: []spec.Environment{everyTable(prodURL, "prod")},
					Source: spec.Source{Environments: map[string]string{prodURL: folder}}}
				r := &work.Pipeline{Config: p, Source: elsewhere{k.source, url}, Lake: k.lake, Options: work.Options{Clock: fixedClock}}
				if last = pipeline.Run(context.Background(), r, work.Request{}); i == 0 && !isDone(last.State) {
					t.Fatalf("%s: %+v", url, failures(last))
				}
			}
			if len(last.Tables) != 1 || last.Tables[0].Error == nil || last.Tables[0].Error.Code != "FOREIGN_TABLE" {
				t.Errorf("%s, %q: %s, %+v", url, folders, last.State, failures(last))
			}
			k.check(t, folders[0], "prod")
		}
	}
}

// TestTwoPipelinesOfOneTable: only the one that made a table keeps it, until another
// one takes it over; then only that one does.
func TestTwoPipelinesOfOneTable(t *testing.T) {
	k := newContainer(t, []string{"account"}, "")
	named := func(name string) spec.Pipeline {
		return spec.Pipeline{Name: name, Environments: []spec.Environment{everyTable(prodURL, "prod")}}
	}
	for i, c := range []struct {
		pipeline string
		request  work.Request
		keeper   string // that it is refused for
	}{
		{"one", work.Request{}, ""},
		{"two", work.Request{}, "one"},
		{"one", work.Request{}, ""},
		{"two", work.Request{FullRefresh: true}, ""},
		{"one", work.Request{}, "two"},
		{"two", work.Request{}, ""},
		{"one", work.Request{FullRefresh: true}, ""},
		{"two", work.Request{}, "one"},
		{"one", work.Request{}, ""},
	} {
		k.step(t)
		result := k.run(named(c.pipeline), c.request)
		if isDone(result.State) != (c.keeper == "") || len(result.Tables) != 1 {
			t.Fatalf("%d: %s: %s, %+v", i, c.pipeline, result.State, failures(result))
		}
		if c.keeper == "" {
			k.check(t, "", "prod")
		} else if err := result.Tables[0].Error; !errors.Is(err, local.ErrForeignTable) || !strings.Contains(err.Message, "pipeline "+c.keeper+" keeps mem://main/prod/account in step") {
			t.Errorf("%d: %s", i, err.Message)
		}
	}
}

// TestTwoPipelinesMakeOneTable: one that finds no table, and meets that of another
// when it is done, leaves it alone.
func TestTwoPipelinesMakeOneTable(t *testing.T) {
	w := newWritten(t)
	w.put("Changelog/changelog.info", "2024-01-10T00.10.00Z")
	w.rows("2024-01-10T00.05.00Z", `A,"Ann",1`, `B,"Bob",2`)
	w.put("2024-01-10T00.05.00Z/model.json", oneTable)
	other := *w.runner
	other.Config.Name, other.Config.Key = "q", "q"
	w.runner.Source = &flicker{Store: w.source, path: "2024-01-10T00.05.00Z/account/2024.csv", do: func() {
		if result := pipeline.Run(context.Background(), &other, work.Request{}); !isDone(result.State) {
			t.Errorf("the other one: %s", result.State)
		}
	}}
	result := w.run(work.Request{})
	if result.Error == nil || !errors.Is(result.Error, local.ErrForeignTable) || !strings.Contains(result.Error.Message, "pipeline q keeps") {
		t.Errorf("%s: %v", result.State, result.Error)
	}
	if content, _ := contentOf(t, w.lake, "main/crm/account"); len(content.rows) != 2 {
		t.Errorf("%d rows, want 2", len(content.rows))
	}
}
