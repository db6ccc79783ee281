package pipeline

import (
	"slices"
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

// event makes an event of a kind; table and folder may be empty.
func (u *update) event(code, table, folder, text string) Event {
	kind := kindOf(code)
	return Event{Code: code, Level: kind.Level, Time: u.opts.Clock().UTC(), Table: table, Folder: folder, Text: text, Fix: kind.Fix}
}

// note adds an event of a kind to those of the table.
func (b *bringing) tell(code, folder, text string) {
	b.add(b.event(code, b.name(), folder, text))
}

// add adds an event to those of the table and tells the listeners.
func (b *bringing) add(e Event) {
	if slices.ContainsFunc(b.result.Events, func(o Event) bool { return o.Code == e.Code && o.Folder == e.Folder && o.Text == e.Text }) {
		return // a table that was planned anew meets the same things again
	}
	b.result.Events = append(b.result.Events, e)
	b.opts.Listener.Event(e)
}

// failureEvent tells a failure as an event.
func (u *update) failureEvent(table string, f *Failure) Event {
	return Event{Code: f.Code, Level: Error, Time: u.opts.Clock().UTC(), Table: table, Text: f.Message, Fix: kindOf(f.Code).Fix}
}
