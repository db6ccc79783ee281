package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// Table names one table of the configuration.
type Table struct {
	// Pipeline that has it, by key or name; empty where it is the only one.
	Pipeline string
	// Name as in pipeline.Request.
	Name string
}

// ofTable asks the pipeline that has the table. A name that means tables of several
// pipelines is refused: which of them comes first in the configuration is nothing
// that a user thinks of.
func ofTable[R any](ctx context.Context, s *Service, t Table, ask func(*work.Pipeline) (*R, error)) (*R, error) {
	var names []string
	if t.Pipeline != "" {
		names = append(names, t.Pipeline)
	}
	runners, err := s.runners(names)
	switch {
	case err != nil:
		return nil, err
	case len(runners) == 0:
		return nil, fmt.Errorf("%w: the configuration has no pipelines", ErrNoPipeline)
	case len(runners) == 1:
		return ask(runners[0]) // which tells of more than one of its own
	}
	r, err := onlyOne(ctx, runners, t.Name)
	if err != nil {
		return nil, err
	}
	return ask(r)
}

// onlyOne finds the pipeline that has the table. One that cannot tell, since its
// export cannot be read, does not keep a table of another from being looked at.
func onlyOne(ctx context.Context, runners []*work.Pipeline, name string) (*work.Pipeline, error) {
	var found *work.Pipeline
	var meant []string
	var missing, failed error
	for _, r := range runners {
		tables, err := work.Named(ctx, r, name)
		switch {
		case errors.Is(err, report.ErrNoSuchTable):
			missing = err
			continue
		case err != nil:
			failed = cmp.Or(failed, err)
			continue
		}
		found = r
		for _, table := range tables {
			meant = append(meant, table+" of pipeline "+r.Config.Key)
		}
	}
	switch {
	case len(meant) > 1:
		return nil, fmt.Errorf("%w: %s could be %s; name it in full, or choose with --pipeline", report.ErrAmbiguous, name, strings.Join(meant, " or "))
	case found == nil:
		return nil, cmp.Or(failed, missing)
	}
	return found, nil
}
