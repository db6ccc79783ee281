package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/check"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// destinations asks of every table that the lake has whether a run of its pipeline
// would go on with it. There is no step where the lake has none.
func (s *Service) destinations(ctx context.Context, pipelines []spec.Pipeline) []Step {
	began := s.opts.Clock()
	there, refused := 0, []error{}
	for _, p := range pipelines {
		targets, err := s.inLake(ctx, p.Key)
		if err != nil {
			continue // the steps of the connection say why
		}
		for _, t := range targets {
			if t.Exists() || errors.Is(t.Err, delta.ErrForeignFiles) {
				there++
			}
			if err := checkDestination(t); err != nil {
				refused = append(refused, err)
			}
		}
	}
	if there == 0 {
		return nil
	}
	found := Step{State: StepPass, Reason: fmt.Sprintf("their pipelines may go on with all that are there (%d)", there)}
	if len(refused) > 0 {
		found = refusal(refused, there)
	}
	found.Name, found.DurationMS = "tables", s.opts.Clock().Sub(began).Milliseconds()
	return []Step{found}
}

// inLake are the tables of one pipeline as the lake has them.
func (s *Service) inLake(ctx context.Context, pipeline string) ([]*work.Target, error) {
	runners, err := s.runners([]string{pipeline})
	if err != nil {
		return nil, err
	}
	var targets []*work.Target
	for _, r := range runners {
		survey := r.Survey(work.Request{})
		found, err := survey.Targets(ctx)
		if err != nil {
			return nil, err
		}
		if err := survey.Load(ctx, found); err != nil {
			return nil, err
		}
		survey.FindMoved(found)
		targets = append(targets, found...)
	}
	return targets, nil
}

// checkDestination is what a run asks before it brings a table up to date.
func checkDestination(t *work.Target) error {
	if errors.Is(t.Err, delta.ErrForeignFiles) || errors.Is(t.Err, local.ErrForeignTable) {
		return t.Err
	}
	if !t.Exists() {
		return nil // nothing is there, or it cannot be read, which doctor tells
	}
	if err := t.CheckKeeper(); err != nil {
		return err
	}
	return local.Check(t.Snapshot, t.Batch(nil, work.Step{}))
}

// refusal is one step of several tables.
func refusal(refused []error, of int) Step {
	failure := report.NewFailure(refused[0])
	found := Step{State: check.Fail, Code: failure.Code}
	found.Reason, found.Fix, _ = strings.Cut(failure.Message, "; ")
	if more := len(refused) - 1; more > 0 {
		found.Reason = fmt.Sprintf("%d of the %d that are there are refused, the first: %s", more+1, of, found.Reason)
	}
	return found
}
