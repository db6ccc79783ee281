package state

import (
	"context"
	"database/sql"
	"time"
)

// Last is how the last run that looked at a table ended for it. There is one for each
// table, also where the run had nothing to tell of it and keeps no [Table].
type Last struct {
	Name  string // catalog.schema.table
	Run   string // id of the update
	State string
	// Code of the failure, or of the first warning; empty for neither.
	Code  string
	Ended time.Time
}

// LastResults lists how the last runs of a pipeline ended for each of its tables, by
// their names. A history of before they were kept has none until the next run.
func (s *Store) LastResults(ctx context.Context, pipeline string) ([]Last, error) {
	known, err := query(ctx, s, `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'last_results'`, nil,
		func(rows *sql.Rows) (n int, err error) { return n, rows.Scan(&n) })
	if err != nil || len(known) == 0 {
		return nil, err
	}
	return query(ctx, s, `SELECT name, run, state, code, ended FROM last_results WHERE pipeline = ? ORDER BY name`, []any{pipeline},
		func(rows *sql.Rows) (l Last, err error) {
			var ended int64
			err = rows.Scan(&l.Name, &l.Run, &l.State, &l.Code, &ended)
			l.Ended = time.UnixMilli(ended).UTC()
			return l, err
		})
}

// putLast stores how a run ended for a table.
func putLast(ctx context.Context, tx *sql.Tx, run Run, t Table) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO last_results (pipeline, name, run, state, code, ended) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (pipeline, name) DO UPDATE SET run = excluded.run, state = excluded.state, code = excluded.code, ended = excluded.ended`,
		run.Pipeline, t.Name, run.ID, t.State, t.Code, t.Ended.UnixMilli())
	return err
}
