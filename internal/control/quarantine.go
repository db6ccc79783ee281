package control

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/pipeline"
)

// Quarantine lists the rows that were set aside, at most limit of a table (0:
// all), of the tables that have any.
func (s *Service) Quarantine(ctx context.Context, request Request, limit int) ([]pipeline.Quarantined, error) {
	runners, err := s.runners(request.Pipelines)
	if err != nil {
		return nil, err
	}
	list, found := []pipeline.Quarantined{}, len(runners) == 0
	var missing error
	for _, r := range runners {
		tables, err := pipeline.QuarantineOf(ctx, r, pipeline.Request{Tables: request.Tables}, limit)
		if errors.Is(err, pipeline.ErrNoSuchTable) {
			missing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		list, found = append(list, tables...), true
	}
	if !found {
		return nil, missing
	}
	return list, nil
}

// QuarantinedRows are the rows of a table that a place means, with their texts.
func (s *Service) QuarantinedRows(ctx context.Context, table string, place pipeline.Place) (*pipeline.Quarantined, error) {
	return first(s, func(r *pipeline.Pipeline) (*pipeline.Quarantined, error) { return pipeline.QuarantinedRows(ctx, r, table, place) })
}

// RetryQuarantine reads rows that were set aside again. What fails is in the
// results.
func (s *Service) RetryQuarantine(ctx context.Context, request Request) ([]pipeline.Result, error) {
	return each(s, request, func(r *pipeline.Pipeline, q pipeline.Request) (pipeline.Result, *pipeline.Failure) {
		result := pipeline.RetryQuarantine(ctx, r, q)
		return result, result.Error
	})
}

// DiscardQuarantine drops rows that were set aside for good.
func (s *Service) DiscardQuarantine(ctx context.Context, table string, place pipeline.Place) (*pipeline.Discarded, error) {
	return first(s, func(r *pipeline.Pipeline) (*pipeline.Discarded, error) { return pipeline.DiscardQuarantine(ctx, r, table, place) })
}
