package control

import (
	"context"
	"errors"
	"fmt"
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
	return &Service{config: config, opts: opts, stores: stores{clock: opts.Clock}}
}

// Close lets go of connections. The service can be used on.
func (s *Service) Close() error { return s.stores.close() }

// Request selects pipelines and tables; empty lists mean all.
type Request struct {
	Pipelines   []string // by key or name
	Tables      []string // see work.Request
	FullRefresh bool
}

// pipelines opens the pipelines that the request means.
func (s *Service) pipelines(names []string) ([]*work.Pipeline, error) {
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
	if s.config.State.Path != "" {
		opts.IndexDir = filepath.Join(s.config.State.Path, "index")
	}
	var pipelines []*work.Pipeline
	for _, p := range s.config.Pipelines {
		if len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return named(p, name) }) {
			continue
		}
		source, err := s.stores.at(p.Source.Location, "connection "+p.Source.Connection)
		if err != nil {
			return nil, err
		}
		pipelines = append(pipelines, &work.Pipeline{Config: p, Source: source, Lake: lake, Options: opts})
	}
	return pipelines, nil
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
	return each(s, request, func(p *work.Pipeline, q work.Request) (report.Result, *report.Failure) {
		result := pipeline.Run(ctx, p, q)
		return result, result.Error
	})
}

// Plan says what Run would do.
func (s *Service) Plan(ctx context.Context, request Request) ([]pipeline.Plan, error) {
	return each(s, request, func(p *work.Pipeline, q work.Request) (pipeline.Plan, *report.Failure) {
		plan := pipeline.MakePlan(ctx, p, q)
		return plan, plan.Error
	})
}

// Status says where the tables stand.
func (s *Service) Status(ctx context.Context, request Request) ([]inspect.Status, error) {
	return each(s, request, func(p *work.Pipeline, q work.Request) (inspect.Status, *report.Failure) {
		status := inspect.StatusOf(ctx, p, q)
		return status, status.Error
	})
}

// each asks every pipeline that the request means. A table that the request
// names has to be in one of them; those that do not have it are left out.
func each[R any](s *Service, request Request, ask func(*work.Pipeline, work.Request) (R, *report.Failure)) ([]R, error) {
	pipelines, err := s.pipelines(request.Pipelines)
	if err != nil {
		return nil, err
	}
	results := []R{}
	var missing error
	for _, p := range pipelines {
		result, failure := ask(p, work.Request{Tables: request.Tables, FullRefresh: request.FullRefresh})
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
func (s *Service) History(ctx context.Context, table string, limit int) (*inspect.History, error) {
	return first(s, func(p *work.Pipeline) (*inspect.History, error) { return inspect.HistoryOf(ctx, p, table, limit) })
}

// Explain tells where the rows of a key come from.
func (s *Service) Explain(ctx context.Context, table, key string) (*inspect.Explanation, error) {
	return first(s, func(p *work.Pipeline) (*inspect.Explanation, error) { return inspect.Explain(ctx, p, table, key) })
}

// first asks the pipelines in turn until one has the table.
func first[R any](s *Service, ask func(*work.Pipeline) (*R, error)) (*R, error) {
	pipelines, err := s.pipelines(nil)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("%w: the configuration has no pipelines", ErrNoPipeline)
	for _, p := range pipelines {
		var result *R
		if result, err = ask(p); !errors.Is(err, report.ErrNoSuchTable) {
			return result, err
		}
	}
	return nil, err
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
