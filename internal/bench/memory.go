package main

import (
	"context"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// bigCell is the size, in characters, of one cell in each of two tables.
const bigCell = 50_000_000

func memoryBounds() []string { return []string{"256MiB", "1GiB"} }

// memoryLimits loads tall, wide and large-celled tables side by side, and then
// changes, with much and with little memory.
func (b *bench) memoryLimits(ctx context.Context) error {
	s, err := b.simulate(ctx, exporter.Options{LargeCell: bigCell, Tables: []exporter.TableOption{
		{Name: tallTable, Rows: b.rows}, {Name: "wide", Rows: b.rows / (2 * wideShare)},
		{Name: "annotation", Rows: 5000}, {Name: "activitymimeattachment", Rows: 1000},
	}})
	if err != nil {
		return err
	}
	bounded := map[string][]*entrant{}
	for _, memory := range memoryBounds() {
		bounded[memory] = append(b.entrants(1, onlySluice), b.entrants(2, onlySluice)...)
		for _, e := range bounded[memory] {
			e.dir, e.memory = e.dir+"-"+memory, memory
		}
		p := part{name: "tall, wide, cells of 50 MB at " + memory, source: s, runs: 1, long: b.long, anew: true}
		if err := b.contest(ctx, p, bounded[memory]); err != nil {
			return err
		}
	}
	if err := s.step(ctx, exporter.Mix{Rate: 0.01}); err != nil {
		return err
	}
	for _, memory := range memoryBounds() {
		for _, e := range bounded[memory] {
			e.behind = []string{s.newest()}
		}
		p := part{name: "1 % of all rows change at " + memory, source: s, runs: 1, long: b.long}
		if err := b.contest(ctx, p, bounded[memory]); err != nil {
			return err
		}
	}
	return nil
}
