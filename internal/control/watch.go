package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/monitor"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// Watch says who is told of runs beside their caller and the run history.
type Watch struct {
	// MetricsFile and LineageFile: see monitor.Options.
	MetricsFile, LineageFile string
	// Getenv reads the environment.
	Getenv func(string) string
	// Version of the program.
	Version string
}

// Watch keeps the history of the runs to come, and tells those who are to know of
// them, until the function that it returns is called. That returns what did not
// work: no run fails for it.
func (s *Service) Watch(ctx context.Context, w Watch) (stop func(context.Context) []error) {
	folder, err := s.historyFolder()
	m := monitor.Start(ctx, monitor.Options{
		MetricsFile: w.MetricsFile, LineageFile: w.LineageFile, History: folder, Getenv: w.Getenv, Version: w.Version, Clock: s.opts.Clock,
	})
	before := s.opts.Listener
	s.opts.Listener = report.Listen(before, m.Listener())
	return func(ctx context.Context) []error {
		s.opts.Listener = before
		problems := m.Close(ctx)
		if err != nil {
			problems = append(problems, fmt.Errorf("run history: this run is not kept: %w", err))
		}
		return problems
	}
}

// errPostgres: the history is to be where this version cannot keep it.
var errPostgres = errors.New("state.url names a Postgres database: this version keeps the run history in a folder only; name a folder, or leave it out")

// historyFolder is where the run history is kept.
func (s *Service) historyFolder() (string, error) {
	if s.config.State.Path == "" {
		return "", errPostgres
	}
	return s.config.State.Path, nil
}
