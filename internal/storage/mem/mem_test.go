package mem_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Store { return mem.New(nil) })
}

func TestVersionsAndTimesAreDeterministic(t *testing.T) {
	now := time.Date(2024, 9, 11, 16, 29, 10, 0, time.UTC)
	s := mem.New(func() time.Time { return now })
	put(t, s, "a", "1")
	put(t, s, "b", "22")
	now = now.Add(time.Minute)
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "333")

	want := []storage.Entry{
		{Path: "a", Size: 3, ModTime: now, ETag: "3"},
		{Path: "b", Size: 2, ModTime: now.Add(-time.Minute), ETag: "2"},
	}
	if diff := cmp.Diff(want, list(t, s, storage.ListOptions{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// An object store may hold "a" beside "a/b"; byte order then parts the two.
func TestFileAndFolderOfOneName(t *testing.T) {
	s := mem.New(func() time.Time { return time.Time{} })
	for _, path := range []string{"a", "a/b", "a-b", "a0"} {
		put(t, s, path, "")
	}
	var got []string
	for _, e := range list(t, s, storage.ListOptions{Delimiter: true}) {
		if e.IsDir {
			e.Path += "/"
		}
		got = append(got, e.Path)
	}
	if diff := cmp.Diff([]string{"a", "a-b", "a/", "a0"}, got); diff != "" {
		t.Errorf("one level (-want +got):\n%s", diff)
	}
}

func TestListingSeesChangesAhead(t *testing.T) {
	s := mem.New(nil)
	for _, path := range []string{"b", "d", "f"} {
		put(t, s, path, "")
	}
	var got []string
	for e, err := range s.List(t.Context(), "", storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Path)
		if e.Path == "b" {
			put(t, s, "a", "")
			put(t, s, "e", "")
			if err := s.Delete(t.Context(), "d"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff([]string{"b", "e", "f"}, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func put(t *testing.T, s storage.Store, path, text string) {
	t.Helper()
	if err := s.PutIfAbsent(t.Context(), path, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, s storage.Store, opts storage.ListOptions) []storage.Entry {
	t.Helper()
	var entries []storage.Entry
	for e, err := range s.List(t.Context(), "", opts) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return entries
}
