package report_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

func TestSettle(t *testing.T) {
	warning, failure := []report.Event{{Level: report.Warn}}, []report.Event{{Level: report.Error}}
	done := report.TableResult{State: report.Completed}
	warned := report.TableResult{State: report.Completed, Events: warning}
	aside := report.TableResult{State: report.Completed, Rows: report.Rows{Quarantined: 1}}
	failed := report.TableResult{State: report.Failed}
	for name, test := range map[string]struct {
		result report.Result
		want   report.State
		tables []report.State
	}{
		"nothing to do":         {report.Result{}, report.Completed, nil},
		"done":                  {report.Result{Tables: []report.TableResult{done}}, report.Completed, []report.State{report.Completed}},
		"a warning of a table":  {report.Result{Tables: []report.TableResult{done, warned}}, report.CompletedWithWarnings, []report.State{report.Completed, report.CompletedWithWarnings}},
		"rows set aside":        {report.Result{Tables: []report.TableResult{aside}}, report.CompletedWithWarnings, []report.State{report.CompletedWithWarnings}},
		"a warning of the run":  {report.Result{Events: warning, Tables: []report.TableResult{done}}, report.CompletedWithWarnings, []report.State{report.Completed}},
		"one table failed":      {report.Result{Tables: []report.TableResult{done, failed}}, report.Partial, []report.State{report.Completed, report.Failed}},
		"all tables failed":     {report.Result{Tables: []report.TableResult{failed}}, report.Failed, []report.State{report.Failed}},
		"an environment failed": {report.Result{Events: failure, Tables: []report.TableResult{done}}, report.Partial, []report.State{report.Completed}},
		"nothing but failures":  {report.Result{Events: failure}, report.Failed, nil},
		"it did not begin":      {report.Result{Error: &report.Failure{}, Tables: []report.TableResult{done}}, report.Failed, []report.State{report.Completed}},
	} {
		test.result.Tables = slices.Clone(test.result.Tables)
		test.result.Settle()
		var tables []report.State
		for _, r := range test.result.Tables {
			tables = append(tables, r.State)
		}
		if d := cmp.Diff(test.tables, tables); d != "" || test.result.State != test.want {
			t.Errorf("%s: %s, tables %v", name, test.result.State, tables)
		}
	}
}

// hinted knows its own remedy, as errors of stores do.
type hinted struct{ error }

func (hinted) Hint() string    { return "turn the key" }
func (h hinted) Unwrap() error { return h.error }

func TestFailure(t *testing.T) {
	for _, test := range []struct {
		err        error
		code, says string
	}{
		{context.Canceled, "INTERRUPTED", "context canceled; run again: it goes on where the tables stand"},
		{fmt.Errorf("reading: %w", storage.ErrDenied), "ACCESS_DENIED", "; give this user the right to do so"},
		{fmt.Errorf("%w: %w; ask for it", report.ErrPruneDenied, storage.ErrDenied), "ACCESS_DENIED", "; ask for it"},
		{hinted{storage.ErrDenied}, "ACCESS_DENIED", "; turn the key"},
		{fmt.Errorf("%w: run a refresh", report.ErrGap), "FULL_REFRESH_REQUIRED", ": run a refresh"},
		{&synapselink.RowError{Err: synapselink.ErrNumber}, "BAD_ROW", ""},
		{errors.New("out of the blue"), "ERROR", "out of the blue"},
		{hinted{errors.New("out of the blue")}, "ERROR", "out of the blue; turn the key"},
	} {
		f := report.NewFailure(test.err)
		if f.Code != test.code || !strings.Contains(f.Message, test.says) || !errors.Is(f, test.err) {
			t.Errorf("%v: %s %q", test.err, f.Code, f.Message)
		}
		if e := f.Event(time.Unix(0, 0), "main.crm.account"); e.Level != report.Error || e.Code != test.code || e.Text != f.Message {
			t.Errorf("%v: %+v", test.err, e)
		}
	}
}

func TestEventHasTheFixOfItsKind(t *testing.T) {
	for _, kind := range report.EventKinds() {
		e := report.NewEvent(time.Unix(0, 0), kind.Code, "", "", "it happened")
		if e.Level != kind.Level || e.Fix != kind.Fix {
			t.Errorf("%s: %+v", kind.Code, e)
		}
		want := "it happened"
		if kind.Fix != "" {
			want += "; " + kind.Fix
		}
		if e.String() != want {
			t.Errorf("%s: %s", kind.Code, e)
		}
	}
}

func TestListenersAreToldInOrder(t *testing.T) {
	var told []string
	listener := func(name string) report.Listener {
		return report.Listener{Read: func(n int64) { told = append(told, fmt.Sprint(name, n)) }}
	}
	report.Listen(listener("a"), report.Listener{}, report.Listen(listener("b"))).Read(7)
	if d := cmp.Diff([]string{"a7", "b7"}, told); d != "" {
		t.Fatal(d)
	}
}

func TestCells(t *testing.T) {
	schema := batch.Schema{
		{Name: "text", Type: batch.Type{Kind: batch.String}},
		{Name: "long", Type: batch.Type{Kind: batch.Long}},
		{Name: "yes", Type: batch.Type{Kind: batch.Boolean}},
		{Name: "time", Type: batch.Type{Kind: batch.Timestamp}},
		{Name: "day", Type: batch.Type{Kind: batch.Date}},
		{Name: "small", Type: batch.Type{Kind: batch.Decimal, Precision: 9, Scale: 3}},
		{Name: "wide", Type: batch.Type{Kind: batch.Decimal, Precision: 38, Scale: 2}},
	}
	var b batch.Batch
	b.Reset(schema)
	b.Rows = 2
	b.Cols[0].Text([]byte("a\nb"))
	b.Cols[1].Int(-9)
	b.Cols[2].Bool(true)
	b.Cols[3].Int(1_500_000)
	b.Cols[4].Int(19_000)
	b.Cols[5].Int(-7)
	minusOne := [16]byte{}
	for i := range minusOne {
		minusOne[i] = 0xff
	}
	b.Cols[6].Def, b.Cols[6].Wide = append(b.Cols[6].Def, 1), append(b.Cols[6].Wide, minusOne)
	for i := range b.Cols {
		b.Cols[i].Null(1)
	}
	var got [][]string
	for _, row := range report.CellsOf(&b) {
		var texts []string
		for _, cell := range row {
			text := "null"
			if cell.Value != nil {
				text = *cell.Value
			}
			texts = append(texts, cell.Column+"="+text)
		}
		got = append(got, texts)
	}
	want := [][]string{
		{"text=a\nb", "long=-9", "yes=true", "time=1970-01-01T00:00:01.5Z", "day=2022-01-08", "small=-0.007", "wide=-0.01"},
		{"text=null", "long=null", "yes=null", "time=null", "day=null", "small=null", "wide=null"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}
