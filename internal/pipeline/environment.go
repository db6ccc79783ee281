package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/timespan"
)

// environment is one Dataverse environment's export, as a run sees it.
type environment struct {
	name    string // source_schema
	err     error  // what keeps it from being read
	export  *synapselink.Export
	listing synapselink.Listing
	after   synapselink.FolderName // where the listing begins
	// late are folders that tables passed over and that cannot be read yet.
	late []synapselink.FolderName
	// noted are things of note of single folders.
	noted []note
	// oldest is the oldest folder listed that can be read and holds anything.
	oldest synapselink.FolderName
	// reached is the newest folder that a table holds.
	reached synapselink.FolderName

	mu     sync.Mutex            // tables side by side ask for
	newest *synapselink.Manifest // the manifest of the newest folder that can be read
	// root is the manifest at the export's root, or rootErr why there is none.
	root    *synapselink.Manifest
	rootErr error
}

// list finds the closed folders after the cursor, and the newest manifest.
func (e *environment) list(ctx context.Context, after synapselink.FolderName) error {
	listing, err := e.export.Listing(ctx, after)
	if err != nil {
		return err
	}
	e.listing, e.after = listing, after
	return nil
}

// manifest is that of the newest folder that can be read.
func (e *environment) manifest(ctx context.Context) (*synapselink.Manifest, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.newest != nil {
		return e.newest, nil
	}
	ready := e.listing.Ready()
	if len(ready) == 0 {
		return &synapselink.Manifest{}, nil
	}
	m, err := e.export.Manifest(ctx, ready[len(ready)-1])
	if err != nil {
		return nil, err
	}
	e.newest = m
	return m, nil
}

// newestReady is the newest folder that can be read, or that a table holds.
func (e *environment) newestReady() synapselink.FolderName {
	newest := e.reached
	if ready := e.listing.Ready(); len(ready) > 0 && ready[len(ready)-1].Compare(newest) > 0 {
		newest = ready[len(ready)-1]
	}
	return newest
}

func (u *update) describe(e *environment) Source {
	s := Source{Environment: e.name, URL: e.export.Store.URL(e.export.Root), Open: e.listing.Current.String(), Newest: e.newestReady().String()}
	_, s.OpenAge = u.aged(e.listing.Current)
	if held, ok := e.listing.Held(); ok {
		s.Held = held.Name.String()
	}
	for _, name := range slices.Concat(e.late, e.listing.Abandoned()) {
		s.Skipped = append(s.Skipped, name.String())
	}
	slices.Sort(s.Skipped)
	s.Skipped = slices.Compact(s.Skipped)
	return s
}

// environmentEvents are what is to be known of an export as a whole.
func (u *update) environmentEvents(e *environment, targets []*target) []Event {
	if e.err != nil {
		return []Event{u.failureEvent("", failure(e.err))}
	}
	var events []Event
	if held, ok := e.listing.Held(); ok {
		events = append(events, u.event(FolderSettling, "", held.Name.String(), fmt.Sprintf(
			"folder %s is closed but not complete (%s); it and those after it wait until its model.json is there", held.Name, held.Reason)))
	}
	for _, f := range e.listing.Folders {
		if f.State == synapselink.Abandoned {
			events = append(events, u.event(FolderAbandoned, "", f.Name.String(), fmt.Sprintf("folder %s was skipped: %s", f.Name, f.Reason)))
		}
	}
	for _, n := range e.noted {
		events = append(events, u.event(n.code, "", n.folder.String(), n.text))
	}
	if event, is := u.setBack(e); is {
		events = append(events, event)
	}
	events = append(events, u.missingFolders(e, targets)...)
	if e.listing.SyncFailures {
		events = append(events, u.event(SyncFailures, "", "", e.export.Store.URL(e.export.Root)+" has a folder EntitySyncFailure: the service could not export some rows"))
	}
	if event, still := u.standsStill(e.export.Store.URL(e.export.Root), e.listing.Current, freshnessLimit(e, targets)); still {
		events = append(events, event)
	}
	return events
}

// setBack reports a changelog.info that names a folder which a table holds: every
// one that a run reads lies before the folder that the file named at the time.
func (u *update) setBack(e *environment) (Event, bool) {
	open := e.listing.Current
	if open.IsZero() || e.reached.IsZero() || open.Digits() > e.reached.Digits() {
		return Event{}, false
	}
	return u.event(ChangelogSetBack, "", open.String(), fmt.Sprintf(
		"changelog.info of %s names folder %s as the one being written, and tables hold all up to folder %s: it was set back; "+
			"nothing is read until it names a later folder, and what is written to folders up to %s is not read at all",
		e.export.Store.URL(e.export.Root), open, e.reached, e.reached)), true
}

// standsStill reports an export whose folder being written was begun too long
// ago.
func (u *update) standsStill(url string, open synapselink.FolderName, limit time.Duration) (Event, bool) {
	age := u.opts.Clock().Sub(open.Time())
	if limit == 0 || open.IsZero() || age <= limit {
		return Event{}, false
	}
	return u.event(SourceStandsStill, "", open.String(), fmt.Sprintf(
		"changelog.info of %s names folder %s, which was begun %s; freshness_limit is %s",
		url, open, timespan.Ago(age), timespan.Exact(limit))), true
}

// freshnessLimit is the strictest of the environment's tables, 0 for none.
func freshnessLimit(e *environment, targets []*target) time.Duration {
	least := time.Duration(0)
	for _, t := range targets {
		if limit := t.spec.Settings.FreshnessLimit; t.env == e && limit > 0 && (least == 0 || limit < least) {
			least = limit
		}
	}
	return least
}

// known lists the tables that the export describes now, by the manifest at its
// root: it names tables only, their columns are told by each folder's own. Where
// that is missing, broken or breaks off, the newest folder's is asked too.
func (e *environment) known(ctx context.Context) ([]string, error) {
	root, err := e.rootManifest(ctx)
	if err != nil && !errors.Is(err, synapselink.ErrManifest) {
		return nil, err
	}
	manifests := []*synapselink.Manifest{root}
	if err != nil || len(root.Entities) == 0 || root.Truncated {
		if manifests, err = e.newestManifest(ctx, root); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, m := range manifests {
		for _, entity := range m.Entities {
			names = append(names, entity.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// newestManifest adds the newest folder's manifest to what the root's tells.
func (e *environment) newestManifest(ctx context.Context, root *synapselink.Manifest) ([]*synapselink.Manifest, error) {
	var all []*synapselink.Manifest
	if root != nil {
		all = append(all, root)
	}
	listing, err := e.export.Listing(ctx, synapselink.FolderName{})
	if err != nil {
		return nil, err
	}
	if ready := listing.Ready(); len(ready) > 0 {
		newest, err := e.export.Manifest(ctx, ready[len(ready)-1])
		if err != nil {
			return nil, err
		}
		all = append(all, newest)
	}
	return all, nil
}
