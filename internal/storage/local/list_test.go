package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestListAstralNames(t *testing.T) {
	// In UTF-16 the emoji would come first.
	want := []string{"\uff5e/x", "\U0001f600"}
	s := open(t, t.TempDir())
	for _, path := range want {
		put(t, s, path, "")
	}
	if diff := cmp.Diff(want, list(t, s, "", storage.ListOptions{})); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// Random trees list as they do from memory.
func TestListAgreesWithMemory(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("ab-. 0_")), 1, 3, -1).
		Filter(func(s string) bool {
			return strings.Trim(s, ". ") != "" && !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, ".")
		})
	path := rapid.Custom(func(rt *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 1, 3).Draw(rt, "parts"), "/")
	})
	rapid.Check(t, func(rt *rapid.T) {
		disk, memory := open(t, t.TempDir(), WithoutSync()), mem.New(nil)
		for _, p := range rapid.SliceOfN(path, 0, 12).Draw(rt, "paths") {
			// A folder where a file is to be, or the other way round, is for
			// file systems alone.
			if err := disk.PutIfAbsent(t.Context(), p, nil); err != nil {
				continue
			}
			if err := memory.PutIfAbsent(t.Context(), p, nil); err != nil {
				rt.Fatal(err)
			}
		}
		opts := storage.ListOptions{
			StartAfter: rapid.OneOf(rapid.Just(""), path, part).Draw(rt, "start after"),
			Delimiter:  rapid.Bool().Draw(rt, "delimiter"),
		}
		prefix := rapid.OneOf(rapid.Just(""), path).Draw(rt, "prefix")
		if diff := cmp.Diff(list(t, memory, prefix, opts), list(t, disk, prefix, opts)); diff != "" {
			rt.Errorf("prefix %q, %+v (-memory +disk):\n%s", prefix, opts, diff)
		}
	})
}

func TestListLeavesOutWhatIsNoFile(t *testing.T) {
	s := open(t, t.TempDir())
	for _, dir := range []string{"empty/below", "crashed"} {
		if err := os.MkdirAll(s.URL(dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	touch(t, s.URL("crashed/"+tempPrefix+"X"+tempSuffix))
	put(t, s, "deep/er/file", "")
	for _, delimiter := range []bool{false, true} {
		want := map[bool][]string{false: {"deep/er/file"}, true: {"deep/"}}[delimiter]
		if diff := cmp.Diff(want, list(t, s, "", storage.ListOptions{Delimiter: delimiter})); diff != "" {
			t.Errorf("delimiter %v (-want +got):\n%s", delimiter, diff)
		}
	}
}

func TestListFollowsLinks(t *testing.T) {
	elsewhere := t.TempDir()
	touch(t, filepath.Join(elsewhere, "x"))
	s := open(t, t.TempDir())
	put(t, s, "a-b", "12345")
	link(t, elsewhere, s.URL("a"))
	link(t, s.URL("a-b"), s.URL("file"))
	link(t, s.URL("no such file"), s.URL("dangling"))
	want := []string{"a-b", "a/x", "file"}
	if diff := cmp.Diff(want, list(t, s, "", storage.ListOptions{})); diff != "" {
		t.Errorf("whole (-want +got):\n%s", diff)
	}
	want = []string{"a-b", "a/", "file"}
	if diff := cmp.Diff(want, list(t, s, "", storage.ListOptions{Delimiter: true})); diff != "" {
		t.Errorf("one level (-want +got):\n%s", diff)
	}
	for e, err := range s.List(t.Context(), "file", storage.ListOptions{}) {
		if err != nil || e.Size != 5 {
			t.Errorf("a link has the entry %+v, %v, not that of its file", e, err)
		}
		if stat, err := s.Stat(t.Context(), e.Path); err != nil || stat != e {
			t.Errorf("Stat says %+v, %v, the listing %+v", stat, err, e)
		}
	}
}

func TestListRefusesLoops(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b/file", "")
	link(t, s.URL("a"), s.URL("a/b/round"))
	var last error
	for _, err := range s.List(t.Context(), "", storage.ListOptions{}) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "leads back to the folder") {
		t.Errorf("a loop ended with %v", last)
	}
	if diff := cmp.Diff([]string{"a/b/file", "a/b/round/"}, list(t, s, "a/b/", storage.ListOptions{Delimiter: true})); diff != "" {
		t.Errorf("one level needs not follow it (-want +got):\n%s", diff)
	}
}

// countingEntry counts how often a directory entry is looked at.
type countingEntry struct {
	fs.DirEntry
	looks *int
}

func (c countingEntry) Info() (fs.FileInfo, error) { *c.looks++; return c.DirEntry.Info() }

// A cursor far into a folder of very many names costs names, not files.
func TestListLooksOnlyAtWhatItYields(t *testing.T) {
	s := open(t, t.TempDir(), WithoutSync())
	for i := range 50 {
		put(t, s, fmt.Sprintf("f/%03d", i), "")
	}
	dirents, err := os.ReadDir(s.URL("f"))
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	w := &walk{ctx: t.Context(), store: s, prefix: "f/", opts: storage.ListOptions{StartAfter: "f/046"}}
	w.yield = func(storage.Entry, error) bool { return true }
	for _, d := range dirents {
		c, wanted, err := w.child("f/", countingEntry{d, &looks})
		if err != nil {
			t.Fatal(err)
		}
		if wanted {
			w.visit("f/", c)
		}
	}
	if looks != 3 {
		t.Errorf("%d files were looked at to yield 3", looks)
	}
}

// Folders that lie before StartAfter, or behind where the consumer stops, are
// not opened: one of them may not even be readable.
func TestListOpensOnlyFoldersItNeeds(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "b/file", "")
	link(t, "trap", s.URL("b/trap")) // following it is an error (too many links)
	put(t, s, "c/file", "")
	if diff := cmp.Diff([]string{"c/file"}, list(t, s, "", storage.ListOptions{StartAfter: "b0"})); diff != "" {
		t.Errorf("behind the folder (-want +got):\n%s", diff)
	}
	var errs []error
	for _, err := range s.List(t.Context(), "b/", storage.ListOptions{}) {
		errs = append(errs, err)
	}
	if len(errs) != 1 || errs[0] == nil {
		t.Errorf("in the folder: %v", errs)
	}
}

// What is deleted between the reading of a folder and its turn is left out.
func TestListLeavesOutWhatVanishes(t *testing.T) {
	s := open(t, t.TempDir())
	for _, path := range []string{"a", "b", "c/file", "d"} {
		put(t, s, path, "")
	}
	var got []string
	for e, err := range s.List(t.Context(), "", storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e.Path); e.Path == "a" {
			for _, path := range []string{"b", "c/file"} {
				if err := s.Delete(t.Context(), path); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if diff := cmp.Diff([]string{"a", "d"}, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	s := open(t, t.TempDir())
	for _, path := range []string{"a", "b", "c"} {
		put(t, s, path, "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for e, err := range s.List(ctx, "", storage.ListOptions{}) {
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		got = append(got, e.Path)
	}
	if diff := cmp.Diff([]string{"a", ""}, got); diff != "" {
		t.Errorf("entries and an error (-want +got):\n%s", diff)
	}
}
