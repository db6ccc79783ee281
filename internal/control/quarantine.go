package control

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// Quarantine lists the rows that were set aside, at most limit of a table (0:
// all), of the tables that have any.
func (s *Service) Quarantine(ctx context.Context, request Request, limit int) ([]inspect.Quarantined, error) {
	runners, err := s.runners(request.Pipelines)
	if err != nil {
		return nil, err
	}
	list, found := []inspect.Quarantined{}, len(runners) == 0
	var missing error
	for _, r := range runners {
		tables, err := inspect.QuarantineOf(ctx, r, work.Request{Tables: request.Tables}, limit)
		if errors.Is(err, report.ErrNoSuchTable) {
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
func (s *Service) QuarantinedRows(ctx context.Context, t Table, place quarantine.Place) (*inspect.Quarantined, error) {
	return ofTable(ctx, s, t, func(r *work.Pipeline) (*inspect.Quarantined, error) {
		return inspect.QuarantinedRows(ctx, r, t.Name, place)
	})
}

// RetryQuarantine reads rows that were set aside again. What fails is in the
// results.
func (s *Service) RetryQuarantine(ctx context.Context, request Request) ([]report.Result, error) {
	return each(s, request, func(r *work.Pipeline, q work.Request) (report.Result, *report.Failure) {
		result := pipeline.RetryQuarantine(ctx, r, q)
		return result, result.Error
	})
}

// DiscardQuarantine drops rows that were set aside for good.
func (s *Service) DiscardQuarantine(ctx context.Context, t Table, place quarantine.Place) (*pipeline.Discarded, error) {
	return ofTable(ctx, s, t, func(r *work.Pipeline) (*pipeline.Discarded, error) {
		return pipeline.DiscardQuarantine(ctx, r, t.Name, place)
	})
}
