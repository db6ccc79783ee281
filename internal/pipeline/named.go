package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/synapselink"
)

// ErrAmbiguous: one table is wanted, and the name means several.
var ErrAmbiguous = errors.New("the name means more than one table")

// single is the only table that a name means.
func single(targets []*target, name string) (*target, error) {
	if len(targets) == 1 {
		return targets[0], nil
	}
	var names []string
	for _, t := range targets {
		names = append(names, t.name())
	}
	return nil, fmt.Errorf("%w: %s could be %s; name it in full", ErrAmbiguous, name, strings.Join(names, " or "))
}

// Named lists the tables of the pipeline that a name means, each as
// catalog.schema.table: [ErrNoSuchTable] if there are none. The export is asked
// only where the configuration does not tell its tables.
func (r *Runner) Named(ctx context.Context, name string) ([]string, error) {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: Request{Tables: []string{name}}}
	tables, err := u.tables(ctx)
	if err != nil {
		return nil, err
	}
	var targets []*target
	for _, table := range tables {
		targets = append(targets, &target{spec: table})
	}
	if r.Pipeline.ChoiceLabels {
		for _, place := range u.labelPlaces(tables) {
			for _, label := range synapselink.LabelTables() {
				t := &target{spec: place.Table(label)}
				t.spec.Destination.Table = label
				targets = append(targets, t)
			}
		}
	}
	targets = slices.DeleteFunc(targets, func(t *target) bool { return !u.request.wants(t) })
	if err := u.request.allFound(targets); err != nil {
		return nil, err
	}
	var names []string
	for _, t := range targets {
		if !slices.Contains(names, t.name()) {
			names = append(names, t.name())
		}
	}
	return names, nil
}
