package main

import (
	"context"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const (
	wideLoad = "first load, 300 columns"
	// wideShare of the tall table's rows makes a quarter of its bytes.
	wideShare = 20
)

// wideTable loads a table of which seven cells in ten are empty.
func (b *bench) wideTable(ctx context.Context) error {
	s, err := b.simulate(ctx, exporter.Options{Tables: []exporter.TableOption{{Name: "wide", Rows: b.rows / wideShare}}})
	if err != nil {
		return err
	}
	return b.contest(ctx, part{name: wideLoad, source: s, runs: b.runs, long: b.long, anew: true}, b.entrants(1, anyTool))
}
