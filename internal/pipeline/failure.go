package pipeline

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// classes of errors with the codes that programs see, most telling first.
var classes = []struct {
	err  error
	code string
	next string // what to do, where the error itself does not say it
}{
	{context.Canceled, "INTERRUPTED", "run again: it goes on where the tables stand"},
	{context.DeadlineExceeded, "TIMEOUT", "run again: it goes on where the tables stand"},
	{storage.ErrNoSpace, "NO_SPACE", "make room and run again: nothing was lost, and the cursor did not move"},
	{storage.ErrChanged, "SOURCE_CHANGED", "run again: it plans anew"},
	{storage.ErrDenied, "ACCESS_DENIED", "give this user the right to do so, then run again"},
	{local.ErrDamaged, "DAMAGED_TABLE", "restore the file, or rebuild the table from the export with --full-refresh"},
	{local.ErrForeignTable, "FOREIGN_TABLE", ""},
	{delta.ErrForeignFiles, "FOREIGN_FILES", "choose another destination, or remove what is there"},
	{local.ErrOtherType, "SCD_TYPE_CHANGED", ""},
	{local.ErrConcurrent, "CONCURRENT_RUN", ""},
	{local.ErrUnknownOutcome, "UNKNOWN_OUTCOME", ""},
	{delta.ErrUnsupported, "UNSUPPORTED_TABLE", ""},
	{delta.ErrDamaged, "DAMAGED_TABLE", "restore the table's _delta_log, or remove the table and run again with --full-refresh"},
	{spec.ErrInvalid, "CONFIGURATION", ""},
	{delta.ErrInvalidChanges, "UNSUPPORTED_COLUMN", "leave the column out with exclude_columns"},
	{synapselink.ErrTypeChanged, "TYPE_CHANGED", ""},
	{ErrRefreshBehind, "REFRESH_BEHIND", "wait for the folder's model.json, or restore it"},
	{ErrNewColumns, "SCHEMA_CHANGED", ""},
	{ErrNoTable, "NO_SUCH_TABLE", ""},
	{ErrNoSuchTable, "NO_SUCH_TABLE", ""},
	{synapselink.ErrNoSequence, "NO_VERSIONNUMBER", ""},
	{synapselink.ErrNoKey, "NO_ID", ""},
	{synapselink.ErrNoSchema, "NO_SCHEMA", ""},
	{synapselink.ErrAttributes, "BAD_SCHEMA", ""},
	{synapselink.ErrReservedColumn, "RESERVED_COLUMN", ""},
	{synapselink.ErrSelection, "COLUMN_SELECTION", ""},
	{synapselink.ErrEnvironment, "ENVIRONMENT", ""},
	{synapselink.ErrNoExport, "NO_EXPORT", ""},
	{synapselink.ErrOtherMode, "OTHER_EXPORT_MODE", ""},
	{synapselink.ErrChangelog, "NO_CHANGELOG", ""},
	{synapselink.ErrManifest, "BAD_MANIFEST", ""},
	{storage.ErrNotExist, "NOT_FOUND", "a file went away after it was listed: run again"},
}

// failure classifies an error.
func failure(err error) *Failure {
	f := &Failure{Code: "ERROR", Message: err.Error(), cause: err}
	if _, ok := errors.AsType[*synapselink.RowError](err); ok {
		f.Code = "BAD_ROW"
		return f
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			f.Code = c.code
			if c.next != "" {
				f.Message += "; " + c.next
			}
			return f
		}
	}
	return f
}

// NewFailure classifies an error as the results do.
func NewFailure(err error) *Failure { return failure(err) }
