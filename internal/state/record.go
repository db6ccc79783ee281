package state

import (
	"encoding/json"
	"time"
)

// Running is the state of a run that has begun and not ended; also of one that
// was killed.
const Running = "RUNNING"

// Run is one update of a pipeline.
type Run struct {
	ID       string // of the update
	Pipeline string
	State    string // [Running], or how it ended
	Began    time.Time
	Ended    time.Time // zero while it is running
	Tables   int
	Failed   int // of the tables
	Rows     Rows
	// BytesRead of the export, BytesWritten to the lake.
	BytesRead, BytesWritten int64
	Error                   string // what kept it from beginning, empty for nothing
}

// Rows count what became of the rows read.
type Rows struct {
	Read, Upserted, Deleted, Superseded, Quarantined int64
}

// Table is the result of one table in a run.
type Table struct {
	Name  string // catalog.schema.table
	State string
	Ended time.Time
	// Code of the failure, or of the first warning, is kept with the [Last] result.
	Code string
	// Result is a JSON object, as the command line shows it; without one nothing but
	// the [Last] result is kept.
	Result json.RawMessage
}

// Event is a thing of note in a run.
type Event struct {
	Time  time.Time
	Code  string
	Level string
	Table string // catalog.schema.table, empty where no single one is concerned
	// Folder of the export, where one is concerned.
	Folder string
	Text   string
	Fix    string // what to do, empty for nothing
}

// RunEvent is an event with the run that it belongs to.
type RunEvent struct {
	Event

	Run      string // id of the update
	Pipeline string
}
