package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// bringLate applies the folders that had been skipped. Changes are ordered for
// each key, so it does not matter that later ones are there already.
func (b *bringing) bringLate(ctx context.Context) error {
	for rest := b.Late; len(rest) > 0; {
		group := together(rest)
		folder := group[0].Folder
		var err error
		if b.before, err = b.entityBefore(ctx, folder); err != nil {
			return err
		}
		if err := b.apply(ctx, group, b.lateStep(group)); err != nil {
			return err
		}
		b.tellLate(group)
		rest = rest[len(group):]
	}
	return nil
}

// beforeDays is how far back the folder before a late one is looked for.
const beforeDays = 7

// entityBefore is what the table looked like in the folder before the one given,
// nil where none of the last days is left: as for folders that come in their turn,
// short rows are legal only where columns were appended.
func (b *bringing) entityBefore(ctx context.Context, folder synapselink.FolderName) (*synapselink.Entity, error) {
	if b.Labels != nil {
		return nil, nil
	}
	from, err := synapselink.ParseFolderName(folder.Time().AddDate(0, 0, -beforeDays).Format("2006-01-02T15.04.05Z"))
	if err != nil {
		return nil, err
	}
	l, err := b.Env.Export.Closed(ctx, from)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(l.Closed) {
		if name.Digits() >= folder.Digits() {
			continue
		}
		entity, err := b.Env.Export.TableSchema(ctx, name, b.Spec.SourceTable)
		if err == nil {
			return &entity, nil
		}
		if !errors.Is(err, synapselink.ErrNoSchema) {
			return nil, err
		}
	}
	return nil, nil
}

// markSpellings adds to the marks of a commit how many folders there are of the
// moment that the cursor is put at. The cursor knows moments alone: one of another
// spelling that comes later shows by their number.
func (b *bringing) markSpellings(marks map[string]int64, cursor synapselink.FolderName) {
	id := b.SpellingsID()
	had := int64(1)
	if b.Exists() {
		had = max(1, b.Snapshot.Txns[id].Version)
	}
	if n := max(1, int64(len(b.Env.OfMoment(cursor)))); n != had {
		marks[id] = n
	}
}

// markGone is a commit that says that folders are gone which the table skipped, for
// a table that gets no other: they are not asked for again.
func (b *bringing) markGone(ctx context.Context) error {
	if len(b.Gone) == 0 {
		return nil
	}
	cursor := b.Cursor()
	marks, first := b.marks(cursor), b.LateID(b.Gone[0])
	delete(marks, first)
	return b.moveCursor(ctx, b.columns, work.Step{AppID: first, Cursor: work.LateGone, Marks: marks, Reached: cursor})
}

// tellGoneFolders tells of the skipped folders that a commit marked as gone.
func (b *bringing) tellGoneFolders(by work.Step) {
	b.Gone = slices.DeleteFunc(slices.Clone(b.Gone), func(f synapselink.FolderName) bool {
		id := b.LateID(f)
		if by.Marks[id] != work.LateGone && by.AppID != id {
			return false
		}
		b.tell(report.FolderGone, f.String(), fmt.Sprintf(
			"folder %s had been skipped and is gone from the export: what it held of %s is in the table only if a later folder brought it again",
			f, b.Spec.SourceTable))
		return true
	})
}

// lateStep is the commit that applies folders of one moment which had been skipped.
func (b *bringing) lateStep(group []work.Part) work.Step {
	cursor := b.Cursor()
	marks := map[string]int64{}
	for _, p := range group[1:] {
		marks[b.LateID(p.Folder)] = work.LateApplied
	}
	if group[0].Folder.Digits() == cursor.Digits() {
		b.markSpellings(marks, cursor)
		for _, f := range b.Unreadable {
			marks[b.LateID(f)] = work.LateSkipped
		}
	}
	return work.Step{AppID: b.LateID(group[0].Folder), Cursor: work.LateApplied, Marks: marks, Reached: cursor}
}

func (b *bringing) tellLate(group []work.Part) {
	skipped := b.Skipped()
	for _, p := range group {
		text := "folder %s had been skipped and got its model.json; it was applied"
		if !slices.Contains(skipped, p.Folder) {
			text = "folder %s is of the moment of the last folder that the table held and came later, or was read again because another one did; it was applied"
		}
		b.tell(report.FolderLate, p.Folder.String(), fmt.Sprintf(text, p.Folder))
	}
}
