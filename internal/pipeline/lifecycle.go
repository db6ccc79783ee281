package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Beside its cursor a table's log says, in the same commits, what the cursor
// alone does not tell:
//
//	<appID>                   cursor: the last folder that the table holds
//	<appID>/next              the folder that came after it, closed or open
//	<appID>/late/<folder>     0: the folder was skipped, 1: applied later
const (
	nextSuffix = "/next"
	latePrefix = "/late/"

	lateSkipped, lateApplied = 0, 1
)

// ErrGap: folders went away before they were read.
var ErrGap = errors.New("folders of the export went away before they were read")

// lateID is the application id of a skipped folder.
func (r *Runner) lateID(t *target, folder synapselink.FolderName) string {
	return r.appID(t) + latePrefix + strconv.FormatInt(folder.Digits(), 10)
}

// skipped lists the folders that the table passed over, in order.
func (r *Runner) skipped(t *target) []synapselink.FolderName {
	if !t.exists() {
		return nil
	}
	var folders []synapselink.FolderName
	for id, txn := range t.snapshot.Txns {
		digits, ok := strings.CutPrefix(id, r.appID(t)+latePrefix)
		if !ok || txn.Version != lateSkipped {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			continue
		}
		if name, err := synapselink.FolderFromDigits(n); err == nil {
			folders = append(folders, name)
		}
	}
	slices.SortFunc(folders, synapselink.FolderName.Compare)
	return folders
}

// marks are what a commit that puts the cursor at a folder says beside it.
func (b *bringing) marks(cursor synapselink.FolderName) map[string]int64 {
	marks := map[string]int64{b.appID(b.target) + nextSuffix: b.env.following(b.lookedThrough(cursor)).Digits()}
	b.markPartial(marks)
	from := b.start(b.target)
	for _, f := range b.env.listing.Abandoned() {
		if f.Compare(from) > 0 && f.Compare(cursor) < 0 {
			marks[b.lateID(b.target, f)] = lateSkipped
		}
	}
	for _, f := range b.ready {
		if !slices.ContainsFunc(b.late, func(p part) bool { return p.folder.Digits() == f.Digits() }) {
			marks[b.lateID(b.target, f)] = lateApplied // it has nothing for the table
		}
	}
	if b.request.FullRefresh {
		for _, f := range b.skipped(b.target) {
			if slices.ContainsFunc(b.env.listing.Ready(), func(r synapselink.FolderName) bool { return r.Digits() == f.Digits() }) {
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

// addLate finds the skipped folders that have become readable, and notes them
// for the tables that passed them over.
func (u *update) addLate(ctx context.Context, env *environment, targets []*target) error {
	waiting := map[int64][]*target{}
	var names []synapselink.FolderName
	for _, t := range targets {
		for _, f := range u.skipped(t) {
			if waiting[f.Digits()] == nil {
				names = append(names, f)
			}
			waiting[f.Digits()] = append(waiting[f.Digits()], t)
		}
	}
	if len(names) == 0 || u.request.FullRefresh {
		return nil
	}
	usable, err := env.look(ctx, names)
	if err != nil {
		return err
	}
	l := synapselink.Listing{Current: env.listing.Current, Closed: usable}
	err = u.walk(ctx, env, &l, targets, lateWalk(func(t *target, folder synapselink.FolderName) bool {
		return slices.Contains(waiting[folder.Digits()], t)
	}))
	for _, name := range usable {
		if !slices.ContainsFunc(targets, func(t *target) bool { return slices.Contains(t.ready, name) }) {
			env.late = append(env.late, name) // it was there for a moment, or waits behind one that was
		}
	}
	return err
}

// look finds those of the folders that can be read, in the spelling that they
// are stored in, and keeps the others in mind.
func (e *environment) look(ctx context.Context, names []synapselink.FolderName) ([]synapselink.FolderName, error) {
	var spelled []synapselink.FolderName
	for _, name := range names {
		spelled = append(spelled, name.Spellings()...)
	}
	facts, err := e.export.Look(ctx, spelled)
	if err != nil {
		return nil, err
	}
	var usable []synapselink.FolderName
	for _, f := range facts {
		if f.Manifest == synapselink.ManifestUsable {
			usable = append(usable, f.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(usable, func(f synapselink.FolderName) bool { return f.Digits() == name.Digits() }) {
			e.late = append(e.late, name)
		}
	}
	return usable, nil
}

// bringLate applies the folders that had been skipped. Changes are ordered for
// each key, so it does not matter that later ones are there already.
func (b *bringing) bringLate(ctx context.Context) error {
	for rest := b.late; len(rest) > 0; {
		group := together(rest)
		folder := group[0].folder
		cursor := b.cursor(b.target)
		var err error
		if b.before, err = b.entityBefore(ctx, folder); err != nil {
			return err
		}
		if err := b.apply(ctx, group, step{appID: b.lateID(b.target, folder), cursor: lateApplied, reached: cursor}); err != nil {
			return err
		}
		b.tell(FolderLate, folder.String(), fmt.Sprintf("folder %s had been skipped and got its model.json; it was applied", folder))
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
