package pipeline

import (
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// marks are what a commit that puts the cursor at a folder says beside it.
func (b *bringing) marks(cursor synapselink.FolderName) map[string]int64 {
	marks := map[string]int64{b.NextID(): b.Env.Following(b.lookedThrough(cursor)).Digits()}
	b.markPartial(marks)
	b.markHole(marks)
	if id := b.CopiedID(); b.Request.FullRefresh && b.Exists() && b.Snapshot.Txns[id].Version != 0 {
		marks[id] = 0 // a full refresh begins with the copy
	}
	b.markSpellings(marks, cursor)
	from := b.Start()
	for _, f := range b.Env.Listing.Abandoned() {
		if f.Digits() > from.Digits() && f.Digits() <= cursor.Digits() {
			marks[b.LateID(f)] = work.LateSkipped
		}
	}
	for _, f := range b.Unreadable {
		marks[b.LateID(f)] = work.LateSkipped
	}
	for _, f := range b.Gone {
		marks[b.LateID(f)] = work.LateGone
	}
	for _, f := range b.Ready {
		if !slices.ContainsFunc(b.Late, func(p work.Part) bool { return p.Folder == f }) {
			marks[b.LateID(f)] = work.LateApplied // it has nothing for the table
		}
	}
	if b.Moved { // folders of another export are not to be looked for in this one
		was := *b.Target
		was.Moved = false
		for _, f := range was.Skipped() {
			marks[b.LateID(f)] = work.LateGone
		}
	}
	if b.Request.FullRefresh {
		for _, f := range b.Skipped() {
			if slices.Contains(b.Env.Listing.Ready(), f) {
				marks[b.LateID(f)] = work.LateApplied
			}
		}
	}
	return marks
}

// lookedThrough is the last folder that the table is known to have nothing more
// of when its cursor is at the one given: behind its last rows all that is ready
// was looked through.
func (b *bringing) lookedThrough(cursor synapselink.FolderName) synapselink.FolderName {
	if n := len(b.Parts); n > 0 && cursor.Digits() < b.Parts[n-1].Folder.Digits() {
		return cursor
	}
	if ready := b.Env.Listing.Ready(); len(ready) > 0 && ready[len(ready)-1].Compare(cursor) > 0 {
		return ready[len(ready)-1]
	}
	return cursor
}

// markPartial adds to the marks of a commit whether the table lacks its initial
// copy, where the commit makes the table.
func (b *bringing) markPartial(marks map[string]int64) {
	if !b.Request.FullRefresh && !b.Cursor().IsZero() {
		return
	}
	id := b.PartialID()
	if oldest, gone := b.CopyGone(); gone {
		marks[id] = oldest.Digits()
		b.partial = oldest
	} else if b.IsPartial() {
		marks[id] = 0
		b.partial = synapselink.FolderName{}
	}
}

// markHole adds to the marks of a commit where the table has a hole.
func (b *bringing) markHole(marks map[string]int64) {
	id := b.HoleID()
	switch {
	case b.Request.FullRefresh:
		if behind, is := b.Holed(); is {
			marks[id] = behind.Digits()
		} else if b.Exists() && b.Snapshot.Txns[id].Version != 0 {
			marks[id] = 0
		}
	case b.gapped && b.Labels == nil:
		marks[id] = b.Env.Following(b.Cursor()).Digits()
	}
}
