package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		code string
		exit exitCode
	}{
		{usage("wrong"), "USAGE", exitUsage},
		{fmt.Errorf("read x: %w", spec.ErrInvalid), "CONFIGURATION", exitUsage},
		{spec.Problems{{Message: "wrong"}}, "CONFIGURATION", exitUsage},
		{fmt.Errorf("%w: q", control.ErrNoPipeline), "USAGE", exitUsage},
		{fmt.Errorf("%w: q", control.ErrEnvironment), "STORAGE", exitEnvironment},
		{fmt.Errorf("%w: q", exporter.ErrOptions), "USAGE", exitUsage},
		{inspect.ErrBadKey, "USAGE", exitUsage},
		{report.ErrNoSuchTable, "NO_SUCH_TABLE", exitUsage},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EIO}, "STORAGE", exitEnvironment},
		{errors.New("something else"), "ERROR", exitFailed},
	} {
		if p, exit := classify(t.Context(), c.err); p.Code != c.code || exit != c.exit {
			t.Errorf("%v: %s and %d, want %s and %d", c.err, p.Code, exit, c.code, c.exit)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if p, exit := classify(ended, errors.New("read a file: context canceled")); p.Code != "INTERRUPTED" || exit != exitInterrupted {
		t.Errorf("after a signal: %s and %d", p.Code, exit)
	}
}

func TestExitOfAll(t *testing.T) {
	broken := &report.Failure{Code: "BAD_ROW"}
	full := &report.Failure{Code: "NO_SPACE"}
	for _, c := range []struct {
		done     int
		failures []*report.Failure
		want     exitCode
	}{
		{0, nil, exitDone},
		{3, nil, exitDone},
		{3, []*report.Failure{broken}, exitPartly},
		{3, []*report.Failure{full, full}, exitPartly},
		{0, []*report.Failure{broken, broken}, exitFailed},
		{0, []*report.Failure{full, full}, exitEnvironment},
		{0, []*report.Failure{full, broken}, exitFailed},
	} {
		if got := exitOfAll(c.done, c.failures); got != c.want {
			t.Errorf("%d done, %v failed: %d, want %d", c.done, c.failures, got, c.want)
		}
	}
}

// Quarantined rows do not fail a table, and are not passed over.
func TestQuarantineIsPartlyDone(t *testing.T) {
	o := runOutcome([]report.Result{{Name: "p", State: report.Completed, Tables: []report.TableResult{{
		Table: "main.crm.account", State: report.Completed, Folders: 1,
		Rows: report.Rows{Read: 10, Upserted: 7, Quarantined: 3},
	}}}}, time.Second)
	if o.exit != exitPartly || len(o.problems) != 1 || !strings.Contains(o.problems[0], "3 rows were quarantined") {
		t.Errorf("exit %d, problems %q", o.exit, o.problems)
	}
}

// A table that failed is never up to date, however many folders it applied before.
func TestSummaryOfTablesThatFail(t *testing.T) {
	broken := &report.Failure{Code: "BAD_ROW"}
	done := report.TableResult{State: report.Completed, Folders: 2, Version: 2, Rows: report.Rows{Read: 5, Upserted: 5}}
	further := report.TableResult{State: report.Failed, Folders: 1, Version: 1, Rows: report.Rows{Read: 3, Upserted: 3}, Error: broken}
	stuck := report.TableResult{State: report.Failed, Error: broken}
	work := func(rows int64) string {
		return "; " + rowsSentence(report.Rows{Read: rows, Upserted: rows}) + "; 0 B in 1.0 s (-)"
	}
	for _, c := range []struct {
		tables []report.TableResult
		want   string
	}{
		{[]report.TableResult{further, further, stuck},
			"3 of 3 tables failed; 2 tables got further before they failed" + work(6)},
		{[]report.TableResult{done, further, stuck},
			"2 of 3 tables failed; 1 table got further before it failed; 1 table brought up to date" + work(8)},
		{[]report.TableResult{done, stuck}, "1 of 2 tables failed; 1 table brought up to date" + work(5)},
		{[]report.TableResult{stuck}, "1 of 1 table failed"},
	} {
		o := runOutcome([]report.Result{{Name: "p", Tables: c.tables}}, time.Second)
		if o.summary != c.want {
			t.Errorf("the summary is\n%s, want\n%s", o.summary, c.want)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"version", "--json"}, {"config", "schema"}} {
		var stderr bytes.Buffer
		p := &program{args: args, out: full{}, err: &stderr, now: time.Now, working: func(context.Context) {}}
		if code := p.run(); code == exitDone || !strings.Contains(stderr.String(), "write the output") {
			t.Errorf("%v: exit status %d, %q", args, code, stderr.String())
		}
	}
}

// TestSummaryOfWhatWasNotedBefore: a run that did not look at the tables says when
// they were looked at.
func TestSummaryOfWhatWasNotedBefore(t *testing.T) {
	late, early := time.Date(2024, 1, 15, 9, 45, 0, 0, time.UTC), time.Date(2024, 1, 15, 9, 5, 0, 0, time.FixedZone("", 0))
	tables := []report.TableResult{{Version: 2}}
	all := totalOf([]report.Result{{Tables: tables, LookedAt: &late}, {Tables: tables, LookedAt: &early}, {Tables: tables}})
	const want = "nothing new: 3 tables are up to date; tables as they were looked at 09:05 UTC: looked at again within the hour, or now with --recheck"
	if got := all.summary(time.Second); got != want {
		t.Errorf("%s", got)
	}
}
