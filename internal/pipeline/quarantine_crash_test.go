package pipeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

// asideRig is an export with good and bad rows in each folder, and a way to bring
// it to a lake. Bad rows are of two kinds: some can be read without the column
// amount, some never.
type asideRig struct {
	*world

	temp   string
	memory int64
}

// asideRows are the rows of one folder.
const asideRows = 8

func newAsideRig(t *testing.T, memory int64) *asideRig {
	t.Helper()
	r := &asideRig{world: newWorld(t), temp: t.TempDir(), memory: memory}
	r.columns["account"] = []column{{"Id", "guid"}, {"amount", "decimal(5,2)"}, {"versionnumber", "int64"}, {"IsDelete", "boolean"}}
	return r
}

// add writes the rows of folder n: of eight rows three cannot be read, and one of
// these will never be.
func (r *asideRig) add(t *testing.T, n int) {
	t.Helper()
	name := fmt.Sprintf("2024-01-10T00.0%d.00Z", n)
	var csv [2]strings.Builder
	for i := range asideRows {
		amount, version := "1.50", fmt.Sprint(n*100+i)
		switch i {
		case 2, 5:
			amount = "123456.00"
		case 6:
			version += "x"
		}
		fmt.Fprintf(&csv[i%2], "%s,%s,%s,\n", handID(n*100+i), amount, version)
	}
	r.put(t, name+"/account/2023.csv", csv[0].String())
	r.put(t, name+"/account/2024.csv", csv[1].String())
	r.manifest(t, name, "whole", "account")
	r.close(t, name)
}

func (r *asideRig) runner(lake storage.Store, exclude ...string) *work.Pipeline {
	w := way{vectors: true, exclude: exclude, memory: r.memory, workers: 2, temp: r.temp}
	runner := w.runner(r.source, lake, "account")
	runner.Config.Tables[0].Settings.MaxBadRows = -1
	return runner
}

func (r *asideRig) run(lake storage.Store) report.Result {
	return pipeline.Run(context.Background(), r.runner(lake), work.Request{})
}

func (r *asideRig) retry(lake storage.Store) report.Result {
	return pipeline.RetryQuarantine(context.Background(), r.runner(lake, "amount"), work.Request{})
}

// copied is a lake of its own with what another holds.
func copied(t tester, from storage.Store) storage.Store {
	t.Helper()
	to := memory()
	for e, err := range from.List(context.Background(), "", storage.ListOptions{}) {
		need(t, err)
		data, err := storage.ReadAll(context.Background(), from, e.Path)
		need(t, err)
		putFile(t, to, e.Path, data)
	}
	return to
}

// check fails unless each row of the folders up to the cursor is once in the table
// or once set aside, and returns how many are set aside.
func (r *asideRig) check(t tester, lake storage.Store) int {
	t.Helper()
	content, snapshot := contentOf(t, lake, tablePath("account"))
	if snapshot.Version < 0 {
		return 0
	}
	q, err := inspect.QuarantinedRows(context.Background(), r.runner(lake), "account", quarantine.Place{})
	need(t, err)
	var got, want []string
	for _, row := range content.rows {
		got = append(got, row.id)
	}
	for i := range q.Rows {
		got = append(got, q.Rows[i].ID)
	}
	slices.Sort(got)
	cursor := snapshot.Txns["sluice:prod:main.crm.account"].Version
	for n := 1; cursor >= 20240110000000+int64(n)*100; n++ {
		for i := range asideRows {
			want = append(want, handID(n*100+i))
		}
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%d rows in the table and %d set aside, of %d up to %d:\n%v\n%v", len(content.rows), len(q.Rows), len(want), cursor, got, want)
	}
	if int64(len(q.Rows)) != q.Count {
		t.Fatalf("%d rows are set aside, the log says %d", len(q.Rows), q.Count)
	}
	return len(q.Rows)
}

// cutAnywhere ends what act does at every storage operation, each time on a lake
// like base, and does it again without anything in the way.
func (r *asideRig) cutAnywhere(t *testing.T, base storage.Store, act func(storage.Store) report.Result, aside int) {
	t.Helper()
	counting := fault.New(copied(t, base), nil)
	act(counting)
	for _, c := range cuts {
		for _, o := range counting.Operations() {
			if !c.all && !slices.Contains(mutations, o.Op) {
				continue
			}
			at := &placed{t, fmt.Sprintf("%s: %s", o, c.name)}
			lake := copied(at, base)
			act(fault.New(lake, c.plan(o.N)))
			r.check(at, lake)
			again := act(lake)
			if len(failures(again)) > 0 {
				at.Fatalf("the second time: %+v", failures(again))
			}
			if got := r.check(at, lake); got != aside {
				at.Fatalf("%d rows are set aside at last, want %d", got, aside)
			}
			if left := entriesOf(at, r.temp); len(left) > 0 {
				at.Fatalf("temporary files are left: %v", left)
			}
		}
	}
}

// TestQuarantineCutAnywhere: a run or a retry that is cut neither loses rows nor
// sets them aside twice.
func TestQuarantineCutAnywhere(t *testing.T) {
	for name, bytes := range map[string]int64{"in memory": 0, "streamed": 4 << 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newAsideRig(t, bytes)
			base := memory()
			r.add(t, 1)
			if result := r.run(base); result.State != report.CompletedWithWarnings {
				t.Fatalf("%s, %+v", result.State, failures(result))
			}
			r.add(t, 2)
			r.cutAnywhere(t, base, r.run, 6)
			r.run(base)
			r.cutAnywhere(t, base, r.retry, 2)
		})
	}
}

// TestQuarantineMeetsOthers has another process, or another program, change the
// table between what a run read and what it commits.
func TestQuarantineMeetsOthers(t *testing.T) {
	r := newAsideRig(t, 0)
	base := memory()
	r.add(t, 1)
	r.run(base)
	r.add(t, 2)
	setTwice := func(lake storage.Store) {
		s, err := delta.Load(context.Background(), lake, tablePath("account"))
		need(t, err)
		_, err = delta.Commit(context.Background(), s, setProperty(t, s, lake), delta.CommitOptions{Clock: fixedClock})
		need(t, err)
	}
	for name, c := range map[string]struct {
		act   func(storage.Store) report.Result
		other func(storage.Store)
		code  string // of the error, where there is to be one
		aside int    // afterwards
	}{
		"a run meets a run":               {r.run, func(l storage.Store) { r.run(l) }, "CONCURRENT_RUN", 6},
		"a run meets a retry":             {r.run, func(l storage.Store) { r.retry(l) }, "CONCURRENT_RUN", 1},
		"a retry meets a run":             {r.retry, func(l storage.Store) { r.run(l) }, "CONCURRENT_RUN", 6},
		"a retry meets a retry":           {r.retry, func(l storage.Store) { r.retry(l) }, "CONCURRENT_RUN", 1},
		"a run meets another program":     {r.run, setTwice, "", 6},
		"a retry meets another program":   {r.retry, setTwice, "", 1},
		"a run meets who discarded a row": {r.run, func(l storage.Store) { r.discard(t, l) }, "CONCURRENT_RUN", 0},
	} {
		lake := copied(t, base)
		plan := fault.Match(fault.PutIfAbsent, "*", 1, fault.Call(func() { c.other(lake) }))
		result := c.act(fault.New(lake, plan))
		code := ""
		if e := result.Tables[0].Error; e != nil {
			code = e.Code
		}
		if code != c.code {
			t.Errorf("%s: %s, %+v, want %q", name, result.State, failures(result), c.code)
		}
		if c.aside == 0 {
			continue // that a row is missing is what was asked for
		}
		if got := r.check(&placed{t, name}, lake); got != c.aside {
			t.Errorf("%s: %d rows are set aside, want %d", name, got, c.aside)
		}
	}
}

func (r *asideRig) discard(t tester, lake storage.Store) {
	t.Helper()
	place, err := quarantine.ParsePlace("1")
	need(t, err)
	_, err = pipeline.DiscardQuarantine(context.Background(), r.runner(lake), "account", place)
	need(t, err)
}

// TestQuarantineIsGone: a run that has bad rows does not go on without those that
// were set aside before, unless these are discarded.
func TestQuarantineIsGone(t *testing.T) {
	r := newAsideRig(t, 0)
	lake := memory()
	r.add(t, 1)
	r.run(lake)
	for e, err := range lake.List(context.Background(), tablePath("account")+"/_sluice/", storage.ListOptions{}) {
		need(t, err)
		need(t, lake.Delete(context.Background(), e.Path))
	}
	r.add(t, 2)
	result := r.run(lake)
	if e := result.Tables[0].Error; e == nil || e.Code != "DAMAGED_QUARANTINE" {
		t.Errorf("a run: %s, %+v", result.State, failures(result))
	}
	if _, err := inspect.QuarantinedRows(context.Background(), r.runner(lake), "account", quarantine.Place{}); err == nil ||
		!strings.Contains(report.NewFailure(err).Message, "sluice quarantine discard") {
		t.Errorf("reading it: %v", err)
	}
	d, err := pipeline.DiscardQuarantine(context.Background(), r.runner(lake), "account", quarantine.Place{})
	if err != nil || d.Discarded != 3 || d.Left != 0 {
		t.Fatalf("discarding it: %+v, %v", d, err)
	}
	if result = r.run(lake); result.State != report.CompletedWithWarnings || result.Tables[0].Rows.Quarantined != 3 {
		t.Errorf("after that: %s, %+v", result.State, failures(result))
	}
}

// TestNothingNewTellsOfRowsSetAside: a run that looks at nothing but its memo says
// what is set aside as any other does, until somebody sees to it.
func TestNothingNewTellsOfRowsSetAside(t *testing.T) {
	r := newAsideRig(t, 0)
	r.add(t, 1)
	lake, memo := memory(), memory()
	var told []string
	run := func() report.Result {
		told = nil
		runner := r.runner(lake)
		runner.Options.Memo = memo
		runner.Options.Listener.Event = func(e report.Event) { told = append(told, e.Code) }
		return pipeline.Run(context.Background(), runner, work.Request{})
	}
	run()
	for range 2 {
		result := run()
		if result.State != report.CompletedWithWarnings || result.Tables[0].SetAside != 3 {
			t.Errorf("%s, %d rows set aside", result.State, result.Tables[0].SetAside)
		}
		if !slices.Contains(told, report.QuarantineRowsLeft) {
			t.Errorf("told: %v", told)
		}
	}
	runner := r.runner(lake, "amount")
	runner.Options.Memo = memo
	if result := pipeline.RetryQuarantine(context.Background(), runner, work.Request{}); result.Tables[0].SetAside != 1 {
		t.Errorf("after the retry: %+v", result.Tables[0])
	}
	if result := run(); result.Tables[0].SetAside != 1 {
		t.Errorf("a run after the retry: %+v", result.Tables[0])
	}
	if _, err := pipeline.DiscardQuarantine(context.Background(), runner, "account", quarantine.Place{}); err != nil {
		t.Fatal(err)
	}
	if result := run(); result.State != report.Completed || result.Tables[0].SetAside != 0 {
		t.Errorf("a run after the rest was discarded: %s, %+v", result.State, result.Tables[0])
	}
}

func TestParsePlace(t *testing.T) {
	for _, text := range []string{"0", "-1", "x", "2024.csv:1", "folder/", "folder/2024.csv:", "folder/2024.csv:99999999999999999999"} {
		if p, err := quarantine.ParsePlace(text); err == nil {
			t.Errorf("%q is taken for %+v", text, p)
		}
	}
	for _, text := range []string{"1", "2024-01-10T00.01.00Z/2024.csv:7", " 2024-01-10T00.01.00Z/a:b.csv:7"} {
		if p, err := quarantine.ParsePlace(text); err != nil || p.IsAll() {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	if p, err := quarantine.ParsePlace(""); err != nil || !p.IsAll() {
		t.Errorf("nothing: %+v, %v", p, err)
	}
}
