package inspect

import (
	"cmp"
	"context"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// Status says where the tables of a pipeline stand.
type Status struct {
	Name   string          `json:"name"`
	Source []report.Source `json:"source"`
	Tables []TableStatus   `json:"tables"`
	Events []report.Event  `json:"events"`
	Error  *report.Failure `json:"error"`
}

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
	// Notes are told by the table alone, whatever became of the run history.
	Notes []Note `json:"notes"`
	// LastRun is how the last run ended for the table, null where none is known.
	LastRun *LastRun        `json:"last_run"`
	Error   *report.Failure `json:"error"`
}

// LastRun is how the last run that looked at a table ended for it.
type LastRun struct {
	UpdateID string       `json:"update_id"`
	State    report.State `json:"state"`
	// Code of the failure, or of the first warning; empty for neither.
	Code  string    `json:"code"`
	Ended time.Time `json:"ended"`
}

// StatusOf looks at the tables and at what waits for them. Where the export cannot be
// read, the tables are told of as the lake alone shows them.
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
		survey, targets = inLake(ctx, p, request, err)
	}
	reconciled := reconcile.KeptOf(ctx, survey.Lake, targets)
	for _, t := range targets {
		s := statusOf(ctx, survey, t)
		s.Reconciled = reconciled[t]
		s.Notes = stillTrue(s.Notes, s.Reconciled)
		if s.State == Gone {
			status.Events = append(status.Events, survey.Event(report.TableGone, s.Table, "", t.Spec.SourceTable+" is no longer in the export; its table stays as it is"))
		}
		status.Tables = append(status.Tables, s)
	}
	return status
}

// inLake finds the tables that the lake has when their export cannot be read: those
// that the configuration names.
func inLake(ctx context.Context, p *work.Pipeline, request work.Request, cause error) (*work.Survey, []*work.Target) {
	survey := p.Survey(request)
	targets, err := survey.InLake(ctx)
	if err != nil {
		return survey, nil // the cause tells as much
	}
	for _, t := range targets {
		t.Err = cmp.Or(t.Err, cause)
	}
	return survey, targets
}

func statusOf(ctx context.Context, survey *work.Survey, t *work.Target) TableStatus {
	s := TableStatus{
		Table: t.Name(), SourceTable: t.Spec.SourceTable, SCDType: string(t.Spec.Settings.SCDType),
		Path: survey.Lake.URL(t.Path()), Version: -1, Waiting: len(t.Parts) + len(t.Late), WaitingBytes: t.Bytes,
		Notes: notesOf(survey, t),
	}
	if t.Exists() {
		s.fill(survey, t)
	}
	err := t.Err
	switch {
	case t.Moved:
		s.State, err = RefreshRequired, t.MovedError()
	case t.Err != nil:
		s.State = Unreadable
	case !t.Exists():
		s.State = NotCreated
	default:
		s.State, err = standing(ctx, t)
		applied := t.Cursor()
		if s.Waiting == 0 {
			applied = t.Env.NewestReady() // looked through, and nothing there for it
		}
		s.Freshness = t.Freshness(applied)
	}
	if err != nil {
		s.Error = report.NewFailure(err)
	}
	return s
}

// fill tells what the lake alone knows of the table.
func (s *TableStatus) fill(survey *work.Survey, t *work.Target) {
	s.Version = t.Snapshot.Version
	s.Rows, s.Bytes = liveRows(t.Snapshot)
	s.Files = t.Snapshot.NumFiles()
	s.Quarantined = quarantine.StateOf(t.Snapshot).Rows
	cursor := t.Cursor()
	s.Cursor = cursor.String()
	s.Applied, s.AppliedAge = survey.Aged(cursor)
	s.Stale = work.IsStale(s.AppliedAge, t.Spec.Settings.FreshnessLimit)
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
