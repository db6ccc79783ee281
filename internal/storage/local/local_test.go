package local

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, t.TempDir(), WithoutSync()) })
}

// The flushing steps are a way of their own through writing, and the root is
// made by the first write.
func TestConformanceFlushedInNewRoot(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, filepath.Join(t.TempDir(), "to", "be made")) })
}

// Without hard links PutIfAbsent has one winner all the same.
func TestConformanceWithoutLinks(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store {
		s := open(t, t.TempDir(), WithoutSync())
		s.link = func(from, to string) error {
			return &os.LinkError{Op: "link", Old: from, New: to, Err: noLinkErrnos[0]}
		}
		return s
	})
}

func TestNew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	touch(t, file)
	if _, err := New(file); err == nil || !strings.Contains(err.Error(), "a store needs a folder") {
		t.Errorf("a file as root: %v", err)
	}
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, "./lake/")
	if got, want := s.URL("a/b c"), filepath.Join(here, "lake", "a", "b c"); got != want {
		t.Errorf("URL is %s, want %s", got, want)
	}
	if got, want := s.URL(""), filepath.Join(here, "lake"); got != want {
		t.Errorf("URL of the root is %s, want %s", got, want)
	}
}

func TestNamesOfWritesUnderWay(t *testing.T) {
	s := open(t, t.TempDir())
	w, err := s.Write(t.Context(), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	names := namesOf(t, s.URL("a"))
	if len(names) != 1 || !isTemp(names[0]) {
		t.Fatalf("a write under way has the names %q", names)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a/" + names[0], names[0] + "/b"} {
		if err := s.PutIfAbsent(t.Context(), path, nil); !errors.Is(err, storage.ErrInvalidPath) {
			t.Errorf("put of %s: %v", path, err)
		}
	}
	if names := namesOf(t, s.URL("a")); len(names) != 0 {
		t.Errorf("an aborted write left %q", names)
	}
}

func TestPublishedFilesHaveTheModeOfNewFiles(t *testing.T) {
	s := open(t, t.TempDir())
	touch(t, s.URL("other"))
	put(t, s, "put", "x")
	write(t, s, "written", "x")
	want := mode(t, s.URL("other"))
	for _, path := range []string{"put", "written"} {
		if got := mode(t, s.URL(path)); got != want {
			t.Errorf("%s has mode %v, other new files %v", path, got, want)
		}
	}
}

func TestLeftoversAreSwept(t *testing.T) {
	now := time.Now()
	s := open(t, t.TempDir(), WithClock(func() time.Time { return now }))
	put(t, s, "t/first", "") // looks through t, which holds nothing yet
	old, young, ours := tempPrefix+"OLD"+tempSuffix, tempPrefix+"YOUNG"+tempSuffix, ".sluice-notes"
	for name, age := range map[string]time.Duration{old: 25 * time.Hour, young: 23 * time.Hour, ours: 99 * time.Hour} {
		touch(t, s.URL("t/"+name))
		if err := os.Chtimes(s.URL("t/"+name), now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(step string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, namesOf(t, s.URL("t"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	put(t, s, "t/second", "")
	check("a folder is looked through once a day", old, young, ours, "first", "second")
	now = now.Add(leftoverAge)
	put(t, s, "t/third", "")
	check("a day later both are too old", ours, "first", "second", "third")
}

func TestSweeperForgets(t *testing.T) {
	var w sweeper
	now := time.Unix(0, 0)
	for i := range sweptFolders * 2 {
		w.due(string(rune('a'+i)), now)
	}
	if len(w.swept) > sweptFolders {
		t.Errorf("%d folders are remembered", len(w.swept))
	}
}

func TestDeletePrunesOnlyWhatIsEmptyAndOwn(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b/c/file", "")
	touch(t, s.URL("a/keep"))
	elsewhere := t.TempDir()
	touch(t, filepath.Join(elsewhere, "file"))
	link(t, elsewhere, s.URL("linked"))
	for _, path := range []string{"a/b/c/file", "linked/file"} {
		if err := s.Delete(t.Context(), path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(s.URL("empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "empty"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "empty", "linked"}, namesOf(t, s.root)); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"keep"}, namesOf(t, s.URL("a"))); diff != "" {
		t.Errorf("a (-want +got):\n%s", diff)
	}
	if err := s.Delete(t.Context(), "a/keep"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.root); err != nil {
		t.Errorf("the root itself: %v", err)
	}
}

func TestFileWhereAFolderIsNeeded(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a", "")
	_, err := s.Write(t.Context(), "a/b/c")
	want := "write " + s.URL("a/b/c") + ": " + s.URL("a") + " is a file where the path needs a folder"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestWriteOntoAFolder(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a/b", "")
	w, err := s.Write(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("a file replaced a folder")
	}
	if diff := cmp.Diff([]string{"a"}, namesOf(t, s.root)); diff != "" {
		t.Errorf("a write that could not be published left (-want +got):\n%s", diff)
	}
}

// Whatever keeps a put from its last step, nothing of it stays behind.
func TestPutThatCannotBeLinked(t *testing.T) {
	s := open(t, t.TempDir())
	for _, cause := range []error{noSpaceErrnos[0], syscall.EIO} {
		s.link = func(from, to string) error { return &os.LinkError{Op: "link", Old: from, New: to, Err: cause} }
		err := s.PutIfAbsent(t.Context(), "a", []byte("x"))
		if !errors.Is(err, cause) || errors.Is(err, storage.ErrExists) {
			t.Errorf("got error %v, want %v", err, cause)
		}
	}
	if diff := cmp.Diff([]string{}, namesOf(t, s.root)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestOpenRandomEndsWithItsContext(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a", "0123")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := s.OpenRandom(ctx, "a", "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := r.ReadAt(make([]byte, 9), 1); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("over the end: %d bytes, %v", n, err)
	}
	cancel()
	if _, err := r.ReadAt(make([]byte, 1), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A file that is cut in place (not by a Store, which always replaces) must not
// look as if it ended there.
func TestCutShortWhileRead(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "a", "0123456789")
	body, err := s.ReadRange(t.Context(), "a", storage.All)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	random, err := s.OpenRandom(t.Context(), "a", "")
	if err != nil {
		t.Fatal(err)
	}
	defer random.Close()
	if err := os.Truncate(s.URL("a"), 4); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); !errors.Is(err, storage.ErrChanged) || string(got) != "0123" {
		t.Errorf("streaming: %q, %v", got, err)
	}
	if n, err := random.ReadAt(make([]byte, 8), 2); n != 2 || !errors.Is(err, storage.ErrChanged) {
		t.Errorf("at a place: %d bytes, %v", n, err)
	}
}

func TestClassify(t *testing.T) {
	const name = "/lake/a"
	tests := []struct {
		err   error
		class error
		text  string
	}{
		{&os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}, storage.ErrNotExist, "does not exist"},
		{&os.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}, storage.ErrNotExist, "does not exist"},
		{&os.PathError{Op: "open", Path: name, Err: os.ErrPermission}, storage.ErrDenied, "access denied (permission denied)"},
		{&os.PathError{Op: "mkdir", Path: "/lake", Err: os.ErrPermission}, storage.ErrDenied,
			"access denied (mkdir /lake: permission denied)"},
		{&os.PathError{Op: "write", Path: "/lake/.sluice-X.tmp", Err: noSpaceErrnos[0]}, storage.ErrNoSpace,
			"no space left (" + noSpaceErrnos[0].Error() + ")"},
		{&os.LinkError{Op: "rename", Old: "x", New: "y", Err: noSpaceErrnos[1]}, storage.ErrNoSpace,
			"no space left (" + noSpaceErrnos[1].Error() + ")"},
		{&os.PathError{Op: "open", Path: name, Err: readOnlyErrnos[0]}, storage.ErrDenied,
			"access denied (" + readOnlyErrnos[0].Error() + ")"},
		{&os.PathError{Op: "open", Path: name, Err: transientErrnos[0]}, storage.ErrTransient,
			"temporarily unavailable (" + transientErrnos[0].Error() + ")"},
		{storage.ErrExists, storage.ErrExists, "exists already"},
		{io.ErrUnexpectedEOF, io.ErrUnexpectedEOF, "unexpected EOF"},
	}
	for _, tt := range tests {
		got := classify(name, tt.err)
		if !errors.Is(got, tt.class) || got.Error() != tt.text {
			t.Errorf("%v: got %q of class %v, want %q", tt.err, got, tt.class, tt.text)
		}
	}
	if err := classify(name, nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}
