package work

import (
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// A table's description tells when its initial copy was complete. Folders of
// before that hold the copy; once they are gone, rows that never changed since
// cannot be had. The table's log remembers it, so that every run can say it:
//
//	<appID>/partial    the oldest folder that was left, 0: whole again
const partialSuffix = "/partial"

// CompletedAnnotation is when Synapse Link had written the initial copy; a table
// that is exported again gets a new one.
const CompletedAnnotation = "Athena:InitialSyncDataCompletedTime"

// SyncedAt is when the table's initial copy was complete, zero where that is not
// told. The form is that of the Sink columns, in UTC.
func SyncedAt(e *synapselink.Entity) time.Time {
	if e == nil {
		return time.Time{}
	}
	at, err := time.Parse("1/2/2006 3:04:05 PM", strings.TrimSpace(e.Annotations[CompletedAnnotation]))
	if err != nil {
		return time.Time{}
	}
	return at
}

// CopyGone reports whether the folders that held the table's initial copy are
// gone. It is asked when a table is made or made anew.
func (t *Target) CopyGone() (oldest synapselink.FolderName, gone bool) {
	if len(t.Parts) == 0 {
		return oldest, false
	}
	oldest = t.Env.Oldest                          // what was skipped, or emptied, does not hold the copy
	at := SyncedAt(t.Parts[len(t.Parts)-1].Entity) // a table that was exported again has its copy later
	return oldest, !at.IsZero() && oldest.Time().After(at)
}

// PartialID is the application id of the lack of the initial copy.
func (t *Target) PartialID() string { return t.AppID() + partialSuffix }

// IsPartial reports whether the table lacks its initial copy.
func (t *Target) IsPartial() bool {
	return t.Exists() && t.Snapshot.Txns[t.PartialID()].Version != 0
}
