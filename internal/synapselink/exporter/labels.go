package exporter

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

const (
	english = 1033 // LCID of the only language
	// stepLabels is the step from which on labels-added shows.
	stepLabels = 2
)

// labels are the five label files, headerless:
//
//	optionset  entity, column, value, user's language, language, label
//	global     column, value, user's language, language, label, shared set, entity
//	state      entity, state, user's language, language, label
//	status     entity, state, status, user's language, language, label
//	target     entity, column, referenced entity, referenced column
type labels struct{ optionset, global, state, status, target bytes.Buffer }

// writeLabels writes the label files of a step below a folder; "" is the root.
func (s *Simulator) writeLabels(ctx context.Context, store storage.Store, below string, step int) error {
	var l labels
	for _, t := range s.tables {
		l.add(t, s.opts.has(LabelsAdded) && step >= stepLabels)
	}
	for _, f := range []struct {
		name string
		data *bytes.Buffer
	}{
		{"OptionsetMetadata", &l.optionset},
		{"GlobalOptionsetMetadata", &l.global},
		{"StateMetadata", &l.state},
		{"StatusMetadata", &l.status},
		{"TargetMetadata", &l.target},
	} {
		name := labelsDir + f.name + ".csv"
		if below != "" {
			name = below + "/" + name
		}
		if err := write(ctx, store, s.path(name), f.data.Bytes()); err != nil {
			return fmt.Errorf("writing labels: %w", err)
		}
	}
	return nil
}

// add appends the lines of one table. more gives each choice one value more.
func (l *labels) add(t *table, more bool) {
	for _, c := range t.Choices() {
		options := slices.Clone(c.Options)
		if more && c.Column != "statecode" {
			highest := slices.MaxFunc(options, func(a, b rows.Option) int { return int(a.Value - b.Value) })
			options = append(options, rows.Option{Value: highest.Value + 1, Label: "Added later"})
		}
		for i, o := range options {
			l.option(t.Name, c, min(i, len(c.Options)-1), o)
		}
	}
	for _, r := range t.References() {
		for _, to := range r.Targets {
			fmt.Fprintf(&l.target, "%q,%q,%q,%q\n", t.Name, r.Column, to, to+"id")
		}
	}
}

// option appends one value of a choice. A status belongs to the state of its
// place.
func (l *labels) option(table string, c rows.Choice, place int, o rows.Option) {
	switch {
	case c.Column == "statecode":
		fmt.Fprintf(&l.state, "%q,%d,False,%d,%q\n", table, o.Value, english, o.Label)
	case c.Column == "statuscode":
		fmt.Fprintf(&l.status, "%q,%d,%d,False,%d,%q\n", table, place, o.Value, english, o.Label)
	case c.Global != "":
		fmt.Fprintf(&l.global, "%q,%d,False,%d,%q,%q,%q\n", c.Column, o.Value, english, o.Label, c.Global, table)
		return
	}
	fmt.Fprintf(&l.optionset, "%q,%q,%d,False,%d,%q\n", table, c.Column, o.Value, english, o.Label)
}
