// Package storagetest holds what every [storage.Store] must do, as one suite:
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.Store { return mem.New(nil) })
//	}
//
// Each test gets an empty store of its own from the function, which may register
// clean-ups. The suite needs no clock and no network of its own, never sleeps,
// and takes well under a second on a store in memory.
//
// It keeps to names that every store can hold: no path is a file and a folder at
// once (a file system cannot), no two differ only in case or in Unicode
// normal form, none has a character that Windows refuses, none ends in a dot or
// a space (Azure and Windows drop these), and none lies beyond the Basic
// Multilingual Plane (where byte order and the UTF-16 order of some servers
// part).
package storagetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
)

// Run tests the stores that open makes.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"list", listTests},
		{"read", readTests},
		{"write", writeTests},
		{"put-if-absent", putTests},
		{"delete", deleteTests},
		{"paths", pathTests},
		{"readers", readerTests},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					test.run(fixture{T: t, Store: open(t)})
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(f fixture)
}

// fixture is one test on one store.
type fixture struct {
	*testing.T
	storage.Store
}

// put stores text under a path by Write.
func (f fixture) put(path, text string) {
	f.Helper()
	w := f.begin(path)
	f.fill(w, text)
	f.must(w.Close(), "closing %s", path)
}

// fillTree stores a file under each path, with its path as content.
func (f fixture) fillTree(paths ...string) {
	f.Helper()
	for _, path := range paths {
		f.put(path, path)
	}
}

func (f fixture) begin(path string) storage.Writer {
	f.Helper()
	w, err := f.Write(f.Context(), path)
	f.must(err, "writing %s", path)
	return w
}

func (f fixture) fill(w storage.Writer, text string) {
	f.Helper()
	n, err := w.Write([]byte(text))
	f.must(err, "writing %d bytes", len(text))
	if n != len(text) {
		f.Fatalf("wrote %d of %d bytes without an error", n, len(text))
	}
}

// get reads a whole file as text.
func (f fixture) get(path string) string {
	f.Helper()
	data, err := storage.ReadAll(f.Context(), f.Store, path)
	f.must(err, "reading %s", path)
	return string(data)
}

func (f fixture) stat(path string) storage.Entry {
	f.Helper()
	e, err := f.Stat(f.Context(), path)
	f.must(err, "stat of %s", path)
	return e
}

// list collects the paths of a listing; folders end with '/' in the result.
func (f fixture) list(prefix string, opts storage.ListOptions) []string {
	f.Helper()
	paths := []string{}
	for e, err := range f.List(f.Context(), prefix, opts) {
		f.must(err, "listing %q", prefix)
		if e.IsDir {
			e.Path += "/"
		}
		paths = append(paths, e.Path)
	}
	return paths
}

func (f fixture) must(err error, doing string, args ...any) {
	f.Helper()
	if err != nil {
		f.Fatalf("%s: %v", fmt.Sprintf(doing, args...), err)
	}
}

// fails checks the class of an error, and that it says the operation and path.
func (f fixture) fails(err error, class error, op, path string) {
	f.Helper()
	if !errors.Is(err, class) {
		f.Fatalf("%s %q: got error %v, want %v", op, path, err, class)
	}
	var e *storage.Error
	if !errors.As(err, &e) {
		f.Fatalf("%s %q: error %v is no *storage.Error", op, path, err)
	}
	if got := [2]string{e.Op, e.Path}; got != [2]string{op, f.URL(path)} {
		f.Errorf("error speaks of %q, want %q", got, [2]string{op, f.URL(path)})
	}
	if strings.Count(err.Error(), e.Path) != 1 && e.Path != "" {
		f.Errorf("error says its path more than once: %v", err)
	}
}

func (f fixture) equal(what string, got, want any) {
	f.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// cancelled is a context that has ended.
func (f fixture) cancelled() context.Context {
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	return ctx
}

// pattern is content in which every four bytes tell their place.
func pattern(size int) []byte {
	b := make([]byte, 0, size+4)
	for i := uint32(0); len(b) < size; i++ {
		b = binary.BigEndian.AppendUint32(b, i)
	}
	return b[:size]
}
