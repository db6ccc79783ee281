package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/local"
)

var errCut = errors.New("the process is gone")

// mutations are the operations that change what is stored. Between two others a
// crash leaves the same.
var mutations = []fault.Op{fault.Write, fault.WriteData, fault.Close, fault.Abort, fault.PutIfAbsent, fault.Delete}

// places are the numbers of the operations at which a run is cut: all, or those
// that change something. Of many in a row of one kind on one file the first and
// the last are taken, and all of them when the tests soak.
func (r *rig) places(all bool) []int {
	var list []int
	same := func(a, b int) bool {
		return a >= 0 && b < len(r.operations) && r.operations[a].Op == r.operations[b].Op && r.operations[a].Path == r.operations[b].Path
	}
	for i, o := range r.operations {
		inside := same(i-1, i) && same(i, i+1)
		if (all || slices.Contains(mutations, o.Op)) && (!inside || os.Getenv(soakVariable) != "") {
			list = append(list, o.N)
		}
	}
	return list
}

// cut is a way in which an operation goes wrong.
type cut struct {
	name string
	plan func(n int) fault.Plan
	// all operations, not only those that change what is stored.
	all bool
}

var cuts = []cut{
	{name: "gone before", plan: func(n int) fault.Plan { return fault.From(n, fault.Fail(errCut)) }, all: true},
	{name: "gone after", plan: func(n int) fault.Plan { return fault.From(n, fault.Lose(errCut)) }},
	{name: "fails once", plan: func(n int) fault.Plan { return fault.At(n, fault.Fail(storage.ErrDenied)) }, all: true},
	{name: "reply lost", plan: func(n int) fault.Plan { return fault.At(n, fault.Lose(errCut)) }},
}

// TestCutAnywhere ends a run at every one of its storage operations, once as if
// the process were gone and once with the means to tidy up, and runs again.
func TestCutAnywhere(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, s, memory)
			for _, c := range cuts {
				for _, n := range r.places(c.all) {
					r.cutAt(t, n, c)
				}
			}
		})
	}
}

func (r *rig) cutAt(t *testing.T, n int, c cut) {
	t.Helper()
	at := &placed{t, fmt.Sprintf("%s: %s", r.operations[n-1], c.name)}
	lake := r.lake(at)
	cut := fault.New(lake, c.plan(n))
	result := r.run(r.source, cut, r.refresh)
	if cut.Count() < n {
		at.Fatalf("the run did only %d operations: %+v", cut.Count(), failures(result))
	}
	r.checkStates(at, lake)
	r.checkContinues(at, lake)
}

// placed says in front of every failure where in the run it belongs.
type placed struct {
	*testing.T
	where string
}

func (p *placed) Fatalf(format string, args ...any) {
	p.Helper()
	p.T.Fatalf("%s: %s", p.where, fmt.Sprintf(format, args...))
}

// childVariable tells a re-executed test binary to be the process that dies.
const childVariable = "SLUICE_CRASH_CHILD"

// childRun is what it is to do.
type childRun struct{ Scenario, Source, Lake, Temp, Index, Plan string }

// TestCrashChild is the other process of TestKilledAnywhere. On its own it has
// nothing to do.
func TestCrashChild(t *testing.T) {
	text := os.Getenv(childVariable)
	if text == "" {
		return
	}
	var c childRun
	need(t, json.Unmarshal([]byte(text), &c))
	s := findScenario(t, c.Scenario)
	s.temp, s.index, s.workers = c.Temp, c.Index, 1
	plan, err := fault.Parse(c.Plan)
	need(t, err)
	source, err := local.New(c.Source)
	need(t, err)
	lake, err := local.New(c.Lake, local.WithoutSync())
	need(t, err)
	result := pipeline.Run(context.Background(), s.runner(source, fault.New(lake, plan), "account"), work.Request{FullRefresh: s.refresh})
	t.Fatalf("the run was to be killed, and ended: %s, %+v", result.State, failures(result))
}

// TestKilledAnywhere kills a process at every storage operation of its run that
// changes something, and runs again in this one.
func TestKilledAnywhere(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.index = t.TempDir()
			r := newRig(t, s, func() storage.Store { return newFolder(t) })
			for _, n := range r.places(false) {
				r.killAt(t, n)
			}
		})
	}
}

// newFolder is a store on disk. What is written need not survive a power
// failure, only the end of the process.
func newFolder(t *testing.T) storage.Store {
	t.Helper()
	s, err := local.New(t.TempDir(), local.WithoutSync())
	need(t, err)
	return s
}

func (r *rig) killAt(t *testing.T, n int) {
	t.Helper()
	at := &placed{t, fmt.Sprintf("killed at %s", r.operations[n-1])}
	lake := r.lake(at)
	order, err := json.Marshal(childRun{Scenario: r.name, Source: r.source.URL(""), Lake: lake.URL(""),
		Temp: t.TempDir(), Index: r.index, Plan: fmt.Sprintf("at %d kill", n)})
	need(t, err)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), childVariable+"="+string(order))
	output, err := child.CombinedOutput()
	if err == nil || strings.Contains(string(output), "FAIL") {
		at.Fatalf("the process was not killed: %v\n%s", err, output)
	}
	r.checkStates(at, lake)
	r.checkContinues(at, lake)
}
