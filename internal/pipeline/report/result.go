package report

import (
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
)

// State of an update or of a table in it.
type State string

// The states.
const (
	Completed State = "COMPLETED"
	// CompletedWithWarnings: everything is done, and something is to be known:
	// rows were set aside, folders wait or were skipped, data is stale.
	CompletedWithWarnings State = "COMPLETED_WITH_WARNINGS"
	// Partial: some tables are done and some failed.
	Partial State = "PARTIAL"
	Failed  State = "FAILED"
)

// Result of one update of a pipeline.
type Result struct {
	Name     string        `json:"name"`
	UpdateID string        `json:"update_id"`
	State    State         `json:"state"`
	Source   []Source      `json:"source"`
	Tables   []TableResult `json:"tables"`
	// LookedAt is when the tables were looked at, where this update did not: nothing
	// was new at the source. What others did to the tables since shows later.
	LookedAt *time.Time `json:"looked_at,omitempty"`
	// Events are about the export or the pipeline as a whole; those of tables
	// are with them.
	Events []Event `json:"events"`
	// Error is what kept the pipeline from beginning.
	Error *Failure `json:"error"`
}

// Source is what was found of one environment's export.
type Source struct {
	Environment string `json:"environment"`
	URL         string `json:"url"`
	// Open is the folder that is being written; it and what follows is not read.
	Open string `json:"open_folder"`
	// Newest folder that can be read, empty for none.
	Newest string `json:"newest_folder"`
	// Held is a closed folder that is not complete yet and holds back those
	// after it.
	Held string `json:"held_back_by,omitempty"`
	// OpenAge is how long ago the folder that is being written was begun, null
	// without one: an export that stands still shows here.
	OpenAge *int64 `json:"open_age_seconds"`
	// Skipped folders never got their model.json so far; runs look at
	// them again.
	Skipped []string `json:"skipped_folders,omitempty"`
}

// TableResult is what came of one table.
type TableResult struct {
	Table       string `json:"table"` // catalog.schema.table
	SourceTable string `json:"source_table"`
	SCDType     string `json:"scd_type"`
	State       State  `json:"state"`
	Path        string `json:"path"`
	Folders     int    `json:"folders"`       // applied by this update
	Cursor      string `json:"cursor"`        // the last folder that is in the table
	Version     int64  `json:"table_version"` // of the Delta table, -1 for none
	DurationMS  int64  `json:"duration_ms"`
	Rows        Rows   `json:"rows"`
	BytesRead   int64  `json:"bytes_read"`
	BytesWrote  int64  `json:"bytes_written"`
	CellsCut    int64  `json:"cells_cut"` // texts that were longer than max_cell_bytes
	// SetAside is how many rows of the table are in its quarantine after the
	// update, those of earlier updates included.
	SetAside int64 `json:"rows_set_aside"`
	// Freshness tells how old the table's newest folder is.
	Freshness
	Events []Event  `json:"events"`
	Error  *Failure `json:"error"`

	// Duration of the table's part of the update.
	Duration time.Duration `json:"-"`
	// Columns that the table has of its source after the update; nil when it was
	// not looked at.
	Columns []Column `json:"-"`
}

// Rows count what became of the rows that were read. Read is the sum of the
// other four.
type Rows struct {
	Read        int64 `json:"read"`
	Upserted    int64 `json:"upserted"`
	Deleted     int64 `json:"deleted"`
	Superseded  int64 `json:"superseded"`
	Quarantined int64 `json:"quarantined"`
}

// Add counts others with them.
func (r *Rows) Add(o Rows) {
	r.Read += o.Read
	r.Upserted += o.Upserted
	r.Deleted += o.Deleted
	r.Superseded += o.Superseded
	r.Quarantined += o.Quarantined
}

// Failure says why something was not done, for people and for programs.
type Failure struct {
	// Code names the class, in capitals, e.g. BAD_ROW.
	Code string `json:"code"`
	// Message says what was being done, on what, why it did not work and what
	// to do next.
	Message string `json:"message"`
	cause   error
}

func (f *Failure) Error() string { return f.Message }
func (f *Failure) Unwrap() error { return f.cause }

// Total sums the rows of all tables.
func (r *Result) Total() Rows {
	var total Rows
	for i := range r.Tables {
		total.Add(r.Tables[i].Rows)
	}
	return total
}

// Settle derives the states of the tables and of the update from what
// happened.
func (r *Result) Settle() {
	failed, warned := 0, Has(r.Events, Warn)
	for i := range r.Tables {
		t := &r.Tables[i]
		if t.State == Completed && (Has(t.Events, Warn) || t.Rows.Quarantined > 0) {
			t.State = CompletedWithWarnings
		}
		switch t.State {
		case Failed:
			failed++
		case CompletedWithWarnings:
			warned = true
		case Completed, Partial:
		}
	}
	switch {
	case r.Error != nil, failed == len(r.Tables) && (failed > 0 || Has(r.Events, Error)):
		r.State = Failed
	case failed > 0, Has(r.Events, Error):
		r.State = Partial
	case warned:
		r.State = CompletedWithWarnings
	default:
		r.State = Completed
	}
}

// Has reports whether an event has the level.
func Has(events []Event, level Level) bool {
	return slices.ContainsFunc(events, func(e Event) bool { return e.Level == level })
}

// Column is a column of a table or of a source.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // as Delta names it
}

// ColumnsOf lists the columns of a schema.
func ColumnsOf(schema batch.Schema) []Column {
	list := make([]Column, len(schema))
	for i, f := range schema {
		list[i] = Column{f.Name, f.Type.String()}
	}
	return list
}

// Freshness says how old a table is, and how old the newest that it could be.
// A table is as new as the newest folder that was looked through for it,
// whether or not that held rows of it.
type Freshness struct {
	// Applied is the newest folder that is in the table, its age counted from
	// the folder's name; empty and null for none.
	Applied    string `json:"applied_folder"`
	AppliedAge *int64 `json:"applied_age_seconds"`
	// Newest is the newest folder of the source that can be read.
	Newest    string `json:"source_folder"`
	NewestAge *int64 `json:"source_age_seconds"`
	// Stale: the age is over freshness_limit.
	Stale bool `json:"stale"`
}
