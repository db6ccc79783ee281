package interop

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// running holds the workers of this test binary. Spark takes 7 s to start, so
// tests share them.
var running = struct {
	sync.Mutex
	workers map[Engine]*worker
}{workers: map[Engine]*worker{}}

// Start returns a reader that asks the engine, whose process is started unless
// an earlier test did.
func Start(t testing.TB, engine Engine) *Reader {
	t.Helper()
	if !asked() {
		t.Skip("other engines take minutes: make test asks them, or -run with the test's name")
	}
	running.Lock()
	defer running.Unlock()
	if w := running.workers[engine]; w != nil {
		if !w.isDead() {
			return &Reader{worker: w}
		}
		delete(running.workers, engine)
		if err := w.end(); err != nil {
			t.Logf("ending the %s that died: %v", engine, err)
		}
	}
	tools, err := findTools()
	if err != nil {
		missing(t, err)
	}
	w, err := startWorker(engine, tools)
	if err != nil {
		t.Fatal(err)
	}
	running.workers[engine] = w
	return &Reader{worker: w}
}

// asked reports whether the tests with other engines are meant: they would be most
// of the time of `go test ./...`, which is run again and again.
func asked() bool {
	run := flag.Lookup("test.run")
	return os.Getenv("SLUICE_REQUIRE_TOOLS") == "1" || run != nil && run.Value.String() != ""
}

func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("SLUICE_REQUIRE_TOOLS") == "1" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// Main runs the tests, ends the processes that they started and returns the
// exit code. It belongs into TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// Stop ends all processes that tests of this binary started. A later Start
// starts them anew.
func Stop() error {
	running.Lock()
	defer running.Unlock()
	var errs []error
	for engine, w := range running.workers {
		errs = append(errs, w.end())
		delete(running.workers, engine)
	}
	return errors.Join(errs...)
}

// toolbox is where the parts of `make tools` are.
type toolbox struct {
	python, script, jars string
}

func findTools() (toolbox, error) {
	root, err := repositoryRoot()
	if err != nil {
		return toolbox{}, err
	}
	tools := os.Getenv("SLUICE_TOOLS")
	if tools == "" {
		tools = filepath.Join(root, ".tools")
	}
	box := toolbox{
		python: filepath.Join(tools, "venv", "bin", "python"),
		script: filepath.Join(root, "scripts", "interop", "readers.py"),
		jars:   filepath.Join(tools, "jars"),
	}
	stamps := []string{filepath.Join(tools, "stamps", "python"), filepath.Join(tools, "stamps", "jars")}
	for _, path := range slices.Concat(stamps, []string{box.python, box.script}) {
		if _, err := os.Stat(path); err != nil {
			return toolbox{}, fmt.Errorf("looking for the other engines: %w; run `make tools`", err)
		}
	}
	return box, nil
}

// repositoryRoot is the nearest folder above that holds go.mod. Tests run in
// the folder of their package.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("looking for the other engines: no go.mod in or above %s", start)
		}
	}
}
