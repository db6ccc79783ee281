package pipeline_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// operations of the table's commits, newest first.
func operations(t *testing.T, lake *mem.Store) []string {
	t.Helper()
	history, err := delta.History(context.Background(), lake, "main/crm/account", 0)
	need(t, err)
	names := make([]string, len(history))
	for i := range history {
		names[i] = history[i].Operation
	}
	return names
}

// TestRunsLookAfterTables: an update that leaves many small files merges them,
// unless the table is not to be touched; when that does not succeed the table is
// up to date all the same.
func TestRunsLookAfterTables(t *testing.T) {
	h := crashHistory()
	source := memory()
	h.write(t, source, 0, len(h.folders))
	errFull := errors.New("no more of these")
	for name, test := range map[string]struct {
		off           bool
		plan          fault.Plan
		newest, event string
		state         report.State
	}{
		"merges":       {newest: "OPTIMIZE", event: report.TableCompacted, state: report.Completed},
		"switched off": {off: true, newest: "MERGE", state: report.Completed},
		"fails": {plan: fault.Match(fault.PutIfAbsent, "*/_sluice/clock-*", 0, fault.Fail(errFull)),
			newest: "MERGE", event: report.MaintenanceFailed, state: report.CompletedWithWarnings},
	} {
		t.Run(name, func(t *testing.T) {
			lake := mem.New(fixedClock)
			r := way{scd: change.Type1, vectors: true, index: t.TempDir()}.runner(source, fault.New(lake, test.plan), h.table)
			if test.off {
				r.Config.Tables[0].Settings.TableProperties = map[string]string{"delta.autoOptimize.autoCompact": "false"}
			}
			result := pipeline.Run(context.Background(), r, work.Request{})
			if result.State != test.state || result.Tables[0].Error != nil {
				t.Fatalf("%s: %+v", result.State, result.Tables[0])
			}
			if got := operations(t, lake)[0]; got != test.newest {
				t.Errorf("the newest commit is %s, want %s", got, test.newest)
			}
			found := slices.ContainsFunc(result.Tables[0].Events, func(e report.Event) bool { return e.Code == test.event })
			if test.event != "" && !found {
				t.Errorf("events %+v, want %s", result.Tables[0].Events, test.event)
			}
			s, err := delta.Load(context.Background(), lake, "main/crm/account")
			need(t, err)
			if s.Version != result.Tables[0].Version {
				t.Errorf("the result says version %d, the table has %d", result.Tables[0].Version, s.Version)
			}
			if again := pipeline.Run(context.Background(), r, work.Request{}); again.Tables[0].Folders != 0 {
				t.Errorf("the next run applied %d folders", again.Tables[0].Folders)
			}
		})
	}
}
