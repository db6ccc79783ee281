package synapselink

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/trace"
)

// everything wants each table of each folder.
func everything(FolderName, string) bool { return true }

// aged is an export whose files were all written an hour ago, so that no
// manifest is young.
func aged(t testing.TB, files ...string) *Export {
	t.Helper()
	s := mem.New(func() time.Time { return testNow.Add(-time.Hour) })
	for i := 0; i < len(files); i += 2 {
		put(t, s, files[i], files[i+1])
	}
	return &Export{Store: s, Now: func() time.Time { return testNow }}
}

// closed lists the folders after one, "" for all.
func closed(t testing.TB, e *Export, after string) *Listing {
	t.Helper()
	from := FolderName{}
	if after != "" {
		from = name(t, after)
	}
	l, err := e.Closed(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	return &l
}

// walkText writes each folder with its tables and their columns.
func walkText(t testing.TB, e *Export, l *Listing, want func(FolderName, string) bool) string {
	t.Helper()
	var b strings.Builder
	for f, err := range e.Walk(t.Context(), l, want) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s", f.Name.Time().Format("15.04"), f.State)
		if f.Reason != "" {
			fmt.Fprintf(&b, " (%s)", f.Reason)
		}
		for _, table := range slices.Sorted(slices.Values(tablesOf(f))) {
			fmt.Fprintf(&b, " %s:%d", table, len(f.Tables[table]))
			if f.State == Ready && want(f.Name, table) {
				entity, err := f.Entity(t.Context(), table)
				if errors.Is(err, ErrNoSchema) {
					b.WriteString("/unknown")
				} else if err != nil {
					t.Fatal(err)
				} else {
					fmt.Fprintf(&b, "/%d", len(entity.Attributes))
				}
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func tablesOf(f *Folder) []string {
	var names []string
	for table := range f.Tables {
		names = append(names, table)
	}
	return names
}

// tablesManifest describes tables written "name columns".
func tablesManifest(tables ...string) string {
	var all []string
	for _, text := range tables {
		var table string
		var columns int
		fmt.Sscan(text, &table, &columns)
		var attributes []string
		for i := range columns {
			attributes = append(attributes, fmt.Sprintf(`{"name":"%s%d","dataType":"string"}`, table, i))
		}
		all = append(all, fmt.Sprintf(`{"name":%q,"annotations":[{"name":"Athena:InitialSyncState","value":"Completed"}],"attributes":[%s]}`,
			table, strings.Join(attributes, ",")))
	}
	return `{"entities":[` + strings.Join(all, ",") + `]}`
}

func TestWalk(t *testing.T) {
	const d = "2024-01-01T"
	files := []string{
		"Changelog/changelog.info", d + "10.40.00Z",
		d + "10.00.00Z/model.json", tablesManifest("account 3", "contact 2"),
		d + "10.00.00Z/account/2024.csv", "x", d + "10.00.00Z/contact/2024.csv", "x", d + "10.00.00Z/contact/1.csv", "x",
		d + "10.05.00Z/model.json", tablesManifest("account 4", "contact 2"),
		d + "10.05.00Z/account/2024.csv", "x",
		d + "10.10.00Z/model.json", tablesManifest("account 4", "contact 2"),
		d + "10.15.00Z/model.json", tablesManifest("account 4", "contact 2"),
		d + "10.15.00Z/lead/2024.csv", "x",
		d + "10.20.00Z/model.json", "",
		d + "10.20.00Z/account/2024.csv", "x",
		d + "10.25.00Z/account/2024.csv", "x",
		d + "10.30.00Z/model.json", "{",
		d + "10.35.00Z/model.json", "\x00\x00",
		d + "10.40.00Z/model.json", "",
	}
	ready := `10.00 ready account:1/3 contact:2/2
10.05 ready account:1/4
10.10 ready
10.15 ready lead:1/unknown
`
	e := aged(t, files...)
	l := closed(t, e, "")
	if d := cmp.Diff(ready+"10.20 settling (its model.json is empty) account:1\n", walkText(t, e, l, everything)); d != "" {
		t.Errorf("held (-want +got):\n%s", d)
	}
	if held, ok := l.Held(); !ok || held.Name != l.Folders[4].Name || !l.More || len(l.Closed) != 8 {
		t.Errorf("listing after the walk: %+v", l)
	}
	if rest := walkText(t, e, l, everything); rest != "" {
		t.Errorf("a walk goes on behind the folder that holds back the rest: %s", rest)
	}

	e.AbandonAfter = time.Hour
	l = closed(t, e, d+"10.05.00Z")
	got := walkText(t, e, l, func(f FolderName, table string) bool { return table != "lead" && f.Time().Minute() > 10 })
	var states []string
	for _, line := range strings.SplitAfter(got, "\n") {
		state, _, _ := strings.Cut(line, " (")
		states = append(states, state)
	}
	if d := cmp.Diff("10.10 ready\n 10.15 ready lead:1\n 10.20 abandoned 10.25 abandoned 10.30 abandoned 10.35 abandoned ", strings.Join(states, " ")); d != "" {
		t.Errorf("abandoned (-want +got):\n%s", d)
	}
	if len(l.Abandoned()) != 4 || l.More {
		t.Errorf("listing after the walk: %+v", l)
	}

	// What was abandoned is looked into again on its own, once it is complete.
	put(t, e.Store, d+"10.20.00Z/model.json", tablesManifest("account 5"))
	again := &Listing{Current: l.Current, Closed: l.Abandoned()[:1]}
	if d := cmp.Diff("10.20 ready account:1/5\n", walkText(t, e, again, everything)); d != "" {
		t.Errorf("again (-want +got):\n%s", d)
	}
}

// Folders come in order however long each takes, are limited, and a walk that
// was broken off goes on where it was.
func TestWalkIsOrdered(t *testing.T) {
	files := []string{"Changelog/changelog.info", "2024-01-02T00.00.00Z"}
	for i := range 50 {
		files = append(files, fmt.Sprintf("2024-01-01T10.%02d.00Z/model.json", i), smallManifest)
	}
	e := aged(t, files...)
	e.MaxFolders = 40
	l := closed(t, e, "")
	var got []int
	for range 2 {
		for f, err := range e.Walk(t.Context(), l, everything) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, f.Name.Time().Minute()); len(got) == 25 {
				break
			}
		}
	}
	if len(got) != 40 || !slices.IsSorted(got) || got[39] != 39 || !l.More || len(l.Ready()) != 40 {
		t.Errorf("%d folders %v, more %v", len(got), got, l.More)
	}
}

// hookedStore shows each operation before it is done.
type hookedStore struct {
	storage.Store
	list func(prefix string, entries iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error]
}

func (s hookedStore) List(ctx context.Context, prefix string, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return s.list(prefix, s.Store.List(ctx, prefix, o))
}

const (
	walkedFolder   = "2024-01-01T10.00.00Z/"
	walkedManifest = walkedFolder + "model.json"
)

// walkedExport has one closed folder.
func walkedExport(t *testing.T) *Export {
	return aged(t, "Changelog/changelog.info", "2024-01-02T00.00.00Z",
		walkedManifest, tablesManifest("account 3"), walkedFolder+"account/2024.csv", "x")
}

func TestWalkLooksAgainWhenManifestChanges(t *testing.T) {
	for changes, want := range map[int64]string{
		1:  "10.00 ready account:1/4\n",
		2:  "10.00 ready account:1/4\n",
		99: "10.00 settling (its model.json is being written)\n",
	} {
		e := walkedExport(t)
		inner := e.Store
		var lists atomic.Int64
		e.Store = hookedStore{inner, func(prefix string, entries iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
			return func(yield func(storage.Entry, error) bool) {
				entries(yield)
				if prefix == walkedFolder && lists.Add(1) <= changes {
					put(t, inner, walkedManifest, tablesManifest("account 4"))
				}
			}
		}}
		if d := cmp.Diff(want, walkText(t, e, closed(t, e, ""), everything)); d != "" {
			t.Errorf("%d changes (-want +got):\n%s", changes, d)
		}
	}
}

// A file that is written behind the back of a listing, before the manifest that
// the same listing shows, is not lost.
func TestWalkListsYoungFoldersAgain(t *testing.T) {
	for age, want := range map[time.Duration]string{
		time.Minute:   "10.00 ready account:2/3\n",
		-time.Minute:  "10.00 ready account:2/3\n",
		2 * time.Hour: "10.00 ready account:1/3\n", // nothing is written behind the back of a listing 2 hours later
	} {
		e := walkedExport(t)
		put(t, e.Store, walkedFolder+"account/1.csv", "x")
		e.Now = func() time.Time { return testNow.Add(-time.Hour + age) }
		var lists atomic.Int64
		e.Store = hookedStore{e.Store, func(prefix string, entries iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
			if prefix != walkedFolder || lists.Add(1) > 1 {
				return entries
			}
			return func(yield func(storage.Entry, error) bool) {
				for entry, err := range entries {
					if !strings.HasSuffix(entry.Path, "/1.csv") && !yield(entry, err) {
						return
					}
				}
			}
		}}
		if d := cmp.Diff(want, walkText(t, e, closed(t, e, ""), everything)); d != "" {
			t.Errorf("age %s (-want +got):\n%s", age, d)
		}
	}
}

func TestWalkFolderDeleted(t *testing.T) {
	e := walkedExport(t)
	l := closed(t, e, "")
	for _, file := range []string{walkedManifest, walkedFolder + "account/2024.csv"} {
		if err := e.Store.Delete(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	}
	want := "10.00 settling (it holds no files: it was deleted just now, or never filled)\n"
	if d := cmp.Diff(want, walkText(t, e, l, everything)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestWalkError(t *testing.T) {
	e := walkedExport(t)
	l := closed(t, e, "")
	e.Store = hookedStore{e.Store, func(string, iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
		return func(yield func(storage.Entry, error) bool) { yield(storage.Entry{}, errCable) }
	}}
	calls := 0
	for f, err := range e.Walk(t.Context(), l, everything) {
		calls++
		if f != nil || !errors.Is(err, errCable) || !strings.Contains(err.Error(), "2024-01-01T10.00.00Z") {
			t.Errorf("%v, %v", f, err)
		}
	}
	if calls != 1 || len(l.Folders) != 0 {
		t.Errorf("%d calls, listing %+v", calls, l)
	}
}

// Files and manifests are taken in the version listed: a table of a folder whose
// file changes between planning and reading is planned again.
func TestWalkPinsFiles(t *testing.T) {
	e := walkedExport(t)
	for f, err := range e.Walk(t.Context(), closed(t, e, ""), everything) {
		if err != nil {
			t.Fatal(err)
		}
		entity := entity("account", "Id guid", "versionnumber int64", "IsDelete boolean")
		put(t, e.Store, walkedFolder+"account/2024.csv", idA+",1,False\n")
		parts := []FolderPart{{Folder: f.Name, Entity: entity, Files: f.Tables["account"]}}
		_, _, err := readTable(t, e, parts, schemaOf(t, entity, Selection{}), Selection{}, SourceOptions{})
		if !errors.Is(err, storage.ErrChanged) {
			t.Errorf("%v, want %v", err, storage.ErrChanged)
		}
	}
}

// A table that nobody wanted can be asked for all the same, and what a folder's
// own manifest lacks comes from the table's.
func TestFolderEntity(t *testing.T) {
	filler := `{"name":"filler","attributes":[],"x":"` + strings.Repeat("x", manifestPeek) + `"}`
	large := strings.Replace(tablesManifest("account 3", "contact 2"), `]}]}`, `]},`+filler+`]}`, 1)
	for want, reads := range map[string]string{"": "peek whole", "account": "whole"} {
		e := walkedExport(t)
		put(t, e.Store, walkedManifest, large)
		put(t, e.Store, walkedFolder+"Microsoft.Athena.TrickleFeedService/lead-model.json", tablesManifest("lead 7"))
		e.Now = func() time.Time { return testNow.Add(time.Hour) }
		tracer := trace.New(e.Store, nil)
		e.Store = tracer
		for f, err := range e.Walk(t.Context(), closed(t, e, ""), func(_ FolderName, table string) bool { return table == want }) {
			if err != nil {
				t.Fatal(err)
			}
			for table, columns := range map[string]int{"contact": 2, "Account": 3, "lead": 7} {
				if entity, err := f.Entity(t.Context(), table); err != nil || len(entity.Attributes) != columns {
					t.Errorf("%s: %+v, %v", table, entity, err)
				}
			}
			if _, err := f.Entity(t.Context(), "nothing"); !errors.Is(err, ErrNoSchema) {
				t.Errorf("%v, want %v", err, ErrNoSchema)
			}
		}
		var got []string
		for line := range strings.Lines(tracer.Take()) {
			switch strings.TrimSpace(line) {
			case "read " + walkedManifest:
				got = append(got, "whole")
			case fmt.Sprintf("read %s 0+%d", walkedManifest, manifestPeek):
				got = append(got, "peek")
			}
		}
		if strings.Join(got, " ") != reads {
			t.Errorf("want %q: read %q, want %q", want, got, reads)
		}
	}
}
