package inspect

import (
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/spec"
)

// Status says where the tables of a pipeline stand.
type Status struct {
	Name   string          `json:"name"`
	Source []report.Source `json:"source"`
	Tables []TableStatus   `json:"tables"`
	Events []report.Event  `json:"events"`
	Error  *report.Failure `json:"error"`
}

// Standing of a table against its source.
type Standing string

// The standings.
const (
	UpToDate   Standing = "UP_TO_DATE"
	Behind     Standing = "BEHIND"
	NotCreated Standing = "NOT_CREATED"
	Unreadable Standing = "UNREADABLE"
	// RefreshRequired: folders went away unread, see report.ErrGap.
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
	report.Freshness
	// Quarantined rows are set aside, see [QuarantineOf].
	Quarantined int64 `json:"rows_set_aside"`
	// Waiting folders have rows for the table that are not in it.
	Waiting      int   `json:"folders_waiting"`
	WaitingBytes int64 `json:"bytes_waiting"`
	// Reconciled is the last comparison with the export, null for none.
	Reconciled *reconcile.Reconciled `json:"reconciled"`
	Error      *report.Failure       `json:"error"`
}

// StatusOf looks at the tables and at what waits for them.
func StatusOf(ctx context.Context, p *work.Pipeline, request work.Request) Status {
	survey := p.Survey(request)
	status := Status{Name: p.Config.Name, Source: []report.Source{}, Tables: []TableStatus{}, Events: []report.Event{}}
	targets, err := survey.Prepare(ctx)
	for _, e := range survey.Environments {
		status.Source = append(status.Source, survey.Describe(e))
		status.Events = append(status.Events, survey.EventsOf(e, targets)...)
	}
	if err != nil {
		status.Error = report.NewFailure(err)
	}
	reconciled := reconcile.KeptOf(ctx, survey.Lake, targets)
	for _, t := range targets {
		s := statusOf(survey, t)
		s.Reconciled = reconciled[t]
		status.Tables = append(status.Tables, s)
	}
	return status
}

func statusOf(survey *work.Survey, t *work.Target) TableStatus {
	s := TableStatus{
		Table: t.Name(), SourceTable: t.Spec.SourceTable, SCDType: string(t.Spec.Settings.SCDType),
		Path: survey.Lake.URL(t.Path()), Version: -1, Waiting: len(t.Parts) + len(t.Late), WaitingBytes: t.Bytes, State: UpToDate,
	}
	if t.Moved {
		s.State, s.Error, s.Version = RefreshRequired, report.NewFailure(t.MovedError()), t.Snapshot.Version
		return s
	}
	if t.Err != nil {
		s.State, s.Error = Unreadable, report.NewFailure(t.Err)
		return s
	}
	if !t.Exists() {
		s.State = NotCreated
		return s
	}
	if s.Waiting > 0 {
		s.State = Behind
	}
	s.Version = t.Snapshot.Version
	s.Rows, s.Bytes = liveRows(t.Snapshot)
	s.Files = t.Snapshot.NumFiles()
	s.Quarantined = quarantine.StateOf(t.Snapshot).Rows
	applied := t.Cursor()
	s.Cursor = applied.String()
	if s.Waiting == 0 {
		applied = t.Env.NewestReady() // looked through, and nothing there for it
	}
	s.Freshness = t.Freshness(applied)
	if text, found := t.Gap(); found && t.Spec.Settings.OnGap != spec.GapContinues {
		s.State, s.Error = RefreshRequired, report.NewFailure(fmt.Errorf("%w: %s", report.ErrGap, text))
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
