package interop

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// startLimit allows for a JVM on a machine that also runs the other tests.
	startLimit   = 5 * time.Minute
	requestLimit = 5 * time.Minute
	// endLimit is what a worker gets to remove its files before it is killed.
	endLimit = 10 * time.Second
	// stderrKept is how much of the end of its standard error an error quotes.
	stderrKept = 2000
)

// request is a line to the worker; readers.py lists the operations.
type request struct {
	Op         string            `json:"op"`
	Path       string            `json:"path"`
	SQL        string            `json:"sql,omitempty"`
	Columns    []string          `json:"columns,omitempty"`
	Where      string            `json:"where,omitempty"`
	Order      []string          `json:"order,omitempty"`
	AppID      string            `json:"app_id,omitempty"`
	Set        map[string]string `json:"set,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	Hours      int               `json:"hours"`
	Options    map[string]string `json:"options,omitempty"`
}

// reply is a line from the worker.
type reply struct {
	OK    json.RawMessage `json:"ok"`
	Error *struct {
		Kind    string `json:"kind"`
		Message string `json:"message"`
	} `json:"error"`
}

// worker is the process of one engine. It runs no goroutine here: standard
// error goes into a file and deadlines are set on the pipe, so that a test's
// search for leaked goroutines finds none.
type worker struct {
	engine Engine

	mu      sync.Mutex
	command *exec.Cmd
	stdin   *os.File
	stdout  *os.File
	lines   *bufio.Reader
	stderr  *os.File
	scratch string // folder for the engine's own files
	dead    error  // why no further request can be answered
}

// startWorker returns when the engine is up.
func startWorker(engine Engine, tools toolbox) (*worker, error) {
	w := &worker{engine: engine}
	if err := w.launch(tools); err != nil {
		return nil, fmt.Errorf("starting %s: %w", engine, err)
	}
	if _, err := w.receive(startLimit); err != nil {
		return nil, fmt.Errorf("starting %s: %w", engine, errors.Join(err, w.end()))
	}
	return w, nil
}

func (w *worker) launch(tools toolbox) error {
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer childIn.Close()
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdin.Close())
	}
	defer childOut.Close()
	scratch, err := os.MkdirTemp("", "sluice-interop-*")
	if err != nil {
		return errors.Join(err, stdin.Close(), stdout.Close())
	}
	stderr, err := os.Create(filepath.Join(scratch, "stderr"))
	if err != nil {
		return errors.Join(err, stdin.Close(), stdout.Close(), os.RemoveAll(scratch))
	}
	// -E and -s keep the machine's own Python packages out, -B writes no
	// compiled files beside the scripts.
	c := exec.Command(tools.python, "-E", "-s", "-B", tools.script,
		"--engine", string(w.engine), "--jars", tools.jars, "--scratch", scratch)
	c.Stdin, c.Stdout, c.Stderr = childIn, childOut, stderr
	c.Env = workerEnv()
	c.SysProcAttr = ownGroup()
	w.command, w.stdin, w.stdout, w.stderr, w.scratch = c, stdin, stdout, stderr, scratch
	w.lines = bufio.NewReaderSize(stdout, 1<<16)
	if err := c.Start(); err != nil {
		return errors.Join(err, w.stdin.Close(), w.releaseFiles())
	}
	return nil
}

// workerEnv is the environment without what would lead Spark and Python to
// other installations.
func workerEnv() []string {
	env := make([]string, 0, len(os.Environ())+1)
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "SPARK_") || strings.HasPrefix(name, "PYSPARK_") || strings.HasPrefix(name, "PYTHON") {
			continue
		}
		env = append(env, kv)
	}
	return append(env, "TZ=UTC")
}

// roundTrip sends a request and returns the engine's answer.
func (w *worker) roundTrip(q request) (json.RawMessage, error) {
	if !filepath.IsAbs(q.Path) && q.Options == nil {
		return nil, fmt.Errorf("%s: %s %q: the path of the table must be absolute", w.engine, q.Op, q.Path)
	}
	line, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead != nil {
		return nil, w.dead
	}
	if _, err := w.stdin.Write(append(line, '\n')); err != nil {
		return nil, w.fail(fmt.Errorf("%s: asking for %s %s: %w", w.engine, q.Op, q.Path, err))
	}
	r, err := w.receive(requestLimit)
	if err != nil {
		return nil, w.fail(fmt.Errorf("%s: %s %s: %w", w.engine, q.Op, q.Path, err))
	}
	if r.Error != nil {
		return nil, &Error{Engine: w.engine, Op: q.Op, Path: q.Path, Kind: r.Error.Kind, Message: r.Error.Message}
	}
	return r.OK, nil
}

// fail makes the error final: an answer that comes too late must not be taken
// for that to the next request.
func (w *worker) fail(err error) error {
	w.dead = err
	return err
}

// receive reads one line from the worker.
func (w *worker) receive(limit time.Duration) (reply, error) {
	if err := w.stdout.SetReadDeadline(time.Now().Add(limit)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return reply{}, err
	}
	line, err := w.lines.ReadBytes('\n')
	if err != nil {
		return reply{}, fmt.Errorf("no answer from the worker: %w; its standard error ends with:\n%s", err, w.lastWords())
	}
	var r reply
	if err := json.Unmarshal(line, &r); err != nil {
		return reply{}, fmt.Errorf("the worker did not answer in JSON: %w", err)
	}
	return r, nil
}

func (w *worker) lastWords() string {
	info, err := w.stderr.Stat()
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(io.NewSectionReader(w.stderr, max(0, info.Size()-stderrKept), stderrKept))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (w *worker) isDead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead != nil
}

// end closes the worker's standard input, at which it removes its files and
// ends, and kills its process group if it does not.
func (w *worker) end() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.command == nil {
		return nil
	}
	err := w.stdin.Close()
	kill := time.AfterFunc(endLimit, func() { killGroup(w.command.Process) })
	werr := w.command.Wait()
	if _, exited := errors.AsType[*exec.ExitError](werr); !exited {
		err = errors.Join(err, werr)
	}
	kill.Stop()
	killGroup(w.command.Process) // what it may have left behind
	w.command, w.dead = nil, fmt.Errorf("%s: the worker was ended", w.engine)
	return errors.Join(err, w.releaseFiles())
}

// releaseFiles also removes the scratch folder: a worker that was killed has not.
func (w *worker) releaseFiles() error {
	return errors.Join(w.stdout.Close(), w.stderr.Close(), os.RemoveAll(w.scratch))
}
