package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// lateID is the application id of a skipped folder: its moment, or its name where
// that is not spelled as the service does it, since it is looked for by its name.
func (r *Runner) lateID(t *target, folder synapselink.FolderName) string {
	name := folder.String()
	if usual, err := synapselink.FolderFromDigits(folder.Digits()); err == nil && usual == folder {
		name = strconv.FormatInt(folder.Digits(), 10)
	}
	return r.appID(t) + latePrefix + name
}

// skipped lists the folders that the table passed over, in order.
func (r *Runner) skipped(t *target) []synapselink.FolderName { return r.passedOver(t, lateSkipped) }

// passedOver lists the skipped folders of which the table's log says the same, in
// order.
func (r *Runner) passedOver(t *target, state int64) []synapselink.FolderName {
	if !t.exists() || t.moved {
		return nil
	}
	var folders []synapselink.FolderName
	for id, txn := range t.snapshot.Txns {
		text, ok := strings.CutPrefix(id, r.appID(t)+latePrefix)
		if !ok || txn.Version != state {
			continue
		}
		name, err := synapselink.ParseFolderName(text)
		if n, notDigits := strconv.ParseInt(text, 10, 64); notDigits == nil {
			name, err = synapselink.FolderFromDigits(n)
		}
		if err == nil {
			folders = append(folders, name)
		}
	}
	slices.SortFunc(folders, synapselink.FolderName.Compare)
	return folders
}

// ofMoment are the closed folders of one moment: their names differ in spelling or
// in a fraction of a second.
func (e *environment) ofMoment(moment synapselink.FolderName) []synapselink.FolderName {
	if moment.Digits() == e.after.Digits() {
		return slices.Clone(e.listing.Beside)
	}
	closed := e.listing.Closed // in order, and as many as an export has
	from, _ := slices.BinarySearchFunc(closed, moment.Digits(), func(f synapselink.FolderName, digits int64) int { return cmp.Compare(f.Digits(), digits) })
	to := from
	for to < len(closed) && closed[to].Digits() == moment.Digits() {
		to++
	}
	return slices.Clone(closed[from:to])
}

// markSpellings adds to the marks of a commit how many folders there are of the
// moment that the cursor is put at. The cursor knows moments alone: one of another
// spelling that comes later shows by their number.
func (b *bringing) markSpellings(marks map[string]int64, cursor synapselink.FolderName) {
	id := b.appID(b.target) + spellingsSuffix
	had := int64(1)
	if b.exists() {
		had = max(1, b.snapshot.Txns[id].Version)
	}
	if n := max(1, int64(len(b.env.ofMoment(cursor)))); n != had {
		marks[id] = n
	}
}

// unread are the folders of the cursor's moment where there are more than the
// table was given. Which of them came later is not known, so all are read: changes
// that the table holds already change nothing.
func (u *update) unread(t *target) []synapselink.FolderName {
	cursor := u.cursor(t)
	if cursor.IsZero() {
		return nil
	}
	folders := t.env.ofMoment(cursor)
	if had := t.snapshot.Txns[u.appID(t)+spellingsSuffix].Version; int64(len(folders)) <= max(1, had) {
		return nil
	}
	return slices.DeleteFunc(folders, func(f synapselink.FolderName) bool {
		_, marked := t.snapshot.Txns[u.lateID(t, f)]
		return marked
	})
}

// addLate looks at the folders that tables passed over, and notes for each table
// what there is of them now.
func (u *update) addLate(ctx context.Context, env *environment, targets []*target) error {
	waiting := map[synapselink.FolderName][]*target{}
	var names []synapselink.FolderName
	wait := func(t *target, folders []synapselink.FolderName) {
		for _, f := range folders {
			if waiting[f] == nil {
				names = append(names, f)
			}
			waiting[f] = append(waiting[f], t)
		}
	}
	for _, t := range targets {
		wait(t, u.skipped(t))
		t.unreadable = u.unread(t)
		wait(t, t.unreadable)
	}
	if len(names) == 0 || u.request.FullRefresh {
		return nil
	}
	slices.SortFunc(names, synapselink.FolderName.Compare)
	usable, gone, err := env.look(ctx, names)
	if err != nil {
		return err
	}
	for _, f := range gone {
		for _, t := range waiting[f] {
			t.gone = append(t.gone, f)
		}
	}
	l := synapselink.Listing{Current: env.listing.Current, Closed: usable}
	err = u.walk(ctx, env, &l, targets, lateWalk(func(t *target, folder synapselink.FolderName) bool {
		return slices.Contains(waiting[folder], t)
	}))
	for _, t := range targets {
		t.unreadable = slices.DeleteFunc(t.unreadable, func(f synapselink.FolderName) bool {
			return slices.Contains(t.ready, f) || slices.Contains(gone, f)
		})
	}
	for _, name := range usable {
		if !slices.ContainsFunc(targets, func(t *target) bool { return slices.Contains(t.ready, name) }) {
			env.late = append(env.late, name) // it was there for a moment, or waits behind one that was
		}
	}
	return err
}

// look finds those of the folders that can be read, and those of which nothing is
// left; it keeps the others in mind.
func (e *environment) look(ctx context.Context, names []synapselink.FolderName) (usable, gone []synapselink.FolderName, err error) {
	facts, err := e.export.Look(ctx, names)
	if err != nil {
		return nil, nil, err
	}
	var missing []synapselink.FolderName
	for _, f := range facts {
		switch f.Manifest {
		case synapselink.ManifestUsable:
			usable = append(usable, f.Name)
		case synapselink.ManifestMissing:
			missing = append(missing, f.Name)
		default:
			e.late = append(e.late, f.Name)
		}
	}
	if gone, err = e.export.Gone(ctx, missing); err != nil {
		return nil, nil, err
	}
	for _, name := range missing {
		if !slices.Contains(gone, name) {
			e.late = append(e.late, name)
		}
	}
	return usable, gone, nil
}

// markGone is a commit that says that folders are gone which the table skipped, for
// a table that gets no other: they are not asked for again.
func (b *bringing) markGone(ctx context.Context) error {
	if len(b.gone) == 0 {
		return nil
	}
	cursor := b.cursor(b.target)
	marks, first := b.marks(cursor), b.lateID(b.target, b.gone[0])
	delete(marks, first)
	return b.moveCursor(ctx, b.columns, step{appID: first, cursor: lateGone, marks: marks, reached: cursor})
}

// tellGoneFolders tells of the skipped folders that a commit marked as gone.
func (b *bringing) tellGoneFolders(by step) {
	b.gone = slices.DeleteFunc(slices.Clone(b.gone), func(f synapselink.FolderName) bool {
		id := b.lateID(b.target, f)
		if by.marks[id] != lateGone && by.appID != id {
			return false
		}
		b.tell(FolderGone, f.String(), fmt.Sprintf(
			"folder %s had been skipped and is gone from the export: what it held of %s is in the table only if a later folder brought it again",
			f, b.spec.SourceTable))
		return true
	})
}

// bringLate applies the folders that had been skipped. Changes are ordered for
// each key, so it does not matter that later ones are there already.
func (b *bringing) bringLate(ctx context.Context) error {
	for rest := b.late; len(rest) > 0; {
		group := together(rest)
		folder := group[0].folder
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

// lateStep is the commit that applies folders of one moment which had been skipped.
func (b *bringing) lateStep(group []part) step {
	cursor := b.cursor(b.target)
	marks := map[string]int64{}
	for _, p := range group[1:] {
		marks[b.lateID(b.target, p.folder)] = lateApplied
	}
	if group[0].folder.Digits() == cursor.Digits() {
		b.markSpellings(marks, cursor)
		for _, f := range b.unreadable {
			marks[b.lateID(b.target, f)] = lateSkipped
		}
	}
	return step{appID: b.lateID(b.target, group[0].folder), cursor: lateApplied, marks: marks, reached: cursor}
}

func (b *bringing) tellLate(group []part) {
	skipped := b.skipped(b.target)
	for _, p := range group {
		text := "folder %s had been skipped and got its model.json; it was applied"
		if !slices.Contains(skipped, p.folder) {
			text = "folder %s is of the moment of the last folder that the table held and came later, or was read again because another one did; it was applied"
		}
		b.tell(FolderLate, p.folder.String(), fmt.Sprintf(text, p.folder))
	}
}

// beforeDays is how far back the folder before a late one is looked for.
const beforeDays = 7

// entityBefore is what the table looked like in the folder before the one given,
// nil where none of the last days is left: as for folders that come in their turn,
// short rows are legal only where columns were appended.
func (b *bringing) entityBefore(ctx context.Context, folder synapselink.FolderName) (*synapselink.Entity, error) {
	if b.labels != nil {
		return nil, nil
	}
	from, err := synapselink.ParseFolderName(folder.Time().AddDate(0, 0, -beforeDays).Format("2006-01-02T15.04.05Z"))
	if err != nil {
		return nil, err
	}
	l, err := b.env.export.Closed(ctx, from)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(l.Closed) {
		if name.Digits() >= folder.Digits() {
			continue
		}
		entity, err := b.env.export.TableSchema(ctx, name, b.spec.SourceTable)
		if err == nil {
			return &entity, nil
		}
		if !errors.Is(err, synapselink.ErrNoSchema) {
			return nil, err
		}
	}
	return nil, nil
}
