package report

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile/compare"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// classes of errors with the codes that programs see, most telling first.
var classes = []struct {
	err     error
	code    string
	meaning string
	fix     string // what to do
	said    bool   // the error's own text says what to do
}{
	{context.Canceled, "INTERRUPTED", "the run was interrupted", "run again: it goes on where the tables stand", false},
	{context.DeadlineExceeded, "TIMEOUT", "a time limit was reached", "run again: it goes on where the tables stand", false},
	{storage.ErrNoSpace, "NO_SPACE", "the lake's storage is full", "make room and run again: nothing was lost; the next run goes on where the table stands", false},
	{storage.ErrChanged, "SOURCE_CHANGED", "a file of the export changed while it was read, again and again", "run again: it plans anew", false},
	{local.ErrUnknownOutcome, "UNKNOWN_OUTCOME", "it could not be found out whether the commit happened", "run again: the table tells then", true},
	{ErrPruneDenied, "ACCESS_DENIED", "storage refused a request", "give this user the right to do so, then try again", true},
	{storage.ErrDenied, "ACCESS_DENIED", "storage refused a request", "give this user the right to do so, then try again", false},
	{local.ErrDamaged, "DAMAGED_TABLE", "a file that is part of the table is missing or unreadable", "restore the file, or rebuild the table from the export with --full-refresh", false},
	{local.ErrForeignTable, "FOREIGN_TABLE", "the table at the destination was made by something else, or another pipeline keeps it", "choose another destination, or replace the table with --full-refresh", true},
	{delta.ErrForeignFiles, "FOREIGN_FILES", "the destination holds files and is no Delta table", "choose another destination, or remove what is there", false},
	{local.ErrOtherType, "SCD_TYPE_CHANGED", "the table was made with another scd_type", "rebuild it with --full-refresh, or set scd_type back", true},
	{local.ErrConcurrent, "CONCURRENT_RUN", "another process brings the same table up to date", "run one at a time", true},
	{delta.ErrUnsupported, "UNSUPPORTED_TABLE", "the table uses a Delta feature that Sluice does not write", "switch the feature off, or choose another destination", true},
	{delta.ErrDamaged, "DAMAGED_TABLE", "the table's log is damaged", "restore the table's _delta_log, or remove the table and run again with --full-refresh", false},
	{quarantine.ErrDamaged, "DAMAGED_QUARANTINE", "the file with the rows that were set aside is missing or damaged", "restore the file, or drop it with sluice quarantine discard", false},
	{quarantine.ErrNewer, "NEWER_QUARANTINE", "the rows were set aside by a later version of Sluice", "use that version", false},
	{quarantine.ErrNoRow, "NO_SUCH_ROW", "the quarantine has no such row", "sluice quarantine list shows those it has", false},
	{spec.ErrInvalid, "CONFIGURATION", "the configuration does not fit what the export has", "correct it; the text says where", true},
	{maintain.ErrRetention, "RETENTION_TOO_SHORT", "sluice maintain was to remove files that programs may still be reading", "keep to the retention of the table, or give --force if nothing reads it", true},
	{maintain.ErrRetentionUnknown, "RETENTION_TOO_LONG", "sluice maintain was to keep removed files for longer than the table's log remembers them", "set delta.deletedFileRetentionDuration under table_properties", true},
	{delta.ErrInvalidChanges, "UNSUPPORTED_COLUMN", "a column cannot be written", "leave the column out with exclude_columns", false},
	{synapselink.ErrTypeChanged, "TYPE_CHANGED", "a column's type changed in a way that the table cannot hold", "rebuild the table with --full-refresh", true},
	{ErrNotComparable, "NOT_COMPARABLE", "reconcile cannot compare the table with its export now", "the text says what is in the way", true},
	{ErrBadFolder, "NO_SUCH_FOLDER", "reconcile was given a folder that the table does not hold", "name one that it holds", true},
	{compare.ErrTooLarge, "TOO_MANY_CHANGES", "the history of one key is larger than the memory that reconcile may use", "raise --memory", false},
	{ErrGap, "FULL_REFRESH_REQUIRED", "folders went away before they were read, and rows with them", "run a full refresh if the folders that are left reach back to a whole copy, or have the table exported again; on_gap: continue goes on with what is left", true},
	{ErrRefreshBehind, "REFRESH_BEHIND", "the folders that can be read end before what the table has", "wait until the folder can be read, or restore it", false},
	{ErrRefreshLoses, "REFRESH_LOSES_ROWS", "the folders with the table's initial copy are gone, so that a full refresh would lose the rows that did not change since", "have the table exported again (remove it in Synapse Link and add it), or set on_gap: continue to make it of what is left", true},
	{ErrNewColumns, "SCHEMA_CHANGED", "the source has new columns, and schema_changes is full_refresh_required", "run a full refresh of the table", true},
	{ErrNoTable, "NO_SUCH_TABLE", "the export has no such table", "sluice discover lists those it has", true},
	{ErrNoLabels, "NO_LABELS", "the export has no file of choice labels of that name", "switch ingest_choice_labels off if the environment has no choices", true},
	{ErrAmbiguous, "AMBIGUOUS_TABLE", "one table is wanted, and the name means several", "name it in full, as catalog.schema.table, or choose the pipeline with --pipeline", true},
	{ErrNoSuchTable, "NO_SUCH_TABLE", "the pipeline has no such table", "sluice status lists those it has", true},
	{synapselink.ErrNoSequence, "NO_VERSIONNUMBER", "the export of the table has no column versionnumber", "have the table exported again with its versionnumber (row version tracking), then run a full refresh", true},
	{synapselink.ErrNoKey, "NO_ID", "the export of the table has no column Id", "have the table exported again, then run a full refresh", true},
	{synapselink.ErrNoSchema, "NO_SCHEMA", "no model.json of the folder describes the table", "restore the file, or have the table exported again and run a full refresh", true},
	{synapselink.ErrAttributes, "BAD_SCHEMA", "the table's description in the folder contradicts itself", "restore the file, or have the table exported again", true},
	{synapselink.ErrReservedColumn, "RESERVED_COLUMN", "a source column bears a name that Sluice needs", "leave it out with exclude_columns", true},
	{synapselink.ErrSelection, "COLUMN_SELECTION", "include_columns or exclude_columns cannot be followed", "correct the names", true},
	{synapselink.ErrEnvironment, "ENVIRONMENT", "no folder of the container, or more than one, is the environment meant", "map it under environments of the connection", true},
	{synapselink.ErrNoExport, "NO_EXPORT", "nothing that Synapse Link writes is there", "check container and folder with sluice check", true},
	{synapselink.ErrOtherMode, "OTHER_EXPORT_MODE", "the container was exported in a mode that is not read", "export with incremental update folders", true},
	{synapselink.ErrChangelog, "NO_CHANGELOG", "Changelog/changelog.info is missing or names no folder", "look at the Synapse Link profile in Power Apps", true},
	{synapselink.ErrManifest, "BAD_MANIFEST", "a model.json holds nothing that can be used", "restore the file", true},
	{storage.ErrTransient, "UNAVAILABLE", "storage cannot be reached, or did not answer after several tries", "run again: it goes on where the tables stand", false},
	{storage.ErrNotExist, "NOT_FOUND", "a file went away after it was listed", "run again: it plans anew", false},
	{errBadRow, "BAD_ROW", "a row cannot be bound or typed, and no more may be set aside", "see the row; max_bad_rows sets such rows aside", true},
	{errOther, "ERROR", "anything else", "see the text", true},
}

// Classes that no error wraps: they are told by their type, or are the rest.
var (
	errBadRow = errors.New("bad row")
	errOther  = errors.New("error")
)

// NewFailure classifies an error as the results do.
func NewFailure(err error) *Failure {
	f := &Failure{Code: "ERROR", Message: err.Error(), cause: err}
	if _, ok := errors.AsType[*synapselink.RowError](err); ok {
		f.Code = "BAD_ROW"
		return f
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			f.Code = c.code
			switch hint := hintOf(err); {
			case hint != "":
				f.Message += "; " + hint
			case !c.said:
				f.Message += "; " + c.fix
			}
			return f
		}
	}
	if hint := hintOf(err); hint != "" {
		f.Message += "; " + hint
	}
	return f
}

// hintOf is the remedy that a store knows for an error, empty for none.
func hintOf(err error) string {
	if known, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return known.Hint()
	}
	return ""
}
