package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// environment is one Dataverse environment's export, as a run sees it.
type environment struct {
	name    string // source_schema
	export  *synapselink.Export
	listing synapselink.Listing
	// reached is the newest folder that a table holds.
	reached synapselink.FolderName

	mu     sync.Mutex            // tables side by side ask for
	newest *synapselink.Manifest // the manifest of the newest folder that can be read
}

// environment finds the export that a source_schema means, once.
func (u *update) environment(ctx context.Context, sourceSchema string) (*environment, error) {
	for _, e := range u.environments {
		if strings.EqualFold(e.name, sourceSchema) {
			return e, nil
		}
	}
	root, known := u.Pipeline.Source.Folder(sourceSchema)
	if !known {
		found, err := u.foundEnvironments(ctx)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			// Opening the root tells what is there instead.
			if err := (&synapselink.Export{Store: u.Source}).Open(ctx); err != nil {
				return nil, err
			}
		}
		if root, err = synapselink.ResolveEnvironment(found, sourceSchema, nil); err != nil {
			return nil, err
		}
	}
	e := &environment{name: sourceSchema, export: &synapselink.Export{Store: u.Source, Root: root, Now: u.opts.Clock}}
	if err := e.export.Open(ctx); err != nil {
		return nil, err
	}
	u.environments = append(u.environments, e)
	return e, nil
}

func (u *update) foundEnvironments(ctx context.Context) ([]string, error) {
	if u.found == nil {
		found, err := synapselink.FindEnvironments(ctx, u.Source)
		if err != nil {
			return nil, err
		}
		u.found = append([]string{}, found...)
	}
	return u.found, nil
}

// list finds the closed folders after the cursor, and the newest manifest.
func (e *environment) list(ctx context.Context, after synapselink.FolderName) error {
	listing, err := e.export.Listing(ctx, after)
	if err != nil {
		return err
	}
	e.listing = listing
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

func (e *environment) describe() Source {
	s := Source{Environment: e.name, URL: e.export.Store.URL(e.export.Root), Open: e.listing.Current.String()}
	newest := e.reached
	if ready := e.listing.Ready(); len(ready) > 0 && ready[len(ready)-1].Compare(newest) > 0 {
		newest = ready[len(ready)-1]
	}
	s.Newest = newest.String()
	if held, ok := e.listing.Held(); ok {
		s.Held = held.Name.String()
	}
	return s
}

func (e *environment) warnings() []string {
	held, ok := e.listing.Held()
	if !ok {
		return nil
	}
	return []string{fmt.Sprintf("folder %s is closed but not complete (%s); it and those after it wait until its model.json is there",
		held.Name, held.Reason)}
}

// known lists the tables that the export describes now, by the manifest at its
// root: it names tables only, their columns are told by each folder's own. Where
// that is missing, broken or breaks off, the newest folder's is asked too.
func (e *environment) known(ctx context.Context) ([]string, error) {
	root, err := e.export.RootManifest(ctx)
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
