package report

import (
	"time"
)

// Level is how much an event matters.
type Level string

// The levels.
const (
	Info  Level = "INFO"
	Warn  Level = "WARN"
	Error Level = "ERROR"
)

// Event is a thing of note, for people and for programs.
type Event struct {
	// Code names the kind, see [EventKinds].
	Code  string    `json:"code"`
	Level Level     `json:"level"`
	Time  time.Time `json:"time"`
	// Table is catalog.schema.table, empty where no single one is concerned.
	Table string `json:"table,omitempty"`
	// Folder of the export, where one is concerned.
	Folder string `json:"folder,omitempty"`
	Text   string `json:"text"`
	// Fix says what to do, empty where nothing is to be done.
	Fix string `json:"fix,omitempty"`
}

func (e Event) String() string {
	if e.Fix == "" {
		return e.Text
	}
	return e.Text + "; " + e.Fix
}

// EventKind documents the events of one code.
type EventKind struct {
	Code    string
	Level   Level
	Meaning string
	Fix     string // the usual one; an event may have its own
}

// Codes of events that are no failures.
const (
	TableCreated          = "TABLE_CREATED"
	TableFound            = "TABLE_FOUND"
	ColumnsAdded          = "COLUMNS_ADDED"
	FolderLate            = "FOLDER_LATE"
	FolderGone            = "FOLDER_GONE"
	ChangelogSetBack      = "CHANGELOG_SET_BACK"
	FolderSettling        = "FOLDER_SETTLING"
	FolderAbandoned       = "FOLDER_ABANDONED"
	FolderGap             = "FOLDER_GAP"
	FolderMissing         = "FOLDER_MISSING"
	FolderEmpty           = "FOLDER_EMPTY"
	InitialCopyGone       = "INITIAL_COPY_GONE"
	InitialSyncRunning    = "INITIAL_SYNC_RUNNING"
	SyncFailures          = "SYNC_FAILURES"
	SourceStandsStill     = "SOURCE_STANDS_STILL"
	SourceChangedOnce     = "SOURCE_CHANGED_ONCE"
	TableStale            = "TABLE_STALE"
	TableGone             = "TABLE_GONE"
	SelectionUnknown      = "SELECTION_UNKNOWN"
	RefreshWouldEmpty     = "REFRESH_WOULD_EMPTY"
	RowsQuarantined       = "ROWS_QUARANTINED"
	CellsCut              = "CELLS_CUT"
	ReconcileDiffers      = "RECONCILE_DIFFERS"
	CacheNotWritten       = "CACHE_NOT_WRITTEN"
	FilesUnknown          = "FILES_UNKNOWN"
	TableCopiedAnew       = "TABLE_COPIED_ANEW"
	ManifestBreaksOff     = "MANIFEST_BREAKS_OFF"
	PruneSkipped          = "PRUNE_SKIPPED"
	VanishedRowsRemoved   = "VANISHED_ROWS_REMOVED"
	QuarantineRowsLeft    = "QUARANTINE_ROWS_LEFT"
	QuarantineRowsSolved  = "QUARANTINE_ROWS_SOLVED"
	QuarantineRowsDropped = "QUARANTINE_ROWS_DROPPED"
)

// Codes of events of maintenance.
const (
	TableCompacted    = "TABLE_COMPACTED"
	MaintenanceFailed = "MAINTENANCE_FAILED"
	ClockSkewed       = "CLOCK_SKEWED"
)

// NewEvent makes an event of a kind; table and folder may be empty.
func NewEvent(at time.Time, code, table, folder, text string) Event {
	kind := kindOf(code)
	return Event{Code: code, Level: kind.Level, Time: at.UTC(), Table: table, Folder: folder, Text: text, Fix: kind.Fix}
}

// Event tells a failure as an event.
func (f *Failure) Event(at time.Time, table string) Event {
	return Event{Code: f.Code, Level: Error, Time: at.UTC(), Table: table, Text: f.Message, Fix: kindOf(f.Code).Fix}
}
