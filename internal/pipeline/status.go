package pipeline

import (
	"context"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
)

// Status says where the tables of a pipeline stand.
type Status struct {
	Name     string        `json:"name"`
	Source   []Source      `json:"source"`
	Tables   []TableStatus `json:"tables"`
	Warnings []string      `json:"warnings,omitempty"`
	Error    *Failure      `json:"error"`
}

// Standing of a table against its source.
type Standing string

// The standings.
const (
	UpToDate   Standing = "UP_TO_DATE"
	Behind     Standing = "BEHIND"
	NotCreated Standing = "NOT_CREATED"
	Unreadable Standing = "UNREADABLE"
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
	// NewestChange is the time of the last folder that is in the table, and
	// AgeSeconds how long ago that is; null without one.
	NewestChange *time.Time `json:"newest_change"`
	AgeSeconds   *int64     `json:"age_seconds"`
	// Waiting folders have rows for the table that are not in it.
	Waiting      int      `json:"folders_waiting"`
	WaitingBytes int64    `json:"bytes_waiting"`
	Error        *Failure `json:"error"`
}

// Status looks at the tables and at what waits for them.
func (r *Runner) Status(ctx context.Context, request Request) Status {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: request}
	status := Status{Name: r.Pipeline.Name, Source: []Source{}, Tables: []TableStatus{}}
	targets, err := u.prepare(ctx)
	for _, e := range u.environments {
		status.Source = append(status.Source, e.describe())
		status.Warnings = append(status.Warnings, e.warnings()...)
	}
	if err != nil {
		status.Error = failure(err)
	}
	for _, t := range targets {
		status.Tables = append(status.Tables, u.status(t))
	}
	return status
}

func (u *update) status(t *target) TableStatus {
	s := TableStatus{
		Table: t.name(), SourceTable: t.spec.SourceTable, SCDType: string(t.spec.Settings.SCDType),
		Path: u.Lake.URL(t.path()), Version: -1, Waiting: len(t.parts), WaitingBytes: t.bytes, State: UpToDate,
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
	if cursor := u.cursor(t); !cursor.IsZero() {
		at := cursor.Time()
		age := int64(u.opts.Clock().Sub(at).Seconds())
		s.Cursor, s.NewestChange, s.AgeSeconds = cursor.String(), &at, &age
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
