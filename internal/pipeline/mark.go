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
	from := b.Start()
	for _, f := range b.Env.Listing.Abandoned() {
		if f.Compare(from) > 0 && f.Compare(cursor) < 0 {
			marks[b.LateID(f)] = work.LateSkipped
		}
	}
	for _, f := range b.Ready {
		if !slices.ContainsFunc(b.Late, func(p work.Part) bool { return p.Folder.Digits() == f.Digits() }) {
			marks[b.LateID(f)] = work.LateApplied // it has nothing for the table
		}
	}
	if b.Request.FullRefresh {
		for _, f := range b.Skipped() {
			if slices.ContainsFunc(b.Env.Listing.Ready(), func(r synapselink.FolderName) bool { return r.Digits() == f.Digits() }) {
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
