package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const (
	memberTable = "listmember"
	longLoad    = "first load, 7 columns"
	// spaceFor a row: its CSV, its part of the table and of the key index.
	spaceForTall = 500
	spaceForLong = 270
)

// longTable loads a table of few columns and many rows, for the room that its key
// index takes, and lets it take changes.
func (b *bench) longTable(ctx context.Context) error {
	if err := b.room(b.keys * spaceForLong); err != nil {
		return err
	}
	s, err := b.simulate(ctx, exporter.Options{Tables: []exporter.TableOption{{Name: memberTable, Rows: b.keys}}})
	if err != nil {
		return err
	}
	entrants := b.entrants(1, onlySluice)
	name := longLoad + onRows(b.keys)
	if err := b.contest(ctx, part{name: name, source: s, runs: 1, long: b.long, anew: true}, entrants); err != nil {
		return err
	}
	for _, e := range entrants {
		if err := b.noteIndex(ofType(name, e.scd), e); err != nil {
			return err
		}
	}
	return b.takeChanges(ctx, s, entrants, onRows(b.keys))
}

// noteIndex writes down what the key index takes for each row.
func (b *bench) noteIndex(workload string, e *entrant) error {
	r := b.book.find(workload, sluiceName)
	if !r.counts() || r.Rows == 0 {
		return nil
	}
	size, err := folderSize(filepath.Join(e.dir, "state", "index"))
	if err != nil {
		return err
	}
	noted := *r
	noted.Indexed = size
	return b.book.add(noted)
}

// room refuses a workload that would fill the disk.
func (b *bench) room(need int64) error {
	free, err := freeBytes(b.dir)
	if err != nil {
		return err
	}
	if free < need {
		return fmt.Errorf("it needs %d GB of disk, %d are free", need/1e9, free/1e9)
	}
	return nil
}
