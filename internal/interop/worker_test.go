package interop

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// newWorker starts a worker of its own, so that a test may break it.
func newWorker(t *testing.T) *worker {
	t.Helper()
	tools, err := findTools()
	if err != nil {
		missing(t, err)
	}
	w, err := startWorker(DuckDB, tools)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.end(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func TestOperationsThatAnEngineLacksAreRefused(t *testing.T) {
	r := &Reader{worker: newWorker(t)}
	err := r.Delete(t.TempDir(), "true")
	if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Kind != "Refused" {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestRelativePathsAreRefused(t *testing.T) {
	r := &Reader{worker: newWorker(t)}
	_, err := r.Count("some/table", "")
	if err == nil || !strings.Contains(err.Error(), "must be absolute") {
		t.Errorf("got %v, want that the path must be absolute", err)
	}
}

func TestEndedWorkerAnswersNothing(t *testing.T) {
	w := newWorker(t)
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.roundTrip(request{Op: "count", Path: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "was ended") {
		t.Errorf("got %v, want that the worker was ended", err)
	}
}

func TestKilledWorkerIsDeadAndSaysWhatItPrinted(t *testing.T) {
	w := newWorker(t)
	killGroup(w.command.Process)
	_, err := w.roundTrip(request{Op: "count", Path: t.TempDir()})
	if err == nil || !w.isDead() {
		t.Errorf("got error %v, dead %v, want an error and that it is dead", err, w.isDead())
	}
}

func TestWorkerThatCannotStartQuotesItsStandardError(t *testing.T) {
	tools, err := findTools()
	if err != nil {
		missing(t, err)
	}
	_, err = startWorker("no-such-engine", tools)
	if err == nil || !strings.Contains(err.Error(), "invalid choice: 'no-such-engine'") {
		t.Errorf("got %v, want what the worker printed", err)
	}
}

func TestSilentWorkerIsGivenUp(t *testing.T) {
	w := newWorker(t)
	_, err := w.receive(time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want that the deadline passed", err)
	}
}

func TestToolsAreLookedForWhereTheEnvironmentSays(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("SLUICE_TOOLS", empty)
	_, err := findTools()
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), filepath.Join(empty, "stamps")) {
		t.Errorf("got %v, want that nothing is in %s", err, empty)
	}
}
