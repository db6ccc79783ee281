package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Beside its cursor a table's log says, in the same commits, what the cursor
// alone does not tell:
//
//	<appID>                   cursor: the last folder that the table holds
//	<appID>/next              the folder that came after it, closed or open
//	<appID>/late/<folder>     0: the folder was skipped, 1: applied later,
//	                          2: it went away before it could be read
//	<appID>/spellings         how many folders of the cursor's moment there were,
//	                          if not one
const (
	nextSuffix      = "/next"
	latePrefix      = "/late/"
	spellingsSuffix = "/spellings"

	lateSkipped, lateApplied, lateGone = 0, 1, 2
)

// ErrGap: folders went away before they were read.
var ErrGap = errors.New("folders of the export went away before they were read")

// marks are what a commit that puts the cursor at a folder says beside it.
func (b *bringing) marks(cursor synapselink.FolderName) map[string]int64 {
	marks := map[string]int64{b.appID(b.target) + nextSuffix: b.env.following(b.lookedThrough(cursor)).Digits()}
	b.markPartial(marks)
	b.markHole(marks)
	b.markSpellings(marks, cursor)
	from := b.start(b.target)
	for _, f := range b.env.listing.Abandoned() {
		if f.Digits() > from.Digits() && f.Digits() <= cursor.Digits() {
			marks[b.lateID(b.target, f)] = lateSkipped
		}
	}
	for _, f := range b.unreadable {
		marks[b.lateID(b.target, f)] = lateSkipped
	}
	for _, f := range b.gone {
		marks[b.lateID(b.target, f)] = lateGone
	}
	for _, f := range b.ready {
		if !slices.ContainsFunc(b.late, func(p part) bool { return p.folder == f }) {
			marks[b.lateID(b.target, f)] = lateApplied // it has nothing for the table
		}
	}
	if b.moved { // folders of another export are not to be looked for in this one
		was := *b.target
		was.moved = false
		for _, f := range b.skipped(&was) {
			marks[b.lateID(b.target, f)] = lateGone
		}
	}
	if b.request.FullRefresh {
		for _, f := range b.skipped(b.target) {
			if slices.Contains(b.env.listing.Ready(), f) {
				marks[b.lateID(b.target, f)] = lateApplied
			}
		}
	}
	return marks
}

// lookedThrough is the last folder that the table is known to have nothing more
// of when its cursor is at the one given: behind its last rows all that is ready
// was looked through.
func (b *bringing) lookedThrough(cursor synapselink.FolderName) synapselink.FolderName {
	if n := len(b.parts); n > 0 && cursor.Digits() < b.parts[n-1].folder.Digits() {
		return cursor
	}
	if ready := b.env.listing.Ready(); len(ready) > 0 && ready[len(ready)-1].Compare(cursor) > 0 {
		return ready[len(ready)-1]
	}
	return cursor
}

// following is the folder after the one given: one that is closed, or the one
// that is being written.
func (e *environment) following(folder synapselink.FolderName) synapselink.FolderName {
	for _, f := range e.listing.Folders {
		if f.Name.Digits() > folder.Digits() {
			return f.Name
		}
	}
	return e.listing.Current
}

// has reports whether the export still has a folder that is closed. What lies
// behind a folder that holds back the rest was not listed.
func (e *environment) has(folder synapselink.FolderName) bool {
	if held, ok := e.listing.Held(); ok && folder.Compare(held.Name) >= 0 {
		return true
	}
	if folder.Digits() == e.after.Digits() {
		return e.listing.AfterExists
	}
	return slices.ContainsFunc(e.listing.Folders, func(f synapselink.FolderStatus) bool { return f.Name.Digits() == folder.Digits() })
}

// gap reports whether folders between the table's cursor and the next folder
// that is left went away unread. The folder at the cursor, or the one that was
// known to follow it, shows that there are none: retention takes the oldest
// first.
func (b *bringing) gap() (text string, found bool) {
	cursor := b.cursor(b.target)
	if cursor.IsZero() || b.env.listing.Current.IsZero() || b.env.has(cursor) {
		return "", false
	}
	oldest := b.env.following(cursor)
	expected := "its successor is not known"
	if txn, ok := b.snapshot.Txns[b.appID(b.target)+nextSuffix]; ok {
		if txn.Version >= oldest.Digits() {
			return "", false
		}
		if name, err := synapselink.FolderFromDigits(txn.Version); err == nil {
			expected = name.String() + " came after it"
		}
	}
	if oldest.Digits() == b.env.listing.Current.Digits() && expected == "its successor is not known" {
		return "", false // nothing was closed since, as far as anybody can tell
	}
	return fmt.Sprintf("%s has all up to folder %s, which is gone, as is what followed (%s); the next folder that is there is %s",
		b.spec.SourceTable, cursor, expected, oldest), true
}

// checkGap stops a table whose folders went away, unless it is to go on.
func (b *bringing) checkGap() error {
	text, found := b.gap()
	if !found {
		return nil
	}
	if b.labels != nil {
		b.gapped = true // the root, which is read again, says what those folders said
		return nil
	}
	if b.spec.Settings.OnGap != spec.GapContinues {
		return fmt.Errorf("%w: %s; if the folders that are left reach back to a whole copy, run sluice run --table %s --full-refresh; otherwise have the table exported again, or set on_gap: continue",
			ErrGap, text, b.spec.SourceTable)
	}
	b.gapped = true
	b.tell(FolderGap, b.env.following(b.cursor(b.target)).String(), text+"; the table goes on with what is left")
	return nil
}
