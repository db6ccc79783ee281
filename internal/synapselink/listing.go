package synapselink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// Listing is the closed folders of an export after a given one.
type Listing struct {
	// Current is the folder that changelog.info named before the listing.
	Current FolderName
	// Closed folders after the given one, in order.
	Closed []FolderName
	// Folders that were looked into, in order: the first of Closed, up to and
	// with the first that holds back the rest.
	Folders []FolderStatus
	// More closed folders follow that were not looked into.
	More bool
	// AfterExists: the given folder is still there, in one spelling or another,
	// so that none between it and the next one can have been removed unseen
	// by somebody who removes the oldest ones. False if none was given.
	AfterExists bool
	// Beside are the closed folders of the given one's moment, that one and those
	// whose names are spelled otherwise or differ in a fraction of a second.
	Beside []FolderName
	// Oldest is the oldest closed folder that was seen. The listing begins with
	// the hour of the given folder, so this may be that folder or an older one;
	// zero if there is none.
	Oldest FolderName
	// SyncFailures: the service keeps a folder EntitySyncFailure at the root.
	SyncFailures bool
}

// Ready lists the folders that can be read now, in order.
func (l Listing) Ready() []FolderName { return l.in(Ready) }

// Abandoned lists the folders that were skipped, in order.
func (l Listing) Abandoned() []FolderName { return l.in(Abandoned) }

// Held is the settling folder that holds back all after it, if one does.
func (l Listing) Held() (FolderStatus, bool) {
	if n := len(l.Folders); n > 0 && l.Folders[n-1].State == Settling {
		return l.Folders[n-1], true
	}
	return FolderStatus{}, false
}

func (l Listing) in(s State) []FolderName {
	var names []FolderName
	for _, f := range l.Folders {
		if f.State == s {
			names = append(names, f.Name)
		}
	}
	return names
}

// Closed reads changelog.info, then lists the folders between after and the one
// that it names, without looking into any; see [Export.Walk]. In the other order
// a folder could be begun, and with it the listed one closed, between the two
// steps without being seen.
func (e *Export) Closed(ctx context.Context, after FolderName) (Listing, error) {
	l := Listing{}
	var err error
	if l.Current, err = e.Current(ctx); err != nil {
		return Listing{}, err
	}
	if err := e.list(ctx, &l, after); err != nil {
		return Listing{}, err
	}
	slices.SortFunc(l.Closed, FolderName.Compare)
	l.More = len(l.Closed) > 0
	return l, nil
}

// Listing is [Export.Closed] with a look at each folder's model.json. It lists
// no folder: whoever wants their files, too, asks [Export.Walk] for both.
func (e *Export) Listing(ctx context.Context, after FolderName) (Listing, error) {
	l, err := e.Closed(ctx, after)
	if err != nil {
		return Listing{}, err
	}
	names := e.limited(l.Closed)
	for len(names) > 0 {
		some := names[:min(lookAtOnce, len(names))]
		names = names[len(some):]
		facts, err := e.Look(ctx, some)
		if err != nil {
			return Listing{}, err
		}
		for _, f := range facts {
			if !l.judge(e, f) {
				return l, nil
			}
		}
	}
	return l, nil
}

// limited is how many of the folders one listing or walk looks into.
func (e *Export) limited(names []FolderName) []FolderName {
	if e.MaxFolders > 0 {
		return names[:min(len(names), e.MaxFolders)]
	}
	return names
}

// judge adds the next of the closed folders by what was seen of it. It returns
// false if that one holds back the rest.
func (l *Listing) judge(e *Export, f FolderFacts) bool {
	f.Successor = l.Current
	if next := len(l.Folders) + 1; next < len(l.Closed) {
		f.Successor = l.Closed[next]
	}
	status := e.states([]FolderFacts{f}, l.Current)[0]
	if status.State == Settling {
		l.hold(status)
	}
	l.Folders = append(l.Folders, status)
	l.More = len(l.Folders) < len(l.Closed)
	return status.State != Settling
}

// hold makes a settling folder hold back those of its moment that come before it,
// too: a cursor knows moments, and at theirs it would be behind the settling one.
func (l *Listing) hold(settling FolderStatus) {
	for i := range l.Folders {
		if f := &l.Folders[i]; f.Name.Digits() == settling.Name.Digits() && f.State == Ready {
			f.State, f.Reason = Settling, fmt.Sprintf("it waits for %s, which is of the same moment", settling.Name)
		}
	}
}

// list finds the closed folders after the given one. What comes before its hour
// is not listed: a year of folders every 5 minutes is 105,000 names.
func (e *Export) list(ctx context.Context, l *Listing, after FolderName) error {
	root := e.prefix("")
	if after.IsZero() {
		return e.listLevel(ctx, l, after, root, "")
	}
	// Names with a space before them do not begin as their time does.
	if err := e.listLevel(ctx, l, after, root+" ", ""); err != nil {
		return err
	}
	for _, span := range spans(after.Time(), l.Current.Time()) {
		if err := e.listLevel(ctx, l, after, root+span, root+after.hour()); err != nil {
			return err
		}
	}
	return e.listLevel(ctx, l, after, root+failuresFolder, "")
}

// mostSpans is how many listings may take the place of one of all names.
const mostSpans = 3

// spans are what the names of folders of that time begin with: of days, months
// or years, as it takes few, or nothing that all have in common. Where a listing
// cannot begin in the middle, which it cannot in a hierarchical namespace, only
// a prefix keeps it from giving every name since the export began.
func spans(from, to time.Time) []string {
	if to.Before(from) { // the export was set back; the cursor's folder may be there all the same
		to = from
	}
	y, m, d := from.Date()
	for _, unit := range []struct {
		layout              string
		first               time.Time
		years, months, days int
	}{
		{"2006-01-02T", time.Date(y, m, d, 0, 0, 0, 0, time.UTC), 0, 0, 1},
		{"2006-01-", time.Date(y, m, 1, 0, 0, 0, 0, time.UTC), 0, 1, 0},
		{"2006-", time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), 1, 0, 0},
	} {
		var list []string
		for at := unit.first; !at.After(to) && len(list) <= mostSpans; at = at.AddDate(unit.years, unit.months, unit.days) {
			list = append(list, at.Format(unit.layout))
		}
		if len(list) <= mostSpans {
			return list
		}
	}
	return []string{""}
}

// listLevel adds the folders at the root of the export whose paths begin so and
// lie behind startAfter.
func (e *Export) listLevel(ctx context.Context, l *Listing, after FolderName, prefix, startAfter string) error {
	opts := storage.ListOptions{Delimiter: true, StartAfter: startAfter}
	for entry, err := range e.Store.List(ctx, prefix, opts) {
		if err != nil {
			return err
		}
		if entry.IsDir {
			l.add(baseName(entry.Path), after)
		}
	}
	return nil
}

// add notes a folder at the root of the export.
func (l *Listing) add(text string, after FolderName) {
	name, err := ParseFolderName(text)
	if err != nil {
		l.SyncFailures = l.SyncFailures || text == failuresFolder
		return
	}
	// The cursor knows moments, not spellings.
	l.AfterExists = l.AfterExists || name.Digits() == after.Digits()
	if name.Digits() >= l.Current.Digits() {
		return
	}
	if l.Oldest.IsZero() || name.Compare(l.Oldest) < 0 {
		l.Oldest = name
	}
	switch {
	case name.Digits() > after.Digits():
		l.Closed = append(l.Closed, name)
	case name.Digits() == after.Digits():
		l.Beside = append(l.Beside, name)
	}
}

// hour is what the names of one hour begin with. Both forms of a name agree so
// far; behind it their bytes would not sort by time when they are mixed.
func (f FolderName) hour() string { return f.Time().Format("2006-01-02T15") }
