package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/state"
)

// told is what the history of a folder says, for people.
func told(t *testing.T, dir string) string {
	t.Helper()
	s, err := state.OpenExisting(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	runs, err := s.Runs(t.Context(), state.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, r := range runs {
		fmt.Fprintf(&out, "run %s of %s %s: %s, %d of %d tables failed, %+v, %d bytes read, %d written; %s\n", r.ID, r.Pipeline, r.State,
			r.Ended.Sub(r.Began), r.Failed, r.Tables, r.Rows, r.BytesRead, r.BytesWritten, r.Error)
		tables, err := s.Tables(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range tables {
			var result report.TableResult
			if err := json.Unmarshal(table.Result, &result); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "  %s %s %s, version %d\n", table.Name, table.State, table.Ended.Format(time.TimeOnly), result.Version)
		}
	}
	events, err := s.Events(t.Context(), state.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		fmt.Fprintf(&out, "%s %s %s %q %q %s; %s\n", e.Time.Format(time.TimeOnly), e.Level, e.Code, e.Table, e.Folder, e.Text, e.Fix)
	}
	return out.String()
}

func TestHistory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".sluice")
	m := Start(t.Context(), Options{History: dir, Clock: func() time.Time { return noon }})
	tellSample(t, m.Listener())
	tellRefusal(m.Listener(), "another", "NO_EXPORT")
	if problems := m.Close(t.Context()); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	text := told(t, dir)
	if strings.Contains(text, secret) {
		t.Error("the history tells a secret")
	}
	golden(t, "history.txt", text)
}

// TestHistoryOfAnInterruptedRun: what was told before the end is there, and the
// end is written although the context has ended.
func TestHistoryOfAnInterruptedRun(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	now := noon
	m := Start(ctx, Options{History: dir, Clock: func() time.Time { now = now.Add(2 * historyEvery); return now }})
	l := m.Listener()
	info := report.RunInfo{Pipeline: "prod", UpdateID: "u", At: noon}
	l.RunBegan(info)
	l.TableBegan(report.TableInfo{RunInfo: info, Table: "a.b.c"})
	l.Table(report.TableInfo{RunInfo: info, Table: "a.b.c"}, report.TableResult{State: report.Completed, Folders: 1})
	cancel()
	want := "run u of prod RUNNING: "
	if text := told(t, dir); !strings.HasPrefix(text, want) || !strings.Contains(text, "a.b.c COMPLETED") {
		t.Errorf("the history says\n%s", text)
	}
	info.At = noon.Add(time.Minute)
	l.RunDone(info, report.Result{State: report.Failed, Error: &report.Failure{Code: interrupted, Message: "stopped"}})
	if problems := m.Close(ctx); len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	if text := told(t, dir); !strings.HasPrefix(text, "run u of prod FAILED: 1m0s") || !strings.Contains(text, "ERROR INTERRUPTED") {
		t.Errorf("the history says\n%s", text)
	}
}

func TestHistoryThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, state.File), []byte(strings.Repeat("no database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dir, want string }{
		{file, "run history: this run is not kept: open the run history: make its folder: "},
		{dir, "run history: what was kept so far was damaged and is now at " + filepath.Join(dir, state.File) + ".damaged; a new history was begun"},
	} {
		var log strings.Builder
		m := Start(t.Context(), Options{History: tt.dir, Log: obs.NewLogger(&log, obs.Options{})})
		tellSample(t, m.Listener())
		tellRefusal(m.Listener(), "another", "NO_EXPORT")
		problems := m.Close(t.Context())
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), tt.want) {
			t.Errorf("problems: %v, want %q", problems, tt.want)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d lines in the log, want 1:\n%s", n, log.String())
		}
	}
}

// TestHistoryThatFailsLater is given up after the first write that does not work.
func TestHistoryThatFailsLater(t *testing.T) {
	var p problems
	p.log = obs.Discard()
	started, err := startHistory(t.Context(), Options{History: t.TempDir()}.withDefaults(), &p)
	if err != nil {
		t.Fatal(err)
	}
	if err := started.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	tellSample(t, started.listener)
	if list := p.all(); len(list) != 1 || !strings.HasPrefix(list[0].Error(), "run history: this run is not kept: write the run history ") {
		t.Errorf("problems: %v", list)
	}
}

// TestNobodyIsTold: without options a monitor does nothing.
func TestNobodyIsTold(t *testing.T) {
	m := Start(t.Context(), Options{})
	tellSample(t, m.Listener())
	if problems := m.Close(t.Context()); len(problems) > 0 || len(m.closers) > 0 {
		t.Errorf("problems: %v", problems)
	}
}
