package work

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
)

// What the log says of a folder that was skipped.
const (
	LateSkipped = 0
	LateApplied = 1
)

// AppID names the cursor in the table's log.
func (t *Target) AppID() string {
	return "sluice:" + t.survey.Config.Name + ":" + t.Name()
}

// Cursor is the last folder that the table holds, zero for none.
func (t *Target) Cursor() synapselink.FolderName {
	if !t.Exists() {
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

// LateID is the application id of a skipped folder.
func (t *Target) LateID(folder synapselink.FolderName) string {
	return t.AppID() + latePrefix + strconv.FormatInt(folder.Digits(), 10)
}

// Skipped lists the folders that the table passed over, in order.
func (t *Target) Skipped() []synapselink.FolderName {
	if !t.Exists() {
		return nil
	}
	var folders []synapselink.FolderName
	for id, txn := range t.Snapshot.Txns {
		digits, ok := strings.CutPrefix(id, t.AppID()+latePrefix)
		if !ok || txn.Version != LateSkipped {
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

// addLate finds the skipped folders that have become readable, and notes them
// for the tables that passed them over.
func (s *Survey) addLate(ctx context.Context, env *Environment, targets []*Target) error {
	waiting := map[int64][]*Target{}
	var names []synapselink.FolderName
	for _, t := range targets {
		for _, f := range t.Skipped() {
			if waiting[f.Digits()] == nil {
				names = append(names, f)
			}
			waiting[f.Digits()] = append(waiting[f.Digits()], t)
		}
	}
	if len(names) == 0 || s.Request.FullRefresh {
		return nil
	}
	usable, err := env.look(ctx, names)
	if err != nil {
		return err
	}
	l := synapselink.Listing{Current: env.Listing.Current, Closed: usable}
	err = env.walk(ctx, &l, targets, lateWalk(func(t *Target, folder synapselink.FolderName) bool {
		return slices.Contains(waiting[folder.Digits()], t)
	}))
	for _, name := range usable {
		if !slices.ContainsFunc(targets, func(t *Target) bool { return slices.Contains(t.Ready, name) }) {
			env.late = append(env.late, name) // it was there for a moment, or waits behind one that was
		}
	}
	return err
}

// look finds those of the folders that can be read, in the spelling that they
// are stored in, and keeps the others in mind.
func (e *Environment) look(ctx context.Context, names []synapselink.FolderName) ([]synapselink.FolderName, error) {
	var spelled []synapselink.FolderName
	for _, name := range names {
		spelled = append(spelled, name.Spellings()...)
	}
	facts, err := e.Export.Look(ctx, spelled)
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
