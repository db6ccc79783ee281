package pipeline

import (
	"fmt"

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

// hole is the first folder behind the last ones that are known to be missing: the
// one behind the table's cursor where that is gone, otherwise the one behind a gap
// that an earlier run went on from.
func (b *bringing) hole() (behind synapselink.FolderName, known bool) {
	if !b.exists() || b.moved || b.labels != nil {
		return behind, false
	}
	if cursor := b.cursor(b.target); !cursor.IsZero() && !b.env.has(cursor) && cursor.Digits() < b.env.listing.Current.Digits() {
		return b.env.following(cursor), true
	}
	behind, err := synapselink.FolderFromDigits(b.snapshot.Txns[b.appID(b.target)+holeSuffix].Version)
	return behind, err == nil && !behind.IsZero()
}

// holed is the hole in what a full refresh would read, if one is known: folders on
// both sides of it are left, and the table was not copied again behind it. A copy
// that was complete after the hole counts as being behind it: when it began is not
// told.
func (b *bringing) holed() (behind synapselink.FolderName, is bool) {
	behind, known := b.hole()
	if !known || len(b.parts) == 0 || b.env.oldest.Digits() >= behind.Digits() {
		return behind, false
	}
	return behind, !syncedAt(b.parts[len(b.parts)-1].entity).After(behind.Time())
}

// markHole adds to the marks of a commit where the table has a hole.
func (b *bringing) markHole(marks map[string]int64) {
	id := b.appID(b.target) + holeSuffix
	switch {
	case b.request.FullRefresh:
		if behind, is := b.holed(); is {
			marks[id] = behind.Digits()
		} else if b.exists() && b.snapshot.Txns[id].Version != 0 {
			marks[id] = 0
		}
	case b.gapped && b.labels == nil:
		marks[id] = b.env.following(b.cursor(b.target)).Digits()
	}
}

// holeText says what a full refresh would lose.
func (b *bringing) holeText(behind synapselink.FolderName) string {
	return fmt.Sprintf("folders before %s are gone, though older ones are left, the oldest of them %s: rows of %s that changed in those that are gone would be lost or be older than they are now",
		behind, b.env.oldest, b.spec.SourceTable)
}

// missingFolders finds folders that tables hold all up to and that are gone though
// older ones are left. A table that had not got so far cannot tell: the folder at its
// own cursor is there.
func (u *update) missingFolders(e *environment, targets []*target) []Event {
	l := &e.listing
	var events []Event
	told := map[int64]bool{}
	for _, t := range targets {
		cursor := u.cursor(t)
		isGone := t.env == e && t.labels == nil && !cursor.IsZero() && cursor.Digits() > e.after.Digits() &&
			cursor.Digits() < l.Current.Digits() && len(e.ofMoment(cursor)) == 0
		if !isGone || told[cursor.Digits()] || l.Oldest.IsZero() || l.Oldest.Digits() >= cursor.Digits() {
			continue
		}
		told[cursor.Digits()] = true
		events = append(events, u.event(FolderMissing, "", cursor.String(), fmt.Sprintf(
			"folder %s, up to which %s holds all, is gone from the export, and older ones are left, such as %s: folders are removed out of their order, and tables that had not read it lack its rows",
			cursor, t.name(), l.Oldest)))
	}
	return events
}
