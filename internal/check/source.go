package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure/entra"
	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/timespan"
)

// Source looks at the export that pipelines of one connection read.
func (c *Checker) Source(ctx context.Context, p *Place, pipelines []spec.Pipeline) []Step {
	s := c.begin(ctx, p, false)
	about := p.about(false, c.Now())
	e := &exports{store: p.Store, lake: c.LakeStore, pipelines: pipelines, now: c.Now, about: about}
	s.step("environment", func() Step { return e.find(ctx) })
	if len(e.found) == 0 {
		e.found = []*export{{}} // to be skipped
	}
	for _, x := range e.found {
		// One environment that is not exported says nothing about the others.
		own := &sequence{now: s.now, ended: s.ended}
		of := func(step string) string {
			if len(e.found) > 1 {
				return step + " of " + x.folder()
			}
			return step
		}
		own.step(of("changelog.info"), func() Step { return x.open(ctx, about) })
		own.step(of("model.json"), func() Step { return x.manifests(ctx, about) })
		own.side(of("freshness"), func() Step { return x.freshness(c.Now()) })
		own.step(of("schema"), func() Step { return x.schemas(ctx, about) })
		s.steps = append(s.steps, own.steps...)
	}
	return s.steps
}

// export is one environment.
type export struct {
	synapselink.Export

	names     []string // source_schema, as pipelines write it
	pipelines []spec.Pipeline
	listing   synapselink.Listing
	newest    synapselink.FolderName // that is complete
	complete  []synapselink.FolderName
	tables    []string
	lake      storage.Store // nil if it cannot be opened
	// holds is what lies in the newest folder, once it was asked for.
	holds *synapselink.FolderFiles
	// rested is how many tables the newest folder neither describes nor has rows of.
	rested int
}

func (x *export) folder() string {
	if x.Root == "" {
		return "the root"
	}
	return x.Root + "/"
}

// recentFolders is how far back the newest complete folder is looked for before
// all are listed.
const recentFolders = 48 * time.Hour

// open reads changelog.info and finds the folders that were closed lately.
func (x *export) open(ctx context.Context, about entra.About) Step {
	if err := x.Open(ctx); err != nil {
		return failed(err, about)
	}
	// Nothing lies behind the last moment that a name can tell, so that this
	// reads changelog.info and lists next to nothing.
	end, err := synapselink.ParseFolderName("9999-12-31T23.59.59Z")
	if err != nil {
		return failed(err, about)
	}
	if x.listing, err = x.Closed(ctx, end); err != nil {
		return failed(err, about)
	}
	current := x.listing.Current
	since, err := synapselink.ParseFolderName(current.Time().Add(-recentFolders).Format("2006-01-02T15.04.05Z"))
	if err == nil {
		x.listing, err = x.Closed(ctx, since)
	}
	if err == nil && len(x.listing.Closed) == 0 {
		x.listing, err = x.Closed(ctx, synapselink.FolderName{})
	}
	if err != nil {
		return failed(err, about)
	}
	reason := "folder " + current.String() + " is being written"
	if x.listing.SyncFailures {
		return warn("SYNC_FAILURE", reason+"; the service has left a folder EntitySyncFailure",
			"look in Power Apps, Azure Synapse Link, for tables whose export failed")
	}
	return pass(reason)
}

// lookedAt is how many folders may be incomplete in a row before that is what is
// wrong.
const lookedAt = 32

// manifests reads the newest manifest and the root's.
func (x *export) manifests(ctx context.Context, about entra.About) Step {
	names := x.listing.Closed
	names = names[max(0, len(names)-lookedAt):]
	facts, err := x.Look(ctx, names)
	if err != nil {
		return failed(err, about)
	}
	for _, f := range facts {
		if f.Manifest == synapselink.ManifestUsable {
			x.newest = f.Name
			x.complete = append(x.complete, f.Name)
		}
	}
	root, err := x.RootManifest(ctx)
	if err != nil && !errors.Is(err, synapselink.ErrManifest) {
		return failed(err, about)
	}
	if err == nil {
		for _, entity := range root.Entities {
			x.tables = append(x.tables, entity.Name)
		}
	}
	switch {
	case x.newest.IsZero():
		return warn("NO_FOLDER", "no folder is complete yet", "wait: the service completes the first one within its update interval, or after the initial copy")
	case err != nil:
		found := failed(err, about)
		found.State = Warn
		return found
	case len(x.complete) < len(facts):
		return warn("FOLDERS_INCOMPLETE", fmt.Sprintf("%d of the newest %d closed folders have no usable model.json", len(facts)-len(x.complete), len(facts)),
			"nothing, if it is the last one and a few minutes old: runs wait for it, and skip it after abandon_after")
	}
	return pass(fmt.Sprintf("describes %s; the newest complete folder is %s", counted(len(x.tables), "table"), x.newest))
}

// usualLimit is for tables without freshness_limit: the service's update
// interval is a day at most.
const usualLimit = 25 * time.Hour

// freshness compares the folder that is being written with the clock.
func (x *export) freshness(now time.Time) Step {
	age := now.Sub(x.listing.Current.Time())
	reason := fmt.Sprintf("folder %s, which is being written, was begun %s", x.listing.Current, timespan.Ago(age))
	if age < -clockFail {
		return warn("CLOCK", reason, "set this machine's clock with a time service such as NTP; if it is right, folders of the export bear a wrong time: "+
			"freshness is wrong then, and a folder that stays incomplete is never skipped")
	}
	limit := usualLimit
	for _, p := range x.pipelines {
		for _, t := range p.Tables {
			if l := t.Settings.FreshnessLimit; l > 0 {
				limit = min(limit, l)
			}
		}
		for _, e := range p.Environments {
			if l := e.Settings.FreshnessLimit; l > 0 {
				limit = min(limit, l)
			}
		}
	}
	if age > limit {
		return warn("SOURCE_STANDS_STILL", fmt.Sprintf("%s; the limit is %s", reason, timespan.Exact(limit)),
			"look in Power Apps, Azure Synapse Link, whether the profile is running; an environment in which nothing happens looks the same")
	}
	return pass(reason)
}
