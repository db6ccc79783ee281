package pipeline

import (
	"fmt"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// A table's description tells when its initial copy was complete. Folders of
// before that hold the copy; once they are gone, rows that never changed since
// cannot be had. The table's log remembers it, so that every run can say it:
//
//	<appID>/partial    the oldest folder that was left, 0: whole again
const partialSuffix = "/partial"

// completedAnnotation is when Synapse Link had written the initial copy; a table
// that is exported again gets a new one.
const completedAnnotation = "Athena:InitialSyncDataCompletedTime"

// syncedAt is when the table's initial copy was complete, zero where that is not
// told. The form is that of the Sink columns, in UTC.
func syncedAt(e *synapselink.Entity) time.Time {
	if e == nil {
		return time.Time{}
	}
	at, err := time.Parse("1/2/2006 3:04:05 PM", strings.TrimSpace(e.Annotations[completedAnnotation]))
	if err != nil {
		return time.Time{}
	}
	return at
}

// copyGone reports whether the folders that held the table's initial copy are
// gone. It is asked when a table is made or made anew.
func (b *bringing) copyGone() (oldest synapselink.FolderName, gone bool) {
	if len(b.parts) == 0 {
		return oldest, false
	}
	oldest = b.env.oldest                          // what was skipped, or emptied, does not hold the copy
	at := syncedAt(b.parts[len(b.parts)-1].entity) // a table that was exported again has its copy later
	return oldest, !at.IsZero() && oldest.Time().After(at)
}

// markPartial adds to the marks of a commit whether the table lacks its initial
// copy, where the commit makes the table.
func (b *bringing) markPartial(marks map[string]int64) {
	if !b.request.FullRefresh && !b.cursor(b.target).IsZero() {
		return
	}
	id := b.appID(b.target) + partialSuffix
	if oldest, gone := b.copyGone(); gone {
		marks[id] = oldest.Digits()
		b.partial = oldest
	} else if b.isPartial() {
		marks[id] = 0
		b.partial = synapselink.FolderName{}
	}
}

// isPartial reports whether the table lacks its initial copy.
func (b *bringing) isPartial() bool {
	return b.exists() && b.snapshot.Txns[b.appID(b.target)+partialSuffix].Version != 0
}

// tellPartial says that the table lacks its initial copy, unless the
// configuration takes what is left.
func (b *bringing) tellPartial() {
	if b.partial.IsZero() || b.spec.Settings.OnGap == spec.GapContinues {
		return
	}
	b.tell(InitialCopyGone, b.partial.String(), fmt.Sprintf(
		"the folders with the initial copy of %s were gone when the table was made from folder %s on: rows that did not change since then are missing",
		b.spec.SourceTable, b.partial))
}

// tellCopiedAnew says that the table was exported again in full.
func (b *bringing) tellCopiedAnew(p part) {
	before, now := syncedAt(b.before), syncedAt(p.entity)
	if before.IsZero() || now.IsZero() || before.Equal(now) {
		return
	}
	b.tell(TableCopiedAnew, p.folder.String(), fmt.Sprintf(
		"%s was exported again in full, complete at %s: rows that were deleted meanwhile have no delete marker and stay",
		b.spec.SourceTable, now.Format(time.RFC3339)))
}

// tellSync says that the table's initial copy is not complete in a folder. Only
// what the last folder says is told.
func (b *bringing) tellSync(p part) {
	state := p.entity.InitialSyncState
	if len(b.parts) == 0 || p.folder != b.parts[len(b.parts)-1].folder || state == "" || strings.EqualFold(state, "Completed") {
		return
	}
	b.tell(InitialSyncRunning, p.folder.String(), fmt.Sprintf("the initial copy of %s is not complete: Synapse Link says %s", b.spec.SourceTable, state))
}
