package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// needsSpace are the operations that a full disk refuses.
var needsSpace = []fault.Op{fault.Write, fault.WriteData, fault.Close, fault.PutIfAbsent}

// full is a disk on which from operation n on nothing can be written.
func full(n int) fault.Plan {
	return func(o fault.Operation) fault.Action {
		if o.N >= n && slices.Contains(needsSpace, o.Op) {
			return fault.Fail(storage.ErrNoSpace)
		}
		return fault.Pass()
	}
}

// mustFail: a run that can write nothing from operation n on, checkpoints
// excepted, without which a table is right.
func (r *rig) mustFail(n int) bool {
	return slices.ContainsFunc(r.operations[n-1:], func(o fault.Operation) bool {
		return slices.Contains(needsSpace, o.Op) && !strings.Contains(o.Path, "checkpoint")
	})
}

// TestDiskFull lets the disk run full at every operation that writes: the table
// fails and says so, stays what it was, keeps its cursor and no other file, and
// the next run brings the rest.
func TestDiskFull(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, s, memory)
			for _, n := range r.places(false) {
				if slices.Contains(needsSpace, r.operations[n-1].Op) {
					r.fillAt(t, n)
				}
			}
		})
	}
}

func (r *rig) fillAt(t *testing.T, n int) {
	t.Helper()
	at := &placed{t, fmt.Sprintf("full from %s", r.operations[n-1])}
	lake := r.lake(at)
	result := r.run(r.source, fault.New(lake, full(n)), r.refresh)
	table := result.Tables[0]
	switch {
	case !r.mustFail(n):
		if !isDone(table.State) {
			at.Fatalf("%s, %+v", table.State, table.Error)
		}
	case table.State != report.Failed || table.Error.Code != "NO_SPACE" || !strings.Contains(table.Error.Message, "make room"):
		at.Fatalf("%s, %+v", table.State, table.Error)
	}
	_, snapshot := contentOf(at, lake, tablePath("account"))
	cursor := int64(0)
	for _, txn := range snapshot.Txns {
		if strings.HasSuffix(txn.AppID, "account") {
			cursor = txn.Version
		}
	}
	if got := folderDigits(table.Cursor); got != cursor {
		at.Fatalf("the result says cursor %d, the table has %d", got, cursor)
	}
	// A table that was only created, and has no cursor, counts as none.
	if table.Version != snapshot.Version && cursor != 0 {
		at.Fatalf("the result says version %d, the table has %d", table.Version, snapshot.Version)
	}
	r.checkStates(at, lake)
	r.checkNoOrphans(at, lake)
	r.checkContinues(at, lake)
}

// TestDeniedTableLeavesTheOthers takes away one table's files of the export, or
// its folder in the lake.
func TestDeniedTableLeavesTheOthers(t *testing.T) {
	ctx := context.Background()
	for name, deny := range map[string]struct{ source, lake fault.Plan }{
		"rows":            {source: fault.Match(fault.Read, "*/bench/*.csv", 0, fault.Fail(storage.ErrDenied))},
		"rows broken off": {source: fault.Match(fault.Read, "*/bench/*.csv", 0, fault.Cut(100, storage.ErrDenied))},
		"log":             {lake: fault.Match(fault.List, "main/crm/bench/_delta_log/*", 0, fault.Fail(storage.ErrDenied))},
		"writing":         {lake: fault.Match(fault.Write, "main/crm/bench/*", 0, fault.Fail(storage.ErrDenied))},
		"committing":      {lake: fault.Match(fault.PutIfAbsent, "main/crm/bench/*", 0, fault.Fail(storage.ErrDenied))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, lake := mem.New(fixedClock), mem.New(fixedClock)
			sim, err := exporter.New(exporter.Options{KeepHistory: true, Tables: []exporter.TableOption{
				{Name: "annotation", Rows: 5}, {Name: "bench", Rows: 5}, {Name: "inventtrans", Rows: 5}}})
			need(t, err)
			need(t, sim.Initial(ctx, source))
			w := way{scd: change.Type1, vectors: true, temp: t.TempDir()}
			result := pipeline.Run(ctx, w.runner(fault.New(source, deny.source), fault.New(lake, deny.lake), sim.Tables()...), work.Request{})
			if result.State != report.Partial {
				t.Fatalf("%s, %+v", result.State, failures(result))
			}
			for _, r := range result.Tables {
				if r.SourceTable == "bench" {
					if r.State != report.Failed || r.Error.Code != "ACCESS_DENIED" || r.Cursor != "" {
						t.Fatalf("the denied table: %s, cursor %q, %+v", r.State, r.Cursor, r.Error)
					}
				} else if !isDone(r.State) {
					t.Fatalf("%s: %s, %+v", r.SourceTable, r.State, r.Error)
				}
			}
			f := &follower{way: w, source: source, lake: lake, tables: sim.Tables(), cursors: map[string]int64{},
				history: func(table string) ([]exporter.Written, []exporter.Column) {
					h, err := sim.History(table)
					need(t, err)
					return h, sim.Columns(table)
				}}
			for _, table := range []string{"annotation", "inventtrans"} {
				f.cursors[table] = folderDigits(result.Tables[0].Cursor)
			}
			f.run(t, false)
		})
	}
}

// TestRoleLostAtTheCommit takes all rights away when the first rows are to be
// committed. That is a definite no, and the next run goes on from there.
func TestRoleLostAtTheCommit(t *testing.T) {
	ctx := context.Background()
	source, lake := mem.New(fixedClock), mem.New(fixedClock)
	h := crashHistory()
	h.write(t, source, 0, 2)
	puts, lost := 0, false
	denied := func(o fault.Operation) fault.Action {
		if o.Op == fault.PutIfAbsent {
			puts++
		}
		if lost = lost || puts == 2; lost { // the first one makes the table
			return fault.Fail(storage.ErrDenied)
		}
		return fault.Pass()
	}
	w := way{scd: change.Type1, vectors: true, temp: t.TempDir()}
	table := pipeline.Run(ctx, w.runner(source, fault.New(lake, denied), h.table), work.Request{}).Tables[0]
	if table.Error == nil || table.Error.Code != "ACCESS_DENIED" || strings.Contains(table.Error.Message, local.ErrUnknownOutcome.Error()) {
		t.Fatalf("%s, %+v", table.State, table.Error)
	}
	if result := pipeline.Run(ctx, w.runner(source, lake, h.table), work.Request{}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	got, _ := contentOf(t, lake, tablePath(h.table))
	if d := differences(expected(t, h.history(t, 2), h.columns, change.Type1, change.NoEnd), got); d != "" {
		t.Fatal(d)
	}
}
