package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/obs"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// flushLimit is how long Close waits for servers that have not got all yet.
const flushLimit = 10 * time.Second

// Options say who is told. Without any of them nobody is.
type Options struct {
	// MetricsFile is written in the form that node_exporter's textfile collector
	// reads, when the monitor is closed.
	MetricsFile string
	// LineageFile gets the OpenLineage events, one on a line.
	LineageFile string
	// History is the folder of the run history.
	History string
	// Getenv reads the variables that switch on traces and lineage. Default:
	// there are none. Once traces are on, OpenTelemetry's own code reads the
	// environment of the process for the rest.
	Getenv func(string) string
	// Version of the program.
	Version string
	// Clock tells the time. Default time.Now.
	Clock func() time.Time
	// NewRunID names the OpenLineage run of a table. Default: a UUID of version
	// 7, as the specification advises.
	NewRunID func() string
	Log      *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.NewRunID == nil {
		o.NewRunID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Log == nil {
		o.Log = obs.Discard()
	}
	return o
}

// Monitor is told of the runs of one process.
type Monitor struct {
	log      *slog.Logger
	listener report.Listener
	closers  []func(context.Context)
	problems problems
}

// Start begins to tell those whom the options name. What does not work is among
// the problems of Close.
func Start(ctx context.Context, o Options) *Monitor {
	o = o.withDefaults()
	m := &Monitor{log: o.Log}
	m.problems.log = o.Log
	var listeners []report.Listener
	for _, part := range []struct {
		what  string
		start func(context.Context, Options, *problems) (*part, error)
	}{
		{"run history", startHistory}, {"metrics", startMetrics}, {"traces", startTraces}, {"lineage", startLineage},
	} {
		p, err := part.start(ctx, o, &m.problems)
		m.problems.add(part.what, err)
		if p == nil {
			continue
		}
		listeners = append(listeners, p.listener)
		m.closers = append(m.closers, func(ctx context.Context) { m.problems.add(part.what, p.close(ctx)) })
	}
	m.listener = onlyMeant(report.Listen(listeners...))
	return m
}

// part is one of those who are told.
type part struct {
	listener report.Listener
	close    func(context.Context) error
}

// Listener is to be told of every run.
func (m *Monitor) Listener() report.Listener { return m.listener }

// Close sends and writes what is left, also when the context has ended, and
// returns what did not work since Start.
func (m *Monitor) Close(ctx context.Context) []error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
	defer cancel()
	for _, c := range m.closers {
		c(ctx)
	}
	m.closers = nil
	return m.problems.all()
}

// problems collects what did not work, each thing once.
type problems struct {
	log *slog.Logger

	mu   sync.Mutex
	list []error
}

func (p *problems) add(what string, err error) {
	if err == nil {
		return
	}
	err = fmt.Errorf("%s: %w", what, errors.New(obs.Redact(err.Error())))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.list {
		if e.Error() == err.Error() {
			return
		}
	}
	p.list = append(p.list, err)
	p.log.Warn("monitoring does not work", obs.KeyError, err)
}

func (p *problems) all() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list
}
