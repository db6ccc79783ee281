package exporter

import (
	"bytes"
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/storage"
)

const english = 1033 // LCID of the only language

// writeLabels writes the five label files below a folder; "" is the root.
func (s *Simulator) writeLabels(ctx context.Context, store storage.Store, below string) error {
	var optionset, state, status, target bytes.Buffer
	for _, t := range s.tables {
		labelsOf(t, &optionset, &state, &status, &target)
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"OptionsetMetadata", optionset.Bytes()},
		{"GlobalOptionsetMetadata", nil}, // none of the simulated choices is shared
		{"StateMetadata", state.Bytes()},
		{"StatusMetadata", status.Bytes()},
		{"TargetMetadata", target.Bytes()},
	} {
		name := labelsDir + f.name + ".csv"
		if below != "" {
			name = below + "/" + name
		}
		if err := write(ctx, store, s.path(name), f.data); err != nil {
			return fmt.Errorf("writing labels: %w", err)
		}
	}
	return nil
}

// labelsOf appends the lines of one table:
//
//	option set  entity, column, value, user's language, language, label
//	state       entity, state, user's language, language, label
//	status      entity, state, status, user's language, language, label
//	target      entity, column, referenced entity, referenced column
func labelsOf(t *table, optionset, state, status, target *bytes.Buffer) {
	for _, c := range t.Choices() {
		for i, o := range c.Options {
			switch c.Column {
			case "statecode":
				fmt.Fprintf(state, "%q,%d,False,%d,%q\n", t.Name, o.Value, english, o.Label)
			case "statuscode":
				fmt.Fprintf(status, "%q,%d,%d,False,%d,%q\n", t.Name, i, o.Value, english, o.Label)
			}
			fmt.Fprintf(optionset, "%q,%q,%d,False,%d,%q\n", t.Name, c.Column, o.Value, english, o.Label)
		}
	}
	for _, r := range t.References() {
		for _, to := range r.Targets {
			fmt.Fprintf(target, "%q,%q,%q,%q\n", t.Name, r.Column, to, to+"id")
		}
	}
}
