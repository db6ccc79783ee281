package main

import (
	"context"
	"fmt"
)

const (
	manyFull, smallFull   = 100, 300 // tables
	manyRows, smallRows   = 1000, 100
	manySteps, manyChange = 3, 50
)

// scaled is a number of tables for a table of that many rows: a tenth of it in a
// bench that is not the full one.
func scaled(full int, rows int64) int {
	if rows < fullRows/10 {
		return full / 10
	}
	return full
}

func manyPart(rows int64) string {
	return fmt.Sprintf("%d tables × %d folders", scaled(manyFull, rows), 1+manySteps)
}
func smallPart(rows int64) string { return fmt.Sprintf("%d small tables", scaled(smallFull, rows)) }
func idlePart(rows int64) string {
	return fmt.Sprintf("nothing new, %d tables", scaled(smallFull, rows))
}

// manyFolders brings several folders of many tables at once: each tool applies
// them one by one if it cannot do better.
func (b *bench) manyFolders(ctx context.Context) error {
	s, err := b.simulateMany(ctx, scaled(manyFull, b.rows), manyRows, manySteps, mixOf(manyChange))
	if err != nil {
		return err
	}
	return b.contest(ctx, part{name: manyPart(b.rows), source: s, runs: b.runs, long: b.long, anew: true}, b.entrants(1, manyTabled))
}

// smallTables loads small tables, and looks how long it takes to see that there is
// nothing new.
func (b *bench) smallTables(ctx context.Context) error {
	s, err := b.simulateMany(ctx, scaled(smallFull, b.rows), smallRows, 0, mixOf(0))
	if err != nil {
		return err
	}
	entrants := b.entrants(1, manyTabled)
	if err := b.contest(ctx, part{name: smallPart(b.rows), source: s, runs: b.runs, long: b.long, anew: true}, entrants); err != nil {
		return err
	}
	return b.contest(ctx, part{name: idlePart(b.rows), source: s, runs: 2*b.runs + 1, long: b.long, within: (*entrant).ours}, entrants)
}
