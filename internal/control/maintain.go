package control

import (
	"context"
	"errors"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/upkeep"
)

// Maintain looks after the tables of the pipelines, all of them where the request
// names none. The error is one of the request or the surroundings; what fails in
// a table is in its result.
func (s *Service) Maintain(ctx context.Context, pipelines []string, request upkeep.Request) ([]upkeep.Maintained, error) {
	runners, err := s.runners(pipelines)
	if err != nil {
		return nil, err
	}
	if !request.DryRun {
		defer s.forgetNotes(ctx)
	}
	list, found := []upkeep.Maintained{}, len(runners) == 0
	var missing error
	for _, r := range runners {
		tables, err := upkeep.Tables(ctx, r, request)
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
