package control

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/state"
)

// Status says where the tables stand, and how the last runs ended for them.
func (s *Service) Status(ctx context.Context, request Request) ([]inspect.Status, error) {
	list, err := each(s, request, func(r *work.Pipeline, q work.Request) (inspect.Status, *report.Failure) {
		status := inspect.StatusOf(ctx, r, q)
		return status, status.Error
	})
	if err != nil {
		return nil, err
	}
	// Where the tables stand is told by the lake; the history is beside it.
	if err := s.addLastRuns(ctx, list); err != nil && ctx.Err() == nil {
		s.opts.Log.Warn("the last runs are not shown", "error", err)
	}
	return list, nil
}

// addLastRuns fills in what the run history knows.
func (s *Service) addLastRuns(ctx context.Context, list []inspect.Status) error {
	folder := s.config.State.Path
	if folder == "" {
		return nil
	}
	store, err := state.OpenExisting(ctx, folder)
	if errors.Is(err, state.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	for i := range list {
		if err = addLastRun(ctx, store, &list[i]); err != nil {
			break
		}
	}
	return errors.Join(err, store.Close())
}

func addLastRun(ctx context.Context, store *state.Store, status *inspect.Status) error {
	known, err := store.LastResults(ctx, status.Name)
	if err != nil {
		return err
	}
	of := map[string]*inspect.LastRun{}
	for _, l := range known {
		of[l.Name] = &inspect.LastRun{UpdateID: l.Run, State: report.State(l.State), Code: l.Code, Ended: l.Ended}
	}
	for i := range status.Tables {
		status.Tables[i].LastRun = of[status.Tables[i].Table]
	}
	return nil
}
