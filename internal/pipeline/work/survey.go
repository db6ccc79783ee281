package work

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Request narrows what is looked at.
type Request struct {
	// Tables by source name or catalog.schema.table; none means all.
	Tables []string
	// FullRefresh means the folders that are left from the first on, whatever the
	// tables hold.
	FullRefresh bool
	// Recheck looks at all tables also where nothing is new at the source.
	Recheck bool
}

// Survey finds out what there is to do for the tables of a pipeline.
type Survey struct {
	*Pipeline // with its defaults

	Request Request
	// Environments that were found so far.
	Environments []*Environment
	named        map[string]*Environment   // the same by source_schema
	found        *synapselink.Environments // of the container, nil before they were looked for
}

// Survey makes one that has not looked at anything yet.
func (p *Pipeline) Survey(request Request) *Survey {
	with := *p
	with.Options = p.Options.withDefaults()
	return &Survey{Pipeline: &with, Request: request}
}

// Prepare finds the tables, their snapshots, and the folders that wait for them.
func (s *Survey) Prepare(ctx context.Context) ([]*Target, error) {
	targets, err := s.Targets(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Load(ctx, targets); err != nil {
		return nil, err
	}
	s.FindMoved(targets)
	s.markFound(targets)
	if err := s.listAll(ctx, targets); err != nil {
		return nil, err
	}
	return targets, nil
}

// PrepareOne finds the single table that a user names, as Prepare does.
func (s *Survey) PrepareOne(ctx context.Context, name string) (*Target, error) {
	targets, err := s.Prepare(ctx)
	if err != nil {
		return nil, err
	}
	t, err := One(targets, name)
	if err != nil {
		return nil, err
	}
	return t, t.Err
}

// Targets lists the tables that the request means. Of the lake nothing is read.
func (s *Survey) Targets(ctx context.Context) ([]*Target, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	var targets []*Target
	for i, table := range tables {
		t := &Target{survey: s, Spec: table, picked: i >= len(s.Config.Tables)}
		if !s.Request.wants(t) {
			continue
		}
		if t.Env, err = s.environment(ctx, table.SourceSchema); err != nil {
			return nil, err
		}
		t.Err = t.Env.Err
		targets = append(targets, t)
	}
	labels, err := s.labelTargets(ctx, tables)
	if err != nil {
		return nil, err
	}
	targets = append(targets, labels...)
	return targets, s.Request.allFound(targets)
}

func (q *Request) wants(t *Target) bool {
	if len(q.Tables) == 0 {
		return true
	}
	return slices.ContainsFunc(q.Tables, t.named)
}

func (q *Request) allFound(targets []*Target) error {
	for _, name := range q.Tables {
		found := false
		for _, t := range targets {
			found = found || t.named(name)
		}
		if !found {
			return fmt.Errorf("%w: %s; sluice status lists those it has", report.ErrNoSuchTable, name)
		}
	}
	return nil
}

// SnapshotsAtOnce tables are looked at side by side.
const SnapshotsAtOnce = 8

// Load reads the tables' snapshots. What cannot be read fails that table.
func (s *Survey) Load(ctx context.Context, targets []*Target) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(SnapshotsAtOnce)
	engine := local.New(s.Lake, local.Options{})
	for _, t := range targets {
		if errors.Is(t.Err, spec.ErrInvalid) {
			continue // the table there is another one
		}
		group.Go(func() error {
			snapshot, err := engine.Snapshot(ctx, t.Path())
			if t.Snapshot = snapshot; t.Err == nil {
				t.Err = err
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// InLake finds the tables that the request means with their snapshots, without
// looking at the export where the configuration names them all.
func (s *Survey) InLake(ctx context.Context) ([]*Target, error) {
	tables, err := s.Config.Expand(func(sourceSchema string) ([]string, error) {
		env, err := s.environment(ctx, sourceSchema)
		if err != nil {
			return nil, err
		}
		return env.Known(ctx)
	})
	if err != nil {
		return nil, err
	}
	var targets []*Target
	for _, table := range tables {
		if t := (&Target{survey: s, Spec: table}); s.Request.wants(t) {
			targets = append(targets, t)
		}
	}
	if err := s.Request.allFound(targets); err != nil {
		return nil, err
	}
	return targets, s.Load(ctx, targets)
}

// Event makes an event of a kind that happens now; table and folder may be empty.
func (s *Survey) Event(code, table, folder, text string) report.Event {
	return report.NewEvent(s.Options.Clock(), code, table, folder, text)
}

// OneInLake finds the single table that a user names, as InLake does.
func (s *Survey) OneInLake(ctx context.Context, name string) (*Target, error) {
	targets, err := s.InLake(ctx)
	if err != nil {
		return nil, err
	}
	t, err := One(targets, name)
	if err != nil {
		return nil, err
	}
	return t, t.Err
}
