package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/spec"
)

// Status says where the tables of a pipeline stand.
type Status struct {
	Name   string        `json:"name"`
	Source []Source      `json:"source"`
	Tables []TableStatus `json:"tables"`
	Events []Event       `json:"events"`
	Error  *Failure      `json:"error"`
}

// Standing of a table against its source.
type Standing string

// The standings.
const (
	UpToDate   Standing = "UP_TO_DATE"
	Behind     Standing = "BEHIND"
	NotCreated Standing = "NOT_CREATED"
	Unreadable Standing = "UNREADABLE"
	// RefreshRequired: folders went away unread, see ErrGap.
	RefreshRequired Standing = "FULL_REFRESH_REQUIRED"
)

// TableStatus says where one table stands.
type TableStatus struct {
	Table       string   `json:"table"`
	SourceTable string   `json:"source_table"`
	SCDType     string   `json:"scd_type"`
	State       Standing `json:"state"`
	Path        string   `json:"path"`
	Cursor      string   `json:"cursor"`
	Version     int64    `json:"table_version"`
	// Rows that readers see: of an SCD type 2 table all versions.
	Rows  int64 `json:"rows"`
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"` // of the data files
	Freshness
	// Quarantined rows are set aside, see [Runner.Quarantine].
	Quarantined int64 `json:"rows_set_aside"`
	// Waiting folders have rows for the table that are not in it.
	Waiting      int   `json:"folders_waiting"`
	WaitingBytes int64 `json:"bytes_waiting"`
	// Reconciled is the last comparison with the export, null for none.
	Reconciled *Reconciled `json:"reconciled"`
	Error      *Failure    `json:"error"`
}

// Status looks at the tables and at what waits for them.
func (r *Runner) Status(ctx context.Context, request Request) Status {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: request}
	status := Status{Name: r.Pipeline.Name, Source: []Source{}, Tables: []TableStatus{}, Events: []Event{}}
	targets, err := u.prepare(ctx)
	for _, e := range u.environments {
		status.Source = append(status.Source, u.describe(e))
		status.Events = append(status.Events, u.environmentEvents(e, targets)...)
	}
	if err != nil {
		status.Error = failure(err)
	}
	reconciled := u.loadReconciled(ctx, targets)
	for _, t := range targets {
		s := u.status(t)
		s.Reconciled = reconciled[t]
		status.Tables = append(status.Tables, s)
	}
	return status
}

func (u *update) status(t *target) TableStatus {
	s := TableStatus{
		Table: t.name(), SourceTable: t.spec.SourceTable, SCDType: string(t.spec.Settings.SCDType),
		Path: u.Lake.URL(t.path()), Version: -1, Waiting: len(t.parts) + len(t.late), WaitingBytes: t.bytes, State: UpToDate,
	}
	if t.moved {
		s.State, s.Error, s.Version = RefreshRequired, failure(u.movedError(t)), t.snapshot.Version
		return s
	}
	if t.err != nil {
		s.State, s.Error = Unreadable, failure(t.err)
		return s
	}
	if !t.exists() {
		s.State = NotCreated
		return s
	}
	if s.Waiting > 0 {
		s.State = Behind
	}
	s.Version = t.snapshot.Version
	s.Rows, s.Bytes = liveRows(t.snapshot)
	s.Files = t.snapshot.NumFiles()
	s.Quarantined = quarantine.StateOf(t.snapshot).Rows
	applied := u.cursor(t)
	s.Cursor = applied.String()
	if s.Waiting == 0 {
		applied = t.env.newestReady() // looked through, and nothing there for it
	}
	s.Freshness = u.fresh(t, applied)
	b := &bringing{update: u, target: t, result: TableResult{}}
	if text, found := b.gap(); found && t.spec.Settings.OnGap != spec.GapContinues {
		s.State, s.Error = RefreshRequired, failure(fmt.Errorf("%w: %s", ErrGap, text))
	}
	return s
}

// liveRows counts the rows that readers see, by the statistics in the log.
func liveRows(s *delta.Snapshot) (rows, bytes int64) {
	for _, add := range s.Files() {
		bytes += add.Size
		if stats, err := delta.ParseStats(add.Stats); err == nil {
			rows += stats.NumRecords
		}
		if add.DeletionVector != nil {
			rows -= add.DeletionVector.Cardinality
		}
	}
	return rows, bytes
}

// History is the commits of one table.
type History struct {
	Table   string   `json:"table"`
	Path    string   `json:"path"`
	Commits []Commit `json:"commits"`
}

// Commit is one version of a table. Rows is null where another program wrote it.
type Commit struct {
	Version   int64             `json:"version"`
	Time      *time.Time        `json:"time"`
	Operation string            `json:"operation"`
	By        string            `json:"by"`
	Cursor    string            `json:"cursor"` // where this commit put it, if it did
	Rows      *Rows             `json:"rows"`
	Details   map[string]string `json:"details"`
}
