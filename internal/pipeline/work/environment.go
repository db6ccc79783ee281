package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/timespan"
)

// Environment is one Dataverse environment's export, as a run sees it.
type Environment struct {
	Name    string // source_schema
	Err     error  // what keeps it from being read
	Export  *synapselink.Export
	Listing synapselink.Listing
	after   synapselink.FolderName // where the listing begins
	// late are folders that tables passed over and that cannot be read yet.
	late []synapselink.FolderName
	// Oldest is the oldest folder listed that can be read and holds anything.
	Oldest synapselink.FolderName
	// reached is the newest folder that a table holds.
	reached synapselink.FolderName

	mu     sync.Mutex            // tables side by side ask for what follows
	noted  []note                // things of note of single folders
	newest *synapselink.Manifest // the manifest of the newest folder that can be read
	// root is the manifest at the export's root, or rootErr why there is none.
	root    *synapselink.Manifest
	rootErr error
}

// List finds the closed folders after the cursor, and the newest manifest.
func (e *Environment) List(ctx context.Context, after synapselink.FolderName) error {
	listing, err := e.Export.Listing(ctx, after)
	if err != nil {
		return err
	}
	e.Listing, e.after = listing, after
	return nil
}

// Manifest is that of the newest folder that can be read.
func (e *Environment) Manifest(ctx context.Context) (*synapselink.Manifest, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.newest != nil {
		return e.newest, nil
	}
	ready := e.Listing.Ready()
	if len(ready) == 0 {
		return &synapselink.Manifest{}, nil
	}
	m, err := e.Export.Manifest(ctx, ready[len(ready)-1])
	if err != nil {
		return nil, err
	}
	e.newest = m
	return m, nil
}

// NewestReady is the newest folder that can be read, or that a table holds.
func (e *Environment) NewestReady() synapselink.FolderName {
	newest := e.reached
	if ready := e.Listing.Ready(); len(ready) > 0 && ready[len(ready)-1].Compare(newest) > 0 {
		newest = ready[len(ready)-1]
	}
	return newest
}

// Describe tells of an export what results say.
func (s *Survey) Describe(e *Environment) report.Source {
	d := report.Source{Environment: e.Name, URL: e.Export.Store.URL(e.Export.Root), Open: e.Listing.Current.String(), Newest: e.NewestReady().String()}
	_, d.OpenAge = s.Aged(e.Listing.Current)
	if held, ok := e.Listing.Held(); ok {
		d.Held = held.Name.String()
	}
	for _, name := range slices.Concat(e.late, e.Listing.Abandoned()) {
		d.Skipped = append(d.Skipped, name.String())
	}
	slices.Sort(d.Skipped)
	d.Skipped = slices.Compact(d.Skipped)
	return d
}

// EventsOf are what is to be known of an export as a whole.
func (s *Survey) EventsOf(e *Environment, targets []*Target) []report.Event {
	if e.Err != nil {
		return []report.Event{report.NewFailure(e.Err).Event(s.Options.Clock(), "")}
	}
	var events []report.Event
	if held, ok := e.Listing.Held(); ok {
		events = append(events, s.Event(report.FolderSettling, "", held.Name.String(), fmt.Sprintf(
			"folder %s is closed but not complete (%s); it and those after it wait until its model.json is there", held.Name, held.Reason)))
	}
	for _, f := range e.Listing.Folders {
		if f.State == synapselink.Abandoned {
			events = append(events, s.Event(report.FolderAbandoned, "", f.Name.String(), fmt.Sprintf("folder %s was skipped: %s", f.Name, f.Reason)))
		}
	}
	for _, n := range e.noted {
		events = append(events, s.Event(n.code, "", n.folder.String(), n.text))
	}
	if event, is := s.setBack(e); is {
		events = append(events, event)
	}
	events = append(events, s.missingFolders(e, targets)...)
	if e.Listing.SyncFailures {
		events = append(events, s.Event(report.SyncFailures, "", "", e.Export.Store.URL(e.Export.Root)+" has a folder EntitySyncFailure: the service could not export some rows"))
	}
	if event, still := s.StandsStill(e.Export.Store.URL(e.Export.Root), e.Listing.Current, FreshnessLimit(e, targets)); still {
		events = append(events, event)
	}
	return events
}

// StandsStill reports an export whose folder being written was begun too long
// ago.
func (s *Survey) StandsStill(url string, open synapselink.FolderName, limit time.Duration) (report.Event, bool) {
	age := s.Options.Clock().Sub(open.Time())
	if limit == 0 || open.IsZero() || age <= limit {
		return report.Event{}, false
	}
	return s.Event(report.SourceStandsStill, "", open.String(), fmt.Sprintf(
		"changelog.info of %s names folder %s, which was begun %s; freshness_limit is %s",
		url, open, timespan.Ago(age), timespan.Exact(limit))), true
}

// FreshnessLimit is the strictest of the environment's tables, 0 for none.
func FreshnessLimit(e *Environment, targets []*Target) time.Duration {
	least := time.Duration(0)
	for _, t := range targets {
		if limit := t.Spec.Settings.FreshnessLimit; t.Env == e && limit > 0 && (least == 0 || limit < least) {
			least = limit
		}
	}
	return least
}

// Known lists the tables that the export describes now, by the manifest at its
// root: it names tables only, their columns are told by each folder's own. Where
// that is missing, broken or breaks off, the newest folder's is asked too.
func (e *Environment) Known(ctx context.Context) ([]string, error) {
	root, err := e.RootManifest(ctx)
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
func (e *Environment) newestManifest(ctx context.Context, root *synapselink.Manifest) ([]*synapselink.Manifest, error) {
	var all []*synapselink.Manifest
	if root != nil {
		all = append(all, root)
	}
	listing, err := e.Export.Listing(ctx, synapselink.FolderName{})
	if err != nil {
		return nil, err
	}
	if ready := listing.Ready(); len(ready) > 0 {
		newest, err := e.Export.Manifest(ctx, ready[len(ready)-1])
		if err != nil {
			return nil, err
		}
		all = append(all, newest)
	}
	return all, nil
}

// setBack reports a changelog.info that names a folder which a table holds: every
// one that a run reads lies before the folder that the file named at the time.
func (s *Survey) setBack(e *Environment) (report.Event, bool) {
	open := e.Listing.Current
	if open.IsZero() || e.reached.IsZero() || open.Digits() > e.reached.Digits() {
		return report.Event{}, false
	}
	return s.Event(report.ChangelogSetBack, "", open.String(), fmt.Sprintf(
		"changelog.info of %s names folder %s as the one being written, and tables hold all up to folder %s: it was set back; "+
			"nothing is read until it names a later folder, and what is written to folders up to %s is not read at all",
		e.Export.Store.URL(e.Export.Root), open, e.reached, e.reached)), true
}
