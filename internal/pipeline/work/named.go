package work

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// One is the only table that a name means.
func One(targets []*Target, name string) (*Target, error) {
	if len(targets) == 1 {
		return targets[0], nil
	}
	var names []string
	for _, t := range targets {
		names = append(names, t.Name())
	}
	return nil, fmt.Errorf("%w: %s could be %s; name it in full", report.ErrAmbiguous, name, strings.Join(names, " or "))
}

// Named lists the tables of the pipeline that a name means, each as
// catalog.schema.table: [report.ErrNoSuchTable] if there are none. The export is
// asked only where the configuration does not tell its tables.
func Named(ctx context.Context, p *Pipeline, name string) ([]string, error) {
	s := p.Survey(Request{Tables: []string{name}})
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	var targets []*Target
	for _, table := range tables {
		targets = append(targets, &Target{survey: s, Spec: table})
	}
	if s.Config.ChoiceLabels {
		for _, place := range s.labelPlaces(tables) {
			for _, label := range synapselink.LabelTables() {
				t := &Target{survey: s, Spec: place.Table(label)}
				t.Spec.Destination.Table = label
				targets = append(targets, t)
			}
		}
	}
	targets = slices.DeleteFunc(targets, func(t *Target) bool { return !s.Request.wants(t) })
	if err := s.Request.allFound(targets); err != nil {
		return nil, err
	}
	var names []string
	for _, t := range targets {
		if !slices.Contains(names, t.Name()) {
			names = append(names, t.Name())
		}
	}
	return names, nil
}
