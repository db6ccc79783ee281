package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/local"
)

// Errors that concern the request or the surroundings, not a table.
var (
	// ErrNoPipeline: the configuration has no pipeline of that name.
	ErrNoPipeline = errors.New("no such pipeline")
	// ErrEnvironment: a store cannot be opened or reached.
	ErrEnvironment = errors.New("storage cannot be used")
)

// Service carries out requests on the pipelines of one configuration.
type Service struct {
	config *spec.Resolved
	opts   work.Options
	stores stores
}

// New makes a service. The options hold for every pipeline.
func New(config *spec.Resolved, opts work.Options) *Service {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{config: config, opts: opts, stores: stores{clock: opts.Clock, log: opts.Log, memory: cmp.Or(opts.Memory, 1<<30)}}
}

// Close lets go of connections. The service can be used on.
func (s *Service) Close() error { return s.stores.close() }

// Request selects pipelines and tables; empty lists mean all.
type Request struct {
	Pipelines   []string // by key or name
	Tables      []string // see pipeline.Request
	FullRefresh bool
	Recheck     bool // see pipeline.Request
	// Full lets Doctor compare key indexes whole.
	Full bool
}

// runners opens the pipelines that the request means.
func (s *Service) runners(names []string) ([]*work.Pipeline, error) {
	for _, name := range names {
		if !slices.ContainsFunc(s.config.Pipelines, func(p spec.Pipeline) bool { return named(p, name) }) {
			return nil, fmt.Errorf("%w: %q; the configuration has %s", ErrNoPipeline, name, s.pipelineNames())
		}
	}
	lake, err := s.stores.at(s.config.Lake, theLake)
	if err != nil {
		return nil, err
	}
	opts := s.opts
	if opts.Memo, err = s.memo(); err != nil {
		return nil, err
	}
	opts.IndexDir = s.indexDir()
	var runners []*work.Pipeline
	for _, p := range s.config.Pipelines {
		if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return named(p, name) }) {
			continue
		}
		source, err := s.stores.at(p.Source.Location, "connection "+p.Source.Connection)
		if err != nil {
			return nil, err
		}
		runners = append(runners, &work.Pipeline{Config: p, Source: source, Lake: lake, Options: opts})
	}
	return runners, nil
}

// memo is the state folder, where updates leave notes for the next ones.
// Nothing is written before one has something to leave.
func (s *Service) memo() (storage.Store, error) {
	if s.config.State.Path == "" {
		return nil, nil
	}
	store, err := local.New(s.config.State.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: state folder: %w", ErrEnvironment, err)
	}
	return store, nil
}

// forgetNotes lets the next run of every pipeline look at all tables: they were
// changed by something else than a run.
func (s *Service) forgetNotes(ctx context.Context) {
	memo, err := s.memo()
	if err == nil && memo != nil {
		err = pipeline.Forget(context.WithoutCancel(ctx), memo)
	}
	if err != nil {
		s.opts.Log.Warn("the next run may say of tables what was true before; sluice run --recheck does not", "error", err)
	}
}

// indexDir is where runs keep key indexes, empty for nowhere.
func (s *Service) indexDir() string {
	if s.config.State.Path == "" {
		return ""
	}
	return filepath.Join(s.config.State.Path, "index")
}

func named(p spec.Pipeline, name string) bool { return p.Key == name || p.Name == name }

func (s *Service) pipelineNames() string {
	names := make([]string, len(s.config.Pipelines))
	for i, p := range s.config.Pipelines {
		names[i] = p.Key
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Run brings the pipelines up to date, one after the other. The error is one of
// the request or the surroundings; what fails in a pipeline is in its result.
func (s *Service) Run(ctx context.Context, request Request) ([]report.Result, error) {
	return each(s, request, func(r *work.Pipeline, q work.Request) (report.Result, *report.Failure) {
		result := pipeline.Run(ctx, r, q)
		return result, result.Error
	})
}

// Plan says what Run would do.
func (s *Service) Plan(ctx context.Context, request Request) ([]pipeline.Plan, error) {
	return each(s, request, func(r *work.Pipeline, q work.Request) (pipeline.Plan, *report.Failure) {
		plan := pipeline.MakePlan(ctx, r, q)
		return plan, plan.Error
	})
}

// each asks every pipeline that the request means. A table that the request
// names has to be in one of them; those that do not have it are left out.
func each[R any](s *Service, request Request, ask func(*work.Pipeline, work.Request) (R, *report.Failure)) ([]R, error) {
	runners, err := s.runners(request.Pipelines)
	if err != nil {
		return nil, err
	}
	results := []R{}
	var missing error
	for _, r := range runners {
		result, failure := ask(r, work.Request{Tables: request.Tables, FullRefresh: request.FullRefresh, Recheck: request.Recheck})
		if failure != nil && errors.Is(failure, report.ErrNoSuchTable) {
			missing = failure
			continue
		}
		results = append(results, result)
	}
	if len(results) == 0 && missing != nil {
		return nil, missing
	}
	return results, nil
}

// History lists the newest commits of a table, at most limit (0: all).
func (s *Service) History(ctx context.Context, t Table, limit int) (*inspect.History, error) {
	return ofTable(ctx, s, t, func(r *work.Pipeline) (*inspect.History, error) { return inspect.HistoryOf(ctx, r, t.Name, limit) })
}

// Explain tells where the rows of a key come from.
func (s *Service) Explain(ctx context.Context, t Table, key string) (*inspect.Explanation, error) {
	return ofTable(ctx, s, t, func(r *work.Pipeline) (*inspect.Explanation, error) { return inspect.Explain(ctx, r, t.Name, key) })
}

// Discovered is what a connection's container holds.
type Discovered struct {
	Connection   string              `json:"connection"`
	Environments []inspect.Discovery `json:"environments"`
}

// Discover lists the tables of the exports of all connections that pipelines
// use.
func (s *Service) Discover(ctx context.Context) ([]Discovered, error) {
	list := []Discovered{}
	for _, p := range s.config.Pipelines {
		if slices.ContainsFunc(list, func(d Discovered) bool { return d.Connection == p.Source.Connection }) {
			continue
		}
		store, err := s.stores.at(p.Source.Location, "connection "+p.Source.Connection)
		if err != nil {
			return nil, err
		}
		environments, err := inspect.Discover(ctx, p.Source, store)
		if err != nil {
			return nil, err
		}
		list = append(list, Discovered{Connection: p.Source.Connection, Environments: environments})
	}
	return list, nil
}
