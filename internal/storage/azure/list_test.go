package azure_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// Random trees list as they do from memory, in either namespace, whatever the
// size of a page and the root of the store.
func TestListAgreesWithMemory(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("ab-. 0_")), 1, 3, -1).
		Filter(func(s string) bool { return strings.Trim(s, ". ") != "" })
	path := rapid.Custom(func(rt *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 1, 3).Draw(rt, "parts"), "/")
	})
	rapid.Check(t, func(rt *rapid.T) {
		f := newFake()
		f.hierarchical = rapid.Bool().Draw(rt, "hierarchical")
		f.pageSize = rapid.IntRange(1, 5).Draw(rt, "page size")
		root := rapid.SampledFrom([]string{"", "a", "lake/a"}).Draw(rt, "root")
		s, memory := f.open(t, func(c *azure.Config) { c.Root = root }), mem.New(nil)
		for _, p := range rapid.SliceOfN(path, 0, 12).Draw(rt, "paths") {
			// A folder where a file is to be is for hierarchical namespaces alone.
			if belowFile(f, root, p) || s.PutIfAbsent(t.Context(), p, nil) != nil {
				continue
			}
			if err := memory.PutIfAbsent(t.Context(), p, nil); err != nil {
				rt.Fatal(err)
			}
		}
		for range 2 { // before and after the store has learned which namespace this is
			opts := storage.ListOptions{
				StartAfter: rapid.OneOf(rapid.Just(""), path, part).Draw(rt, "start after"),
				Delimiter:  rapid.Bool().Draw(rt, "delimiter"),
			}
			prefix := rapid.OneOf(rapid.Just(""), path).Draw(rt, "prefix")
			if opts.Delimiter && prefix != "" {
				prefix += "/"
			}
			if diff := cmp.Diff(list(t, memory, prefix, opts), list(t, s, prefix, opts)); diff != "" {
				rt.Fatalf("prefix %q, %+v (-memory +azure):\n%s", prefix, opts, diff)
			}
		}
	})
}

// belowFile says whether some folder of a path is a file.
func belowFile(f *fake, root, path string) bool {
	for folder := parent(path); folder != ""; folder = parent(folder) {
		if _, found := f.blobs[strings.TrimPrefix(root+"/"+folder, "/")]; found {
			return true
		}
	}
	return false
}

// What lies before StartAfter is not fetched page by page, once it is known that
// the namespace is flat.
func TestListStartsWhereItIsTold(t *testing.T) {
	f := newFake()
	s := f.open(t, func(c *azure.Config) { c.Root = "lake" })
	for _, name := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		put(t, s, "log/"+name, "")
	}
	f.pageSize = 2
	f.take()
	opts := storage.ListOptions{StartAfter: "log/7"}
	want := []string{"log/8", "log/9"}
	equal(t, "paths", list(t, s, "log/", opts), want)
	equal(t, "requests of the first listing", f.take(), []string{"GET  list", "GET  list lake/log/7", "GET  list lake/log/7"})
	equal(t, "paths", list(t, s, "log/", opts), want)
	equal(t, "requests of the second", f.take(), []string{"GET  list lake/log/7", "GET  list lake/log/7"})
	opts.Delimiter = true
	equal(t, "one level", list(t, s, "log/", opts), want)
	equal(t, "requests of one level", f.take(), []string{"GET  list lake/log/7", "GET  list lake/log/7"})
}

// A folder that holds StartAfter comes before it, however often it is asked for.
func TestListStartsInTheMidstOfAFolder(t *testing.T) {
	f := newFake()
	s := f.open(t, nil)
	for _, path := range []string{"a/1", "a/2", "a/3", "b"} {
		put(t, s, path, "")
	}
	f.pageSize = 1
	for range 2 {
		equal(t, "one level", list(t, s, "", storage.ListOptions{StartAfter: "a/2", Delimiter: true}), []string{"b"})
		equal(t, "whole", list(t, s, "", storage.ListOptions{StartAfter: "a/2"}), []string{"a/3", "b"})
	}
}

// A listing may stop at any page, and a later page may fail.
func TestListFailsInItsMidst(t *testing.T) {
	f := newFake()
	s := f.open(t, nil)
	for _, name := range []string{"a", "b", "c"} {
		put(t, s, name, "")
	}
	f.pageSize = 2
	f.fault = inOrder(served, refused(403, "AuthorizationFailure"))
	var paths []string
	var failed error
	for e, err := range s.List(t.Context(), "", storage.ListOptions{}) {
		if failed = err; err == nil {
			paths = append(paths, e.Path)
		}
	}
	equal(t, "paths", paths, []string{"a", "b"})
	if !errors.Is(failed, storage.ErrDenied) {
		t.Errorf("got %v", failed)
	}
}

func TestListOfAContainerThatIsNotThere(t *testing.T) {
	f := newFake()
	f.fault = refused(404, "ContainerNotFound")
	for _, err := range f.open(t, nil).List(t.Context(), "", storage.ListOptions{}) {
		if !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		return
	}
	t.Error("it is listed as empty")
}

func TestListLeavesOutWhatIsNoPath(t *testing.T) {
	f := newFake()
	for _, name := range []string{"/a", "a//b", "a/./b", "c", "d/", "lake"} {
		f.blobs[name] = stored{etag: "0x1", metadata: http.Header{}}
	}
	s := f.open(t, nil)
	equal(t, "files", list(t, s, "", storage.ListOptions{}), []string{"c", "lake"})
	equal(t, "one level", list(t, s, "", storage.ListOptions{Delimiter: true}), []string{"a/", "c", "d/", "lake"})
}

// Folders that deleting leaves empty go, up to the first that holds something,
// in a hierarchical namespace that no listing has shown yet.
func TestDeleteTakesEmptyFoldersAlong(t *testing.T) {
	f := newFake()
	f.hierarchical = true
	s := f.open(t, func(c *azure.Config) { c.Root = "lake" })
	put(t, s, "a/b/c/1", "")
	put(t, s, "a/2", "")
	f.take()
	if err := s.Delete(t.Context(), "a/b/c/1"); err != nil {
		t.Fatal(err)
	}
	equal(t, "what is left", f.names(), []string{"lake", "lake/a", "lake/a/2"})
	equal(t, "requests", f.take(), []string{
		"DELETE lake/a/b/c/1", "GET  list", "DELETE lake/a/b/c", "DELETE lake/a/b", "DELETE lake/a",
	})
	if err := s.Delete(t.Context(), "a/2"); err != nil {
		t.Fatal(err)
	}
	equal(t, "what is left", f.names(), []string{"lake"})
}

func TestDeleteInAFlatNamespaceIsOneRequest(t *testing.T) {
	f := newFake()
	s := f.open(t, nil)
	put(t, s, "a/1", "")
	put(t, s, "a/2", "")
	equal(t, "files", list(t, s, "", storage.ListOptions{}), []string{"a/1", "a/2"})
	f.take()
	if err := s.Delete(t.Context(), "a/1"); err != nil {
		t.Fatal(err)
	}
	equal(t, "requests", f.take(), []string{"DELETE a/1"})
}
