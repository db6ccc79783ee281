package local

import (
	"io/fs"
	"os"
	"slices"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
)

func open(t *testing.T, root string, options ...Option) *Store {
	t.Helper()
	s, err := New(root, options...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s storage.Store, path, text string) {
	t.Helper()
	if err := s.PutIfAbsent(t.Context(), path, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, s storage.Store, path, text string) {
	t.Helper()
	w, err := s.Write(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, s storage.Store, prefix string, opts storage.ListOptions) []string {
	t.Helper()
	paths := []string{}
	for e, err := range s.List(t.Context(), prefix, opts) {
		if err != nil {
			t.Fatal(err)
		}
		if e.IsDir {
			e.Path += "/"
		}
		paths = append(paths, e.Path)
	}
	return paths
}

func touch(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, name string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func namesOf(t *testing.T, folder string) []string {
	t.Helper()
	dirents, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, d := range dirents {
		names = append(names, d.Name())
	}
	slices.Sort(names)
	return names
}
