package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

// oneBadRow is an export with a bad row, of which one may be set aside.
func oneBadRow(t *testing.T) (*world, *work.Pipeline) {
	t.Helper()
	w := newWorld(t)
	name := "2024-01-10T00.00.00Z"
	w.put(t, name+"/account/2024.csv", expandID("A")+",,,\"Ann\",100,\n"+expandID("B")+",,,\"Bob\",x,\n")
	w.columnsOf("account")
	w.manifest(t, name, "whole", "account")
	w.close(t, name)
	return w, w.runner(&datadriven.TestData{CmdArgs: []datadriven.CmdArg{{Key: "max_bad_rows", Vals: []string{"1"}}}})
}

// TestReplayedBadRowsCountOnce sets a table's cursor back behind its export, so that
// a folder is read again. Its bad row is in the quarantine already, and takes no more
// of max_bad_rows than before.
func TestReplayedBadRowsCountOnce(t *testing.T) {
	ctx := context.Background()
	w, r := oneBadRow(t)
	run := func() report.TableResult {
		table := pipeline.Run(ctx, r, work.Request{}).Tables[0]
		if !isDone(table.State) || table.Folders != 1 || table.Rows.Quarantined != 1 || table.SetAside != 1 {
			t.Fatalf("%s, %+v, %+v", table.State, table, table.Error)
		}
		return table
	}
	run()
	s, err := delta.Load(ctx, w.lake, tablePath("account"))
	need(t, err)
	_, err = delta.Commit(ctx, s, delta.Changes{Txns: []delta.Txn{{AppID: "sluice:prod:main.crm.account", Version: 20240109000000}}}, delta.CommitOptions{})
	need(t, err)
	run()
	q, err := inspect.QuarantinedRows(ctx, r, "account", quarantine.Place{})
	need(t, err)
	if len(q.Rows) != 1 {
		t.Fatalf("%+v", q.Rows)
	}
}

// TestRefreshFromAnotherExport takes a table over from another environment: what was
// set aside of that goes with it, and the event says how much it was.
func TestRefreshFromAnotherExport(t *testing.T) {
	ctx := context.Background()
	w, r := oneBadRow(t)
	r.Config.Tables[0].SourceSchema = "one"
	if result := pipeline.Run(ctx, r, work.Request{}); !isDone(result.State) {
		t.Fatalf("%s, %+v", result.State, failures(result))
	}
	w.put(t, "2024-01-10T00.00.00Z/account/2024.csv", expandID("A")+",,,\"Ann\",100,\n")
	r.Config.Tables[0].SourceSchema = "another"
	table := pipeline.Run(ctx, r, work.Request{FullRefresh: true}).Tables[0]
	dropped := slices.IndexFunc(table.Events, func(e report.Event) bool { return e.Code == report.QuarantineRowsDropped })
	if dropped < 0 || !strings.HasPrefix(table.Events[dropped].Text, "1 row was dropped") || table.SetAside != 0 {
		t.Fatalf("%s, %+v, %+v", table.State, table.Events, table.Error)
	}
}

// TestDiscardMeetsAnotherAnywhere has another process drop a row, or try them all
// again, at every storage operation of a discard and of a retry. Each says what it
// did itself, or that the other was faster: no row is counted twice or left out.
func TestDiscardMeetsAnotherAnywhere(t *testing.T) {
	r := newAsideRig(t, 0)
	base := memory()
	r.add(t, 1)
	r.run(base)
	const aside = 3
	acts := map[string]func(tester, storage.Store) (gone int64, failed bool){
		"discard": func(at tester, lake storage.Store) (int64, bool) {
			place, err := quarantine.ParsePlace("1")
			need(t, err)
			d, err := pipeline.DiscardQuarantine(context.Background(), r.runner(lake), "account", place)
			if err != nil {
				return 0, true
			}
			if d.Discarded != 1 {
				at.Fatalf("without an error %d rows are dropped", d.Discarded)
			}
			return d.Discarded, false
		},
		"retry": func(at tester, lake storage.Store) (int64, bool) {
			result := r.retry(lake)
			if len(failures(result)) > 0 {
				return 0, true
			}
			table := &result.Tables[0]
			if table.Rows.Read == 0 {
				at.Fatalf("without an error nothing was tried")
			}
			if gone := table.Rows.Read - table.Rows.Quarantined; gone+table.SetAside > aside {
				at.Fatalf("%d rows are gone, and it says that %d are left", gone, table.SetAside)
			}
			return table.Rows.Read - table.Rows.Quarantined, false
		},
	}
	for name, act := range acts {
		for other, meanwhile := range acts {
			counting := fault.New(copied(t, base), nil)
			act(t, counting)
			for _, o := range counting.Operations() {
				at := &placed{t, fmt.Sprintf("%s meets %s at %s", name, other, o)}
				lake := copied(at, base)
				first := int64(0)
				gone, failed := act(at, fault.New(lake, fault.At(o.N, fault.Call(func() { first, _ = meanwhile(at, lake) }))))
				q, err := inspect.QuarantinedRows(context.Background(), r.runner(lake), "account", quarantine.Place{})
				need(at, err)
				if first+gone == 0 {
					at.Fatalf("neither did anything")
				}
				if q.Count != aside-first-gone {
					at.Fatalf("%d rows are left of %d: one says that %d are gone, the other %d (failed: %t)", q.Count, aside, first, gone, failed)
				}
			}
		}
	}
}
