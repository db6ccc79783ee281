package work

import (
	"fmt"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// holeSuffix names the txn action that remembers the last hole in what the table
// was made from:
//
//	<appID>/hole       the first folder behind it, 0: healed
//
// Retention takes the oldest folders, and then the time of the initial copy tells
// whether what is left is whole. Where folders are left that are older than ones
// which are gone, it does not: the copy is there, and what changed in the hole is not.
const holeSuffix = "/hole"

// HoleID is the application id of the hole.
func (t *Target) HoleID() string { return t.AppID() + holeSuffix }

// Hole is the first folder behind the last ones that are known to be missing: the
// one behind the table's cursor where that is gone, otherwise the one behind a gap
// that an earlier run went on from.
func (t *Target) Hole() (behind synapselink.FolderName, known bool) {
	if !t.Exists() || t.Moved || t.Labels != nil {
		return behind, false
	}
	if cursor := t.Cursor(); !cursor.IsZero() && !t.Env.has(cursor) && cursor.Digits() < t.Env.Listing.Current.Digits() {
		return t.Env.Following(cursor), true
	}
	behind, err := synapselink.FolderFromDigits(t.Snapshot.Txns[t.HoleID()].Version)
	return behind, err == nil && !behind.IsZero()
}

// Holed is the hole in what a full refresh would read, if one is known: folders on
// both sides of it are left, and the table was not copied again behind it. A copy
// that was complete after the hole counts as being behind it: when it began is not
// told.
func (t *Target) Holed() (behind synapselink.FolderName, is bool) {
	behind, known := t.Hole()
	if !known || len(t.Parts) == 0 || t.Env.Oldest.Digits() >= behind.Digits() {
		return behind, false
	}
	return behind, !SyncedAt(t.Parts[len(t.Parts)-1].Entity).After(behind.Time())
}

// HoleText says what a full refresh would lose.
func (t *Target) HoleText(behind synapselink.FolderName) string {
	return fmt.Sprintf("folders before %s are gone, though older ones are left, the oldest of them %s: rows of %s that changed in those that are gone would be lost or be older than they are now",
		behind, t.Env.Oldest, t.Spec.SourceTable)
}

// missingFolders finds folders that tables hold all up to and that are gone though
// older ones are left. A table that had not got so far cannot tell: the folder at its
// own cursor is there.
func (s *Survey) missingFolders(e *Environment, targets []*Target) []report.Event {
	l := &e.Listing
	var events []report.Event
	told := map[int64]bool{}
	for _, t := range targets {
		cursor := t.Cursor()
		isGone := t.Env == e && t.Labels == nil && !cursor.IsZero() && cursor.Digits() > e.after.Digits() &&
			cursor.Digits() < l.Current.Digits() && len(e.OfMoment(cursor)) == 0
		if !isGone || told[cursor.Digits()] || l.Oldest.IsZero() || l.Oldest.Digits() >= cursor.Digits() {
			continue
		}
		told[cursor.Digits()] = true
		events = append(events, s.Event(report.FolderMissing, "", cursor.String(), fmt.Sprintf(
			"folder %s, up to which %s holds all, is gone from the export, and older ones are left, such as %s: folders are removed out of their order, and tables that had not read it lack its rows",
			cursor, t.Name(), l.Oldest)))
	}
	return events
}
