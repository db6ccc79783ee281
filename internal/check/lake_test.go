package check

import (
	"context"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
)

func TestLake(t *testing.T) {
	store := files(t, nil)
	compare(t, checker(true).Lake(t.Context(), &Place{Store: store}), `
pass list: mem:// is empty
pass write: a file was written, read back and removed
pass clock: new files bear the time of this machine's clock
pass conditional put: the second of two writers of one file is refused`)
	for entry, err := range store.List(t.Context(), "", storage.ListOptions{}) {
		t.Errorf("left behind: %s, %v", entry.Path, err)
	}
}

// careless overwrites what is there, and cannot remove.
type careless struct{ storage.Store }

func (careless) PutIfAbsent(context.Context, string, []byte) error { return nil }

func (c careless) Delete(_ context.Context, path string) error {
	return storage.NewError("delete", c.URL(path), storage.ErrDenied)
}

func TestLakeThatIsNotOne(t *testing.T) {
	steps := checker(true).Lake(t.Context(), &Place{Store: careless{files(t, nil)}})
	if s := stepNamed(t, steps, "write"); s.State != Warn || s.Code != "ACCESS_DENIED" ||
		s.Reason != "mem://_sluice_check_id-1.txt was written and cannot be removed: delete mem://_sluice_check_id-1.txt: access denied" ||
		!strings.HasPrefix(s.Fix, "clean up: delete the file; ") {
		t.Errorf("write: %+v", s)
	}
	if s := stepNamed(t, steps, "conditional put"); s.State != Fail || s.Code != "NO_CONDITIONAL_PUT" || !s.Storage ||
		!strings.Contains(s.Reason, "mem://_sluice_check_id-3.json was written and cannot be removed") {
		t.Errorf("conditional put: %+v", s)
	}
}

// full takes nothing.
type full struct{ storage.Store }

func (f full) Write(_ context.Context, path string) (storage.Writer, error) {
	return nil, storage.NewError("write", f.URL(path), storage.ErrNoSpace)
}

func TestFullLake(t *testing.T) {
	s := stepNamed(t, checker(false).Lake(t.Context(), &Place{Store: full{files(t, nil)}}), "write")
	if s.State != Fail || s.Code != "NO_SPACE" || !s.Storage || s.Reason != "write mem://_sluice_check_id-1.txt: no space left" || s.Fix == "" {
		t.Errorf("got %+v", s)
	}
}
