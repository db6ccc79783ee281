package azure_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
)

func put(t *testing.T, s storage.Store, path, text string) {
	t.Helper()
	if err := write(t, s, path, text); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, s storage.Store, path, text string) error {
	t.Helper()
	w, err := s.Write(t.Context(), path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return w.Close()
}

func get(t *testing.T, s storage.Store, path string) string {
	t.Helper()
	data, err := storage.ReadAll(t.Context(), s, path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// list collects the paths of a listing; folders end with '/'.
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

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
