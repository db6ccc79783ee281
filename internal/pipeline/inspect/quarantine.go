package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/storage"
)

// Quarantined are the rows of a table that were set aside.
type Quarantined struct {
	Table       string `json:"table"`
	SourceTable string `json:"source_table"`
	Path        string `json:"path"`
	// Count of all rows in the quarantine; Rows may be some of them.
	Count int64            `json:"count"`
	Rows  []QuarantinedRow `json:"rows"`
}

// QuarantinedRow is one of them.
type QuarantinedRow struct {
	N int64 `json:"n"` // from 1, until the quarantine changes

	quarantine.Row
}

// QuarantineOf lists the rows of each table that were set aside, at most limit of a
// table (0: all), without their texts. Tables without any are left out. The export
// is asked for nothing but the names of its tables, and only where the
// configuration does not tell them.
func QuarantineOf(ctx context.Context, p *work.Pipeline, request work.Request, limit int) ([]Quarantined, error) {
	survey := p.Survey(request)
	targets, err := survey.InLake(ctx)
	if err != nil {
		return nil, err
	}
	list := []Quarantined{}
	for _, t := range targets {
		if t.Err != nil {
			return nil, t.Err
		}
		if quarantine.StateOf(t.Snapshot).Rows == 0 {
			continue
		}
		q, err := quarantineOf(ctx, survey.Lake, t, quarantine.Place{}, limit)
		if err != nil {
			return nil, err
		}
		for i := range q.Rows {
			q.Rows[i].Raw, q.Rows[i].RawBytes = "", nil
		}
		list = append(list, *q)
	}
	return list, nil
}

// QuarantinedRows are the rows of one table that the place means, with their
// texts.
func QuarantinedRows(ctx context.Context, p *work.Pipeline, table string, place quarantine.Place) (*Quarantined, error) {
	survey := p.Survey(work.Request{Tables: []string{table}})
	t, err := survey.OneInLake(ctx, table)
	if err != nil {
		return nil, err
	}
	q, err := quarantineOf(ctx, survey.Lake, t, place, 0)
	if err == nil && len(q.Rows) == 0 && !place.IsAll() {
		return nil, fmt.Errorf("%w: rows in the quarantine of %s: %d", quarantine.ErrNoRow, t.Name(), q.Count)
	}
	return q, err
}

// quarantineOf reads the rows that a place means.
func quarantineOf(ctx context.Context, lake storage.Store, t *work.Target, place quarantine.Place, limit int) (*Quarantined, error) {
	state := quarantine.StateOf(t.Snapshot)
	q := &Quarantined{Table: t.Name(), SourceTable: t.Spec.SourceTable, Path: lake.URL(t.Path()),
		Count: state.Rows, Rows: []QuarantinedRow{}}
	for e, err := range quarantine.Read(ctx, lake, t.Path(), state) {
		if err != nil {
			return quarantineAgain(ctx, lake, t, place, limit, err)
		}
		if place.Means(&e) {
			q.Rows = append(q.Rows, QuarantinedRow{N: e.N, Row: e.Row})
		}
		if limit > 0 && len(q.Rows) == limit {
			break
		}
	}
	return q, nil
}

// quarantineAgain reads once more when a run has put another file in place of the
// one that was to be read.
func quarantineAgain(ctx context.Context, lake storage.Store, t *work.Target, place quarantine.Place, limit int, cause error) (*Quarantined, error) {
	if !errors.Is(cause, storage.ErrNotExist) {
		return nil, cause
	}
	fresh, err := delta.Load(ctx, lake, t.Path())
	if err != nil {
		return nil, err
	}
	if quarantine.StateOf(fresh).Serial == quarantine.StateOf(t.Snapshot).Serial {
		return nil, quarantine.Lost(cause)
	}
	return quarantineOf(ctx, lake, t.At(fresh), place, limit)
}
