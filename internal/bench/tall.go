package main

import (
	"context"
	"strconv"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const (
	tallTable  = "bench"
	tallWidth  = 22
	firstLoad  = "first load"
	someChange = 10_000 // the number that all tools are measured with, of both SCD types
)

// tall is the main thing: one table, its first load, then changes.
func (b *bench) tall(ctx context.Context) error {
	s, err := b.simulate(ctx, exporter.Options{Tables: []exporter.TableOption{{Name: tallTable, Rows: b.rows}}})
	if err != nil {
		return err
	}
	entrants := append(b.entrants(1, anyTool), b.entrants(2, historian)...)
	if err := b.contest(ctx, part{name: firstLoad, source: s, runs: b.runs, long: b.long, anew: true}, entrants); err != nil {
		return err
	}
	return b.takeChanges(ctx, s, entrants, "")
}

// takeChanges lets loaded tables take folders of each size: all entrants one of
// each, then those that are quick some more.
func (b *bench) takeChanges(ctx context.Context, s *source, entrants []*entrant, suffix string) error {
	for run := range b.runs {
		for i, n := range b.changes {
			if int64(n) > s.live/2 {
				continue
			}
			name := changesOf(n) + suffix
			long := b.long / longerShare
			err := b.contest(ctx, part{
				name: name, source: s, runs: 1, long: long,
				unread: suffix != "" && (run < b.runs-1 || i < len(b.changes)-1),
				before: func(ctx context.Context) error { return s.step(ctx, mixOf(n)) },
				within: func(e *entrant) bool {
					quick := run == 0 || len(e.costs[name]) > 0 && e.costs[name][0].Wall <= long
					return quick && (e.scd == 1 || e.ours() || n == someChange)
				},
			}, entrants)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// longerShare of -long is what changes may take to be measured more than once.
const longerShare = 3

// slopeOfChanges takes the same changes on a larger table.
func (b *bench) slopeOfChanges(ctx context.Context) error {
	if err := b.room(b.slope * spaceForTall); err != nil {
		return err
	}
	s, err := b.simulate(ctx, exporter.Options{Tables: []exporter.TableOption{{Name: tallTable, Rows: b.slope}}})
	if err != nil {
		return err
	}
	entrants := b.entrants(1, onlySluice)
	if err := b.contest(ctx, part{name: firstLoad + onRows(b.slope), source: s, runs: 1, long: b.long, anew: true}, entrants); err != nil {
		return err
	}
	return b.takeChanges(ctx, s, entrants, onRows(b.slope))
}

func changesOf(n int) string   { return grouped(int64(n)) + " changes" }
func onRows(rows int64) string { return " on " + grouped(rows) + " rows" }

// grouped is a number with commas.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
