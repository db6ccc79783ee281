package synapselink

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage/trace"
)

// requests counts the lines of a trace by their operation. A listing counts as
// one, though a store answers it with a page of 5,000 names at a time.
func requests(lines string) string {
	counts := map[string]int{}
	for line := range strings.Lines(lines) {
		op, _, _ := strings.Cut(line, " ")
		counts[op]++
	}
	return fmt.Sprintf("stat %d, list %d, read %d", counts["stat"], counts["list"], counts["read"])
}

// backlog is an export with folders every 5 minutes, each with rows of a table.
func backlog(t testing.TB, folders int) (e *Export, names []FolderName) {
	at := func(i int) string {
		return time.Date(2024, 1, 1, 0, 5*i, 0, 0, time.UTC).Format("2006-01-02T15.04.05Z")
	}
	files := []string{"Changelog/changelog.info", at(folders), "model.json", smallManifest}
	for i := range folders {
		name := name(t, at(i))
		names = append(names, name)
		files = append(files, name.String()+"/model.json", tablesManifest("account 3"), name.String()+"/account/2024.csv", "x")
	}
	return aged(t, files...), names
}

// The numbers of the table in doc.go.
func TestRequests(t *testing.T) {
	plan := func(t *testing.T, e *Export, after FolderName, folders int) {
		l, err := e.Closed(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		for f, err := range e.Walk(t.Context(), &l, everything) {
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := f.Entity(t.Context(), "account"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(l.Ready()) != folders {
			t.Fatalf("%d folders, want %d", len(l.Ready()), folders)
		}
	}
	for _, tt := range []struct {
		what    string
		folders int
		do      func(t *testing.T, e *Export, names []FolderName)
		want    string
	}{
		{"nothing new", 500, func(t *testing.T, e *Export, names []FolderName) { plan(t, e, names[499], 0) }, "stat 0, list 3, read 1"},
		{"one new folder", 500, func(t *testing.T, e *Export, names []FolderName) { plan(t, e, names[498], 1) }, "stat 0, list 4, read 2"},
		{"one new folder, young", 500, func(t *testing.T, e *Export, names []FolderName) {
			e.Now = nil
			plan(t, e, names[498], 1)
		}, "stat 0, list 5, read 2"},
		{"500 new folders", 501, func(t *testing.T, e *Export, names []FolderName) { plan(t, e, names[0], 500) }, "stat 0, list 504, read 501"},
		{"everything new", 500, func(t *testing.T, e *Export, _ []FolderName) { plan(t, e, FolderName{}, 500) }, "stat 0, list 501, read 501"},
		{"open", 500, func(t *testing.T, e *Export, _ []FolderName) { ok(t, e.Open(t.Context())) }, "stat 1, list 0, read 0"},
		{"listing with nothing new", 500, func(t *testing.T, e *Export, names []FolderName) {
			_, err := e.Listing(t.Context(), names[499])
			ok(t, err)
		}, "stat 0, list 3, read 1"},
		{"listing of 10 folders", 11, func(t *testing.T, e *Export, names []FolderName) {
			_, err := e.Listing(t.Context(), names[0])
			ok(t, err)
		}, "stat 0, list 3, read 11"},
		{"one environment at the root", 500, func(t *testing.T, e *Export, _ []FolderName) {
			found, err := FindEnvironments(t.Context(), e.Store)
			ok(t, err)
			if d := cmp.Diff(Environments{Whole: []string{""}}, found); d != "" {
				t.Errorf("environments (-want +got):\n%s", d)
			}
		}, "stat 0, list 1, read 0"},
		{"schema of 3 tables of one folder", 1, func(t *testing.T, e *Export, names []FolderName) {
			for range 3 {
				_, err := e.TableSchema(t.Context(), names[0], "account")
				ok(t, err)
			}
		}, "stat 0, list 0, read 1"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			e, names := backlog(t, tt.folders)
			tracer := trace.New(e.Store, nil)
			e.Store = tracer
			tt.do(t, e, names)
			lines := tracer.Take()
			if got := requests(lines); got != tt.want {
				t.Errorf("%s, want %s:\n%s", got, tt.want, lines)
			}
		})
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What a run with nothing new asks for, word for word.
func TestNothingNew(t *testing.T) {
	e, names := backlog(t, 20)
	tracer := trace.New(e.Store, nil)
	e.Store = tracer
	if _, err := e.Closed(t.Context(), names[19]); err != nil {
		t.Fatal(err)
	}
	want := `read Changelog/changelog.info 0+4096
list " " level 0
list 2024-01-01T after=2024-01-01T01 level 8
list EntitySyncFailure level 0
`
	if d := cmp.Diff(want, tracer.Take()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
