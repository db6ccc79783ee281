package state_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/state"
)

// TestLastResults: a run that has nothing to tell of a table replaces what the one
// before said of it, and one that does not look at the table does not.
func TestLastResults(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, state.Options{Keep: 24 * time.Hour})
	later := noon.Add(time.Hour)
	write(t, s, ended(run("u1", noon)), []state.Table{
		{Name: "a.b.account", State: "FAILED", Code: "BAD_ROW", Ended: noon, Result: json.RawMessage(`{}`)},
		{Name: "a.b.contact", State: "FAILED", Code: "BAD_ROW", Ended: noon, Result: json.RawMessage(`{}`)},
	}, nil)
	write(t, s, ended(run("u2", later)), []state.Table{{Name: "a.b.contact", State: "COMPLETED", Ended: later}}, nil)

	want := []state.Last{
		{Name: "a.b.account", Run: "u1", State: "FAILED", Code: "BAD_ROW", Ended: noon},
		{Name: "a.b.contact", Run: "u2", State: "COMPLETED", Ended: later},
	}
	got, err := reader(t, dir).LastResults(t.Context(), "prod")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if kept, err := s.Tables(t.Context(), "u2"); err != nil || len(kept) > 0 {
		t.Errorf("a run without anything to tell keeps %v, %v", kept, err)
	}
	if got, err := s.LastResults(t.Context(), "another"); err != nil || len(got) > 0 {
		t.Errorf("another pipeline has %v, %v", got, err)
	}
	write(t, s, ended(run("u3", noon.Add(48*time.Hour))), nil, nil)
	if got, err := s.LastResults(t.Context(), "prod"); err != nil || len(got) > 0 {
		t.Errorf("what is too old is kept: %v, %v", got, err)
	}
}

// TestLastResultsOfAnOlderHistory has no table of them yet, and a reader makes none.
func TestLastResultsOfAnOlderHistory(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, state.Options{})
	write(t, s, ended(run("u1", noon)), nil, nil)
	db, err := sql.Open("sqlite", filepath.Join(dir, state.File))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `DROP TABLE last_results`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := reader(t, dir).LastResults(t.Context(), "prod"); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}
