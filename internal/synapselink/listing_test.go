package synapselink

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
)

func TestStates(t *testing.T) {
	const hour = time.Hour
	at := func(clock string) time.Time {
		parsed, err := time.Parse("15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2024, 1, 1, parsed.Hour(), parsed.Minute(), parsed.Second(), 0, time.UTC)
	}
	facts := []FolderFacts{
		{Name: name(t, "2024-01-01T10.00.00Z"), Manifest: ManifestUsable, Successor: name(t, "2024-01-01T10.05.00Z")},
		{Name: name(t, "2024-01-01T10.05.00Z"), Manifest: ManifestMissing, Successor: name(t, "2024-01-01T10.10.00Z")},
		{Name: name(t, "2024-01-01T10.10.00Z"), Manifest: ManifestEmpty, Successor: name(t, "2024-01-01T10.15.00Z")},
		{Name: name(t, "2024-01-01T10.15.00Z"), Manifest: ManifestBroken, Successor: name(t, "2024-01-01T10.20.00Z")},
		{Name: name(t, "2024-01-01T10.20.00Z"), Manifest: ManifestUsable},
	}
	for _, tt := range []struct {
		now     string
		abandon time.Duration
		want    string
	}{
		{"10:30:00", 0, "ready settling settling settling open"},
		{"23:59:59", 0, "ready settling settling settling open"},
		{"11:09:59", hour, "ready settling settling settling open"},
		{"11:10:00", hour, "ready abandoned settling settling open"},
		{"11:20:00", hour, "ready abandoned abandoned abandoned open"},
		{"10:00:00", hour, "ready settling settling settling open"},
	} {
		var got []string
		for _, s := range States(facts, name(t, "2024-01-01T10.20.00Z"), at(tt.now), tt.abandon) {
			got = append(got, s.State.String())
			if (s.Reason == "") != (s.State == Ready) {
				t.Errorf("%s: state %s with reason %q", s.Name, s.State, s.Reason)
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("at %s: %s, want %s", tt.now, got, tt.want)
		}
	}
}

// day makes an export of the folders of 2024-01-01, written "10.00 ready".
func day(t *testing.T, changelog string, folders ...string) *Export {
	t.Helper()
	e := newExport(t, "model.json", smallManifest, "Changelog/changelog.info", changelog)
	for _, f := range folders {
		clock, state, _ := strings.Cut(f, " ")
		folder := "2024-01-01T" + clock + ".00Z"
		put(t, e.Store, folder+"/account/2024.csv", "x")
		switch state {
		case "ready":
			put(t, e.Store, folder+"/model.json", smallManifest)
		case "empty":
			put(t, e.Store, folder+"/model.json", "")
		case "broken":
			put(t, e.Store, folder+"/model.json", smallManifest[:100])
		case "truncated":
			put(t, e.Store, folder+"/model.json", truncatedManifest)
		}
	}
	return e
}

func listingText(l Listing) string {
	var b strings.Builder
	for _, f := range l.Folders {
		fmt.Fprintf(&b, "%s %s %s\n", f.Name, f.State, f.Reason)
	}
	if l.More {
		b.WriteString("more\n")
	}
	return b.String()
}

func TestListing(t *testing.T) {
	for name, tt := range map[string]struct {
		changelog string
		folders   []string
		want      string
	}{
		"all ready": {"2024-01-01T10.10.00Z", []string{"10.00 ready", "10.05 ready", "10.10 empty"}, "10.00 ready,10.05 ready"},
		"nothing closed": {
			"2024-01-01T10.00.00Z", []string{"10.00 empty"}, "",
		},
		"changelog with bom and crlf":  {"\xef\xbb\xbf 2024-01-01T10.05.00Z \r\n", []string{"10.00 ready", "10.05 ready"}, "10.00 ready"},
		"changelog in colon form":      {"2024-01-01T10:05:00Z", []string{"10.00 ready", "10.05 ready"}, "10.00 ready"},
		"folders beyond the changelog": {"2024-01-01T10.05.00Z", []string{"10.00 ready", "10.05 ready", "10.10 ready"}, "10.00 ready"},
		"a settling folder holds back": {"2024-01-01T10.20.00Z", []string{"10.00 ready", "10.05 empty", "10.10 ready"}, "10.00 ready,10.05 settling its model.json is empty,more"},
		"missing manifest":             {"2024-01-01T10.20.00Z", []string{"10.00 none"}, "10.00 settling its model.json is missing"},
		"broken manifest":              {"2024-01-01T10.20.00Z", []string{"10.00 broken"}, "10.00 settling its model.json cannot be read"},
		"truncated manifest":           {"2024-01-01T10.20.00Z", []string{"10.00 truncated", "10.05 ready"}, "10.00 ready,10.05 ready"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := day(t, tt.changelog, tt.folders...).Listing(t.Context(), FolderName{})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer("2024-01-01T", "", ".00Z", "").Replace(listingText(l))
			want := ""
			if tt.want != "" {
				want = strings.ReplaceAll(tt.want, ",", "\n") + "\n"
			}
			got = strings.ReplaceAll(got, " \n", "\n")
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestListingResult(t *testing.T) {
	e := day(t, "2024-01-01T10.20.00Z", "10.00 ready", "10.05 none", "10.10 ready", "10.15 empty")
	l, err := e.Listing(t.Context(), FolderName{})
	if err != nil {
		t.Fatal(err)
	}
	held, ok := l.Held()
	if !ok || held.Name.String() != "2024-01-01T10.05.00Z" || len(l.Ready()) != 1 || l.Current.Digits() != 20240101102000 {
		t.Errorf("held %v %v, ready %v, current %v", held, ok, l.Ready(), l.Current)
	}
	e.AbandonAfter = time.Hour
	if l, err = e.Listing(t.Context(), FolderName{}); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Held(); ok || len(l.Ready()) != 2 || len(l.Abandoned()) != 2 || l.More {
		t.Errorf("with abandonment: ready %v, abandoned %v", l.Ready(), l.Abandoned())
	}
	facts, err := e.Look(t.Context(), l.Abandoned())
	if err != nil || facts[0].Manifest != ManifestMissing || facts[1].Manifest != ManifestEmpty {
		t.Errorf("second look %v, %v", facts, err)
	}
}

func TestListingAfter(t *testing.T) {
	e := day(t, "2024-01-01T12.00.00Z", "09.59 ready", "10.00 ready", "10.05 ready", "11.00 ready")
	put(t, e.Store, " 2024-01-01T10.10.00Z/model.json", smallManifest)
	put(t, e.Store, "2024-01-01T10:20:00Z/model.json", smallManifest)
	put(t, e.Store, "2024-99-99T10.00.00Z/model.json", smallManifest)
	put(t, e.Store, "2024-01-01T10.30.00Z", "a file")
	for after, want := range map[string]string{
		"":                     "2024-01-01T09.59.00Z|2024-01-01T10.00.00Z|2024-01-01T10.05.00Z| 2024-01-01T10.10.00Z|2024-01-01T10:20:00Z|2024-01-01T11.00.00Z",
		"2024-01-01T09.59.30Z": "2024-01-01T10.00.00Z|2024-01-01T10.05.00Z| 2024-01-01T10.10.00Z|2024-01-01T10:20:00Z|2024-01-01T11.00.00Z",
		"2024-01-01T10.05.00Z": " 2024-01-01T10.10.00Z|2024-01-01T10:20:00Z|2024-01-01T11.00.00Z",
		"2024-01-01T10:05:00Z": " 2024-01-01T10.10.00Z|2024-01-01T10:20:00Z|2024-01-01T11.00.00Z",
		"2024-01-01T10.25.00Z": "2024-01-01T11.00.00Z",
		"2024-01-01T11.00.00Z": "",
	} {
		from := FolderName{}
		if after != "" {
			from = name(t, after)
		}
		l, err := e.Listing(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range l.Ready() {
			got = append(got, n.String())
		}
		if strings.Join(got, "|") != want {
			t.Errorf("after %q:\ngot  %s\nwant %s", after, strings.Join(got, "|"), want)
		}
	}
}

func TestListingFacts(t *testing.T) {
	e := day(t, "2024-01-01T12.00.00Z", "09.59 ready", "10.05 ready", "10.10 ready", "11.00 ready", "12.00 empty")
	for after, want := range map[string]string{
		"":                     "false 09.59 false",
		"2024-01-01T10.10.00Z": "true 10.05 false",
		"2024-01-01T10:10:00Z": "true 10.05 false",
		"2024-01-01T10.07.00Z": "false 10.05 false",
		"2024-01-01T08.00.00Z": "false 09.59 false", // removed, with all before 09.59
		"2024-01-01T11.30.00Z": "false 11.00 false",
		"2024-01-01T12.00.00Z": "true none false",
		"2024-01-01T13.00.00Z": "false none false",
	} {
		if got := factsText(t, e, after); got != want {
			t.Errorf("after %q: %s, want %s", after, got, want)
		}
	}
	put(t, e.Store, "EntitySyncFailure/account.json", "x")
	put(t, e.Store, " 2024-01-01T08.00.00Z/model.json", smallManifest)
	for after, want := range map[string]string{
		"":                     "false 08.00 true",
		"2024-01-01T08.00.00Z": "true 08.00 true",
		"2024-01-01T11.00.00Z": "true 08.00 true",
	} {
		if got := factsText(t, e, after); got != want {
			t.Errorf("after %q: %s, want %s", after, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	for text, want := range map[string]string{
		"2024-09-11T16.29.10Z 2024-09-11T16.34.10Z": "2024-09-11T",
		"2024-12-31T23.59.59Z 2025-01-01T00.04.59Z": "2024-12-31T 2025-01-01T",
		"2024-02-28T00.00.00Z 2024-03-01T23.00.00Z": "2024-02-28T 2024-02-29T 2024-03-01T",
		"2024-02-28T00.00.00Z 2024-03-02T00.00.00Z": "2024-02- 2024-03-",
		"2024-01-31T00.00.00Z 2024-03-02T00.00.00Z": "2024-01- 2024-02- 2024-03-",
		"2024-11-30T00.00.00Z 2025-02-01T00.00.00Z": "2024- 2025-",
		"2024-06-30T00.00.00Z 2024-12-01T00.00.00Z": "2024-",
		"0001-06-30T00.00.00Z 2024-12-01T00.00.00Z": "",
		"2024-09-11T16.29.10Z 2024-09-10T16.34.10Z": "2024-09-11T", // the export was set back
	} {
		from, to, _ := strings.Cut(text, " ")
		if got := strings.Join(spans(name(t, from).Time(), name(t, to).Time()), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func factsText(t *testing.T, e *Export, after string) string {
	t.Helper()
	l := closed(t, e, after)
	oldest := "none"
	if !l.Oldest.IsZero() {
		oldest = l.Oldest.Time().Format("15.04")
	}
	return fmt.Sprint(l.AfterExists, " ", oldest, " ", l.SyncFailures)
}

func TestListingMany(t *testing.T) {
	var folders []string
	for i := range 30 {
		folders = append(folders, fmt.Sprintf("10.%02d ready", i))
	}
	e := day(t, "2024-01-01T12.00.00Z", folders...)
	l, err := e.Listing(t.Context(), FolderName{})
	if err != nil || len(l.Ready()) != 30 || l.More {
		t.Fatalf("%d ready, more %v, %v", len(l.Ready()), l.More, err)
	}
	e.MaxFolders = 10
	l, err = e.Listing(t.Context(), FolderName{})
	if err != nil || len(l.Ready()) != 10 || !l.More {
		t.Fatalf("limited: %d ready, more %v, %v", len(l.Ready()), l.More, err)
	}
}

func TestListingLargeFirstEntity(t *testing.T) {
	// The first entity does not end within the first look.
	large := strings.Replace(smallManifest, `"partitions":[{"name":"2020"`, `"partitions":[{"name":"`+strings.Repeat("x", manifestPeek)+`"`, 1)
	e := day(t, "2024-01-01T12.00.00Z")
	put(t, e.Store, "2024-01-01T10.00.00Z/model.json", large)
	put(t, e.Store, "2024-01-01T11.00.00Z/model.json", large[:manifestPeek+10])
	l, err := e.Listing(t.Context(), FolderName{})
	if err != nil {
		t.Fatal(err)
	}
	want := "2024-01-01T10.00.00Z ready \n2024-01-01T11.00.00Z settling its model.json cannot be read\n"
	if d := cmp.Diff(want, listingText(l)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestListingChangelogErrors(t *testing.T) {
	for content, why := range map[string]string{"": "it is empty", "\xef\xbb\xbf\r\n": "it is empty", "soon": `"soon" is not the name`} {
		_, err := day(t, content, "10.00 ready").Listing(t.Context(), FolderName{})
		var typed *Error
		if !errors.Is(err, ErrChangelog) || !errors.As(err, &typed) || typed.Hint == "" || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", content, err, why)
		}
	}
	_, err := newExport(t, "2024-01-01T10.00.00Z/model.json", smallManifest).Listing(t.Context(), FolderName{})
	if !errors.Is(err, errNoChangelog) {
		t.Errorf("no changelog.info: %v", err)
	}
	_, err = newExport(t, "model.json", "{}").Listing(t.Context(), FolderName{})
	if !errors.Is(err, ErrNoExport) {
		t.Errorf("no export: %v", err)
	}
}

// movingStore lets the export go on each time that it is listed.
type movingStore struct {
	storage.Store
	move func()
}

func (s movingStore) List(ctx context.Context, prefix string, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	s.move()
	return s.Store.List(ctx, prefix, o)
}

func TestListingReadsChangelogFirst(t *testing.T) {
	e := day(t, "2024-01-01T10.05.00Z", "10.00 ready", "10.05 empty")
	inner := e.Store
	e.Store = movingStore{inner, func() {
		put(t, inner, "2024-01-01T10.05.00Z/model.json", smallManifest)
		put(t, inner, "2024-01-01T10.10.00Z/model.json", "")
		put(t, inner, "Changelog/changelog.info", "2024-01-01T10.10.00Z")
	}}
	l, err := e.Listing(t.Context(), FolderName{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Current.String() != "2024-01-01T10.05.00Z" || listingText(l) != "2024-01-01T10.00.00Z ready \n" {
		t.Errorf("current %s, folders:\n%s", l.Current, listingText(l))
	}
}

func TestListingRoot(t *testing.T) {
	e := newExport(t, "prod/Changelog/changelog.info", "2024-01-01T10.05.00Z",
		"prod/2024-01-01T10.00.00Z/model.json", smallManifest, "2024-01-01T09.00.00Z/model.json", smallManifest)
	e.Root = "prod/"
	for _, after := range []FolderName{{}, name(t, "2024-01-01T09.30.00Z")} {
		l, err := e.Listing(t.Context(), after)
		if err != nil || len(l.Ready()) != 1 || l.Ready()[0].String() != "2024-01-01T10.00.00Z" {
			t.Errorf("after %q: %v, %v", after, l.Ready(), err)
		}
	}
}
