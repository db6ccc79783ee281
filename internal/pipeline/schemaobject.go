package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// tables are those that the pipeline names, those of its schema objects, and
// behind them those that its schema objects once brought and that the export does
// not describe any more: what was exported of them before has still to be read,
// and they are not to fall silent.
func (u *update) tables(ctx context.Context) ([]spec.Table, error) {
	tables, err := u.Pipeline.Expand(func(sourceSchema string) ([]string, error) {
		env, err := u.environment(ctx, sourceSchema)
		if err != nil || env.err != nil {
			return nil, err // of an environment that cannot be read there are those in the lake
		}
		return env.known(ctx)
	})
	if err != nil {
		return nil, err
	}
	for _, e := range u.Pipeline.Environments {
		kept, err := u.kept(ctx, e, tables)
		if err != nil {
			return nil, err
		}
		tables = append(tables, kept...)
	}
	return tables, nil
}

// kept finds the tables in the schema of the lake that this pipeline keeps in step
// and that are not among those known.
func (u *update) kept(ctx context.Context, e spec.Environment, known []spec.Table) ([]spec.Table, error) {
	var unknown []*target
	for entry, err := range u.Lake.List(ctx, e.Catalog+"/"+e.Schema+"/", storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(strings.TrimSuffix(entry.Path, "/"), e.Catalog+"/"+e.Schema+"/")
		t := &target{spec: e.Table(name)}
		isKnown := slices.ContainsFunc(known, func(o spec.Table) bool {
			return strings.EqualFold(o.Destination.String(), t.path()) || strings.EqualFold(o.SourceTable, name) && o.Path == e.Path
		})
		if entry.IsDir && !isKnown && !e.Excludes(name) && !synapselink.IsLabelTable(name) {
			unknown = append(unknown, t)
		}
	}
	if err := u.load(ctx, unknown); err != nil {
		return nil, err
	}
	var tables []spec.Table
	for _, t := range unknown {
		if t.err == nil && !u.cursor(t).IsZero() && !u.isForeign(ctx, t) {
			tables = append(tables, t.spec)
		}
	}
	return tables, nil
}

// isForeign reports whether the table was made from another environment, which the
// schema object meant before.
func (u *update) isForeign(ctx context.Context, t *target) bool {
	if env, err := u.environment(ctx, t.spec.SourceSchema); err == nil && env.err == nil {
		t.env = env
	}
	b := &bringing{update: u, target: t}
	return errors.Is(local.Check(t.snapshot, b.newBatch(nil, step{})), local.ErrForeignTable) ||
		t.isMoved()
}

// markFound marks the tables that a schema object brings for the first time though
// it brought others before.
func (u *update) markFound(targets []*target) {
	for _, t := range targets {
		t.appeared = t.picked && t.err == nil && !t.exists() && slices.ContainsFunc(targets, func(o *target) bool {
			return o.picked && o.spec.Path == t.spec.Path && o.env == t.env && o.exists()
		})
	}
}

// tellCreated notes that the table was made.
func (b *bringing) tellCreated() {
	b.tell(TableCreated, "", "the table was made at "+b.result.Path)
	if b.appeared {
		b.tell(TableFound, "", "the export describes "+b.spec.SourceTable+" since the last run, and the pipeline takes every table")
	}
}

// tellGone warns of a table that the export describes no longer. The manifest at
// the root tells, as it is there also when no folder is new; where it is of no use
// nobody can tell. A table that has rows in the newest folder is not gone.
func (b *bringing) tellGone(ctx context.Context) error {
	if !b.exists() {
		return nil
	}
	ready := b.env.listing.Ready()
	if n := len(b.parts); n > 0 && b.parts[n-1].folder == ready[len(ready)-1] {
		return nil
	}
	root, err := b.env.rootManifest(ctx)
	if errors.Is(err, synapselink.ErrManifest) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, listed := root.Entity(b.spec.SourceTable); !listed && len(root.Entities) > 0 && !root.Truncated {
		b.tell(TableGone, "", b.spec.SourceTable+" is no longer in the export; its table stays as it is")
	}
	return nil
}

// rootManifest is the manifest at the export's root, read once.
func (e *environment) rootManifest(ctx context.Context) (*synapselink.Manifest, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.root == nil && e.rootErr == nil {
		e.root, e.rootErr = e.export.RootManifest(ctx)
	}
	return e.root, e.rootErr
}
