package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/state"
)

// PastRequest narrows what is told of the past; empty fields mean all.
type PastRequest struct {
	Pipeline string // by key or name
	Table    string // see state.Filter; of runs it means nothing
	Code     string
	// Level is the least.
	Level report.Level
	// Since is how far back to look.
	Since time.Duration
	// Limit is the most that is told: the newest.
	Limit int
}

// PastEvent is an event of a run that is over, or under way.
type PastEvent struct {
	report.Event

	Pipeline string `json:"pipeline"`
	UpdateID string `json:"update_id"`
}

// PastRun is a run that is over, or under way.
type PastRun struct {
	Pipeline string `json:"pipeline"`
	UpdateID string `json:"update_id"`
	// State is RUNNING where the run has not ended, or was killed.
	State        string      `json:"state"`
	Began        time.Time   `json:"began"`
	Ended        *time.Time  `json:"ended"`
	Tables       int         `json:"tables"`
	Failed       int         `json:"tables_failed"`
	Rows         report.Rows `json:"rows"`
	BytesRead    int64       `json:"bytes_read"`
	BytesWritten int64       `json:"bytes_written"`
	Error        string      `json:"error,omitempty"` // what kept it from beginning
}

// Events lists the events of earlier runs, the newest last.
func (s *Service) Events(ctx context.Context, q PastRequest) ([]PastEvent, error) {
	return past(ctx, s, q, (*state.Store).Events, func(e state.RunEvent) PastEvent {
		return PastEvent{Pipeline: e.Pipeline, UpdateID: e.Run, Event: report.Event{
			Code: e.Code, Level: report.Level(e.Level), Time: e.Time, Table: e.Table, Folder: e.Folder, Text: e.Text, Fix: e.Fix,
		}}
	})
}

// Runs lists earlier runs, the newest last.
func (s *Service) Runs(ctx context.Context, q PastRequest) ([]PastRun, error) {
	return past(ctx, s, q, (*state.Store).Runs, func(r state.Run) PastRun {
		run := PastRun{
			Pipeline: r.Pipeline, UpdateID: r.ID, State: r.State, Began: r.Began, Tables: r.Tables, Failed: r.Failed,
			Rows: report.Rows(r.Rows), BytesRead: r.BytesRead, BytesWritten: r.BytesWritten, Error: r.Error,
		}
		if !r.Ended.IsZero() {
			run.Ended = &r.Ended
		}
		return run
	})
}

// past reads from the history; without one there is nothing to tell.
func past[A, B any](ctx context.Context, s *Service, q PastRequest,
	read func(*state.Store, context.Context, state.Filter) ([]A, error), shape func(A) B,
) ([]B, error) {
	filter, err := s.filter(q)
	if err != nil {
		return nil, err
	}
	folder, err := s.historyFolder()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", spec.ErrInvalid, err)
	}
	shaped := []B{}
	store, err := state.OpenExisting(ctx, folder)
	switch {
	case errors.Is(err, state.ErrNone):
		return shaped, nil
	case errors.Is(err, state.ErrDamaged):
		return nil, fmt.Errorf("%w; the next run moves it aside and begins a new one", err)
	case err != nil:
		return nil, err
	}
	list, err := read(store, ctx, filter)
	for _, one := range list {
		shaped = append(shaped, shape(one))
	}
	return shaped, errors.Join(err, store.Close())
}

func (s *Service) filter(q PastRequest) (state.Filter, error) {
	f := state.Filter{Table: q.Table, Code: q.Code, Limit: q.Limit}
	if q.Since > 0 {
		f.Since = s.opts.Clock().Add(-q.Since)
	}
	if q.Level != "" {
		levels := []report.Level{report.Info, report.Warn, report.Error}
		for _, l := range levels[max(0, slices.Index(levels, q.Level)):] {
			f.Levels = append(f.Levels, string(l))
		}
	}
	if q.Pipeline == "" {
		return f, nil
	}
	// The history knows names, people also keys.
	for _, p := range s.config.Pipelines {
		if named(p, q.Pipeline) {
			f.Pipeline = p.Name
			return f, nil
		}
	}
	return f, fmt.Errorf("%w: %q; the configuration has %s", ErrNoPipeline, q.Pipeline, s.pipelineNames())
}
