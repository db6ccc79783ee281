package state_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/state"
)

var noon = time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, o state.Options) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func write(t *testing.T, s *state.Store, run state.Run, tables []state.Table, events []state.Event) {
	t.Helper()
	if err := s.Write(t.Context(), run, tables, events); err != nil {
		t.Fatal(err)
	}
}

func run(id string, began time.Time) state.Run {
	return state.Run{ID: id, Pipeline: "prod", State: state.Running, Began: began}
}

func ended(r state.Run) state.Run {
	r.State, r.Ended = "COMPLETED", r.Began.Add(time.Minute)
	return r
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder? 100%")
	s := open(t, dir, state.Options{})
	r := run("u1", noon)
	write(t, s, r, nil, nil)
	r = ended(r)
	r.State, r.Tables, r.Failed, r.Error = "PARTIAL", 2, 1, "why"
	r.Rows = state.Rows{Read: 10, Upserted: 4, Deleted: 3, Superseded: 2, Quarantined: 1}
	r.BytesRead, r.BytesWritten = 100, 50
	table := state.Table{Name: "main.crm.account", State: "FAILED", Ended: noon.Add(time.Second), Result: json.RawMessage(`{"rows":1}`)}
	event := state.Event{Time: noon.Add(2 * time.Second), Code: "BAD_ROW", Level: "ERROR", Table: table.Name,
		Folder: "2024-01-15T08.00.00Z", Text: "row 5", Fix: "look at it"}
	write(t, s, r, []state.Table{table}, []state.Event{event})

	for name, opened := range map[string]*state.Store{"the writer": s, "a reader": reader(t, dir)} {
		runs, err := opened.Runs(t.Context(), state.Filter{})
		if diff := cmp.Diff([]state.Run{r}, runs); diff != "" || err != nil {
			t.Errorf("runs of %s: %v (-want +got):\n%s", name, err, diff)
		}
		tables, err := opened.Tables(t.Context(), "u1")
		if diff := cmp.Diff([]state.Table{table}, tables); diff != "" || err != nil {
			t.Errorf("tables of %s: %v (-want +got):\n%s", name, err, diff)
		}
		events, err := opened.Events(t.Context(), state.Filter{})
		if diff := cmp.Diff([]state.RunEvent{{Event: event, Run: "u1", Pipeline: "prod"}}, events); diff != "" || err != nil {
			t.Errorf("events of %s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func reader(t *testing.T, dir string) *state.Store {
	t.Helper()
	s, err := state.OpenExisting(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFilter(t *testing.T) {
	s := open(t, t.TempDir(), state.Options{})
	other := run("u2", noon.Add(time.Hour))
	other.Pipeline = "test"
	event := func(minute int, code, level, table string) state.Event {
		return state.Event{Time: noon.Add(time.Duration(minute) * time.Minute), Code: code, Level: level, Table: table}
	}
	write(t, s, ended(run("u1", noon)), nil, []state.Event{
		event(1, "A", "INFO", "main.crm.account"), event(2, "B", "WARN", "main.crm.Contact"), event(3, "C", "ERROR", "")})
	write(t, s, other, nil, []state.Event{event(61, "A", "WARN", "dev.crm.account"), event(62, "B", "INFO", "main.crm.subaccount")})
	for _, tt := range []struct {
		name   string
		filter state.Filter
		want   string // codes and minutes
		runs   string
	}{
		{"all", state.Filter{}, "A1 B2 C3 A61 B62", "u1 u2"},
		{"the newest", state.Filter{Limit: 2}, "A61 B62", "u1 u2"},
		{"one", state.Filter{Limit: 1}, "B62", "u2"},
		{"pipeline", state.Filter{Pipeline: "test"}, "A61 B62", "u2"},
		{"table", state.Filter{Table: "account"}, "A1 A61", "u1 u2"},
		{"table in another case", state.Filter{Table: "CRM.contact"}, "B2", "u1 u2"},
		{"table in full", state.Filter{Table: "main.crm.account"}, "A1", "u1 u2"},
		{"a part of a name", state.Filter{Table: "rm.account"}, "", "u1 u2"},
		{"signs of patterns", state.Filter{Table: "%"}, "", "u1 u2"},
		{"code", state.Filter{Code: "A"}, "A1 A61", "u1 u2"},
		{"levels", state.Filter{Levels: []string{"WARN", "ERROR"}}, "B2 C3 A61", "u1 u2"},
		{"since", state.Filter{Since: noon.Add(3 * time.Minute)}, "C3 A61 B62", "u2"},
		{"since, and code", state.Filter{Since: noon.Add(3 * time.Minute), Code: "B"}, "B62", "u2"},
	} {
		events, err := s.Events(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got, ids []string
		for _, e := range events {
			got = append(got, fmt.Sprint(e.Code, e.Time.Sub(noon).Minutes()))
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: events %q, want %q", tt.name, text, tt.want)
		}
		runs, err := s.Runs(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			ids = append(ids, r.ID)
		}
		if text := strings.Join(ids, " "); text != tt.runs {
			t.Errorf("%s: runs %q, want %q", tt.name, text, tt.runs)
		}
	}
}

func TestRetention(t *testing.T) {
	s := open(t, t.TempDir(), state.Options{Keep: 24 * time.Hour, MaxRows: 3})
	count := func() string {
		t.Helper()
		runs, err := s.Runs(t.Context(), state.Filter{})
		events, err2 := s.Events(t.Context(), state.Filter{})
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d runs, %d events", len(runs), len(events))
	}
	one := []state.Event{{Time: noon, Code: "A"}}
	write(t, s, ended(run("old", noon)), nil, one)
	write(t, s, run("young", noon.Add(25*time.Hour)), nil, one)
	if got := count(); got != "2 runs, 2 events" {
		t.Errorf("while a run is under way: %s", got)
	}
	write(t, s, ended(run("young", noon.Add(25*time.Hour))), nil, nil)
	if got := count(); got != "1 runs, 1 events" {
		t.Errorf("after a day: %s", got)
	}
	for i := range 5 {
		write(t, s, ended(run(fmt.Sprint(i), noon.Add(26*time.Hour))), nil, one)
	}
	if got := count(); got != "3 runs, 3 events" {
		t.Errorf("with more rows than are kept: %s", got)
	}
}

func TestNoHistory(t *testing.T) {
	dir := t.TempDir()
	if _, err := state.OpenExisting(t.Context(), dir); !errors.Is(err, state.ErrNone) {
		t.Errorf("got %v, want that there is none", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("reading left %v in the folder, %v", entries, err)
	}
}

func TestDamagedFileIsMovedAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, state.File)
	for i, journal := range []bool{true, false} {
		text := fmt.Sprintf("this is no database, number %d\n", i)
		if err := os.WriteFile(path, []byte(strings.Repeat(text, 100)), 0o644); err != nil {
			t.Fatal(err)
		}
		if journal {
			if err := os.WriteFile(path+"-journal", []byte("of the damaged file"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := state.OpenExisting(t.Context(), dir); !errors.Is(err, state.ErrDamaged) {
			t.Errorf("reading: got %v, want that it is damaged", err)
		}
		s, err := state.Open(t.Context(), dir, state.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if s.Damaged() != path+".damaged" {
			t.Errorf("the damaged file is at %q", s.Damaged())
		}
		write(t, s, run("u1", noon), nil, nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		aside, err := os.ReadFile(path + ".damaged")
		if err != nil || !strings.HasPrefix(string(aside), text) {
			t.Errorf("aside is %.40q, %v; want the newest damaged file", aside, err)
		}
	}
}

// TestDamageFoundWhileWriting: opening reads little of a file. Only what lies far
// back is damaged here.
func TestDamageFoundWhileWriting(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, state.File)
	s := open(t, dir, state.Options{})
	event := []state.Event{{Time: noon, Text: strings.Repeat("x", 1000)}}
	for i := range 50 {
		write(t, s, ended(run(fmt.Sprint(i), noon)), nil, event)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(content) / 2; i < len(content); i++ {
		content[i] = 0xee
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, state.Options{})
	if again.Damaged() != "" {
		t.Fatal("the damage was found by opening")
	}
	write(t, again, run("after", noon), nil, event)
	if again.Damaged() != path+".damaged" {
		t.Errorf("the damaged file is at %q", again.Damaged())
	}
	runs, err := again.Runs(t.Context(), state.Filter{})
	if err != nil || len(runs) != 1 {
		t.Errorf("the new history has %v, %v", runs, err)
	}
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := state.Open(t.Context(), file, state.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "open the run history: make its folder: ") {
		t.Errorf("got %v", err)
	}
}

// Rights do not bind the superuser, a folder in the file's place does.
func TestFileThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, state.File), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := state.Open(t.Context(), dir, state.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "open the run history "+filepath.Join(dir, state.File)+": ") {
		t.Errorf("got %v", err)
	}
}

func TestReadOnlyHistory(t *testing.T) {
	dir := t.TempDir()
	s, err := state.Open(t.Context(), dir, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, ended(run("u1", noon)), nil, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{filepath.Join(dir, state.File): 0o444, dir: 0o555} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Error(err)
		}
	})
	runs, err := reader(t, dir).Runs(t.Context(), state.Filter{})
	if err != nil || len(runs) != 1 {
		t.Errorf("read %v, %v", runs, err)
	}
}

// TestTwoProcessesAtOnce also make the file at once.
func TestTwoProcessesAtOnce(t *testing.T) {
	dir := t.TempDir()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), writerFolder+"="+dir)
	var stderr strings.Builder
	other.Stderr = &stderr
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, state.Options{})
	for i := range writes {
		write(t, s, run(fmt.Sprint("mine-", i), noon), nil, []state.Event{{Time: noon}})
	}
	if err := other.Wait(); err != nil {
		t.Fatalf("the other process: %v\n%s", err, stderr.String())
	}
	runs, err := s.Runs(t.Context(), state.Filter{})
	if err != nil || len(runs) != 2*writes {
		t.Errorf("%d runs, want %d: %v", len(runs), 2*writes, err)
	}
}

// TestSchemaIsMadeOnce opens an existing file again.
func TestSchemaIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, open(t, dir, state.Options{}), run("u1", noon), nil, nil)
	runs, err := open(t, dir, state.Options{}).Runs(t.Context(), state.Filter{})
	if err != nil || len(runs) != 1 {
		t.Errorf("read %v, %v", runs, err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, state.File))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var applied int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM goose_db_version WHERE version_id > 0`).Scan(&applied); err != nil || applied != 2 {
		t.Errorf("%d migrations applied, want 2: %v", applied, err)
	}
}
