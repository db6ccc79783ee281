package work

import (
	"context"
	"fmt"
	"slices"
	"strconv"

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
)

// What the log says of a folder that was skipped.
const (
	LateSkipped = 0
	LateApplied = 1
	LateGone    = 2
)

// AppID names the cursor in the table's log.
func (t *Target) AppID() string {
	return "sluice:" + t.survey.Config.Name + ":" + t.Name()
}

// Cursor is the last folder that the table holds, zero for none.
func (t *Target) Cursor() synapselink.FolderName {
	if !t.Exists() || t.Moved {
		return synapselink.FolderName{}
	}
	txn, ok := t.Snapshot.Txns[t.AppID()]
	if !ok {
		return synapselink.FolderName{}
	}
	name, err := synapselink.FolderFromDigits(txn.Version)
	if err != nil {
		return synapselink.FolderName{}
	}
	return name
}

// NextID is the application id of the folder after the cursor.
func (t *Target) NextID() string { return t.AppID() + nextSuffix }

// SpellingsID is the application id of the number of folders at the cursor.
func (t *Target) SpellingsID() string { return t.AppID() + spellingsSuffix }

// LateID is the application id of a skipped folder: its moment, or its name where
// that is not spelled as the service does it, since it is looked for by its name.
func (t *Target) LateID(folder synapselink.FolderName) string {
	name := folder.String()
	if usual, err := synapselink.FolderFromDigits(folder.Digits()); err == nil && usual == folder {
		name = strconv.FormatInt(folder.Digits(), 10)
	}
	return t.AppID() + latePrefix + name
}

// Skipped lists the folders that the table passed over, in order.
func (t *Target) Skipped() []synapselink.FolderName { return t.PassedOver(LateSkipped) }

// Following is the folder after the one given: one that is closed, or the one
// that is being written.
func (e *Environment) Following(folder synapselink.FolderName) synapselink.FolderName {
	for _, f := range e.Listing.Folders {
		if f.Name.Digits() > folder.Digits() {
			return f.Name
		}
	}
	return e.Listing.Current
}

// has reports whether the export still has a folder that is closed. What lies
// behind a folder that holds back the rest was not listed.
func (e *Environment) has(folder synapselink.FolderName) bool {
	if held, ok := e.Listing.Held(); ok && folder.Compare(held.Name) >= 0 {
		return true
	}
	if folder.Digits() == e.after.Digits() {
		return e.Listing.AfterExists
	}
	return slices.ContainsFunc(e.Listing.Folders, func(f synapselink.FolderStatus) bool { return f.Name.Digits() == folder.Digits() })
}

// Gap reports whether folders between the table's cursor and the next folder
// that is left went away unread. The folder at the cursor, or the one that was
// known to follow it, shows that there are none: retention takes the oldest
// first.
func (t *Target) Gap() (text string, found bool) {
	cursor := t.Cursor()
	if cursor.IsZero() || t.Env.Listing.Current.IsZero() || t.Env.has(cursor) {
		return "", false
	}
	oldest := t.Env.Following(cursor)
	expected := "its successor is not known"
	if txn, ok := t.Snapshot.Txns[t.NextID()]; ok {
		if txn.Version >= oldest.Digits() {
			return "", false
		}
		if name, err := synapselink.FolderFromDigits(txn.Version); err == nil {
			expected = name.String() + " came after it"
		}
	}
	if oldest.Digits() == t.Env.Listing.Current.Digits() && expected == "its successor is not known" {
		return "", false // nothing was closed since, as far as anybody can tell
	}
	return fmt.Sprintf("%s has all up to folder %s, which is gone, as is what followed (%s); the next folder that is there is %s",
		t.Spec.SourceTable, cursor, expected, oldest), true
}

// addLate looks at the folders that tables passed over, and notes for each table
// what there is of them now.
func (s *Survey) addLate(ctx context.Context, env *Environment, targets []*Target) error {
	waiting := map[synapselink.FolderName][]*Target{}
	var names []synapselink.FolderName
	wait := func(t *Target, folders []synapselink.FolderName) {
		for _, f := range folders {
			if waiting[f] == nil {
				names = append(names, f)
			}
			waiting[f] = append(waiting[f], t)
		}
	}
	for _, t := range targets {
		wait(t, t.Skipped())
		t.Unreadable = t.unread()
		wait(t, t.Unreadable)
	}
	if len(names) == 0 || s.Request.FullRefresh {
		return nil
	}
	slices.SortFunc(names, synapselink.FolderName.Compare)
	usable, gone, err := env.look(ctx, names)
	if err != nil {
		return err
	}
	for _, f := range gone {
		for _, t := range waiting[f] {
			t.Gone = append(t.Gone, f)
		}
	}
	l := synapselink.Listing{Current: env.Listing.Current, Closed: usable}
	err = env.walk(ctx, &l, targets, lateWalk(func(t *Target, folder synapselink.FolderName) bool {
		return slices.Contains(waiting[folder], t)
	}))
	for _, t := range targets {
		t.Unreadable = slices.DeleteFunc(t.Unreadable, func(f synapselink.FolderName) bool {
			return slices.Contains(t.Ready, f) || slices.Contains(gone, f)
		})
	}
	for _, name := range usable {
		if !slices.ContainsFunc(targets, func(t *Target) bool { return slices.Contains(t.Ready, name) }) {
			env.late = append(env.late, name) // it was there for a moment, or waits behind one that was
		}
	}
	return err
}

// look finds those of the folders that can be read, and those of which nothing is
// left; it keeps the others in mind.
func (e *Environment) look(ctx context.Context, names []synapselink.FolderName) (usable, gone []synapselink.FolderName, err error) {
	facts, err := e.Export.Look(ctx, names)
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
	if gone, err = e.Export.Gone(ctx, missing); err != nil {
		return nil, nil, err
	}
	for _, name := range missing {
		if !slices.Contains(gone, name) {
			e.late = append(e.late, name)
		}
	}
	return usable, gone, nil
}
