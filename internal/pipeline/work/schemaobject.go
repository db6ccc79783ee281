package work

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
func (s *Survey) tables(ctx context.Context) ([]spec.Table, error) {
	tables, err := s.Config.Expand(func(sourceSchema string) ([]string, error) {
		env, err := s.environment(ctx, sourceSchema)
		if err != nil || env.Err != nil {
			return nil, err // of an environment that cannot be read there are those in the lake
		}
		return env.Known(ctx)
	})
	if err != nil {
		return nil, err
	}
	for _, e := range s.Config.Environments {
		kept, err := s.kept(ctx, e, tables)
		if err != nil {
			return nil, err
		}
		tables = append(tables, kept...)
	}
	return tables, nil
}

// kept finds the tables in the schema of the lake that this pipeline keeps in step
// and that are not among those known.
func (s *Survey) kept(ctx context.Context, e spec.Environment, known []spec.Table) ([]spec.Table, error) {
	var unknown []*Target
	for entry, err := range s.Lake.List(ctx, e.Catalog+"/"+e.Schema+"/", storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(strings.TrimSuffix(entry.Path, "/"), e.Catalog+"/"+e.Schema+"/")
		t := &Target{survey: s, Spec: e.Table(name)}
		isKnown := slices.ContainsFunc(known, func(o spec.Table) bool {
			return strings.EqualFold(o.Destination.String(), t.Path()) || strings.EqualFold(o.SourceTable, name) && o.Path == e.Path
		})
		if entry.IsDir && !isKnown && !e.Excludes(name) && !synapselink.IsLabelTable(name) {
			unknown = append(unknown, t)
		}
	}
	if err := s.Load(ctx, unknown); err != nil {
		return nil, err
	}
	var tables []spec.Table
	for _, t := range unknown {
		if t.Err == nil && !t.Cursor().IsZero() && !t.isForeign(ctx) {
			tables = append(tables, t.Spec)
		}
	}
	return tables, nil
}

// isForeign reports whether the table was made from another environment, which the
// schema object meant before.
func (t *Target) isForeign(ctx context.Context) bool {
	if env, err := t.survey.environment(ctx, t.Spec.SourceSchema); err == nil && env.Err == nil {
		t.Env = env
	}
	return errors.Is(local.Check(t.Snapshot, t.Batch(nil, Step{})), local.ErrForeignTable) ||
		t.IsMoved(t.Snapshot)
}

// markFound marks the tables that a schema object brings for the first time though
// it brought others before.
func (s *Survey) markFound(targets []*Target) {
	for _, t := range targets {
		t.Appeared = t.picked && t.Err == nil && !t.Exists() && slices.ContainsFunc(targets, func(o *Target) bool {
			return o.picked && o.Spec.Path == t.Spec.Path && o.Env == t.Env && o.Exists()
		})
	}
}

// RootManifest is the manifest at the export's root, read once.
func (e *Environment) RootManifest(ctx context.Context) (*synapselink.Manifest, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.root == nil && e.rootErr == nil {
		e.root, e.rootErr = e.Export.RootManifest(ctx)
	}
	return e.root, e.rootErr
}
