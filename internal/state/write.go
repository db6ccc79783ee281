package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Write stores what is known of a run now, in one transaction: the run as it
// stands, and the tables and events that came since the last call. A run that has
// ended ends what is too old to keep.
func (s *Store) Write(ctx context.Context, run Run, tables []Table, events []Event) error {
	write := func() error { return judged(s.inTransaction(ctx, run, tables, events)) }
	err := write()
	if errors.Is(err, ErrDamaged) {
		if err = errors.Join(s.db.Close(), s.renew(ctx)); err == nil {
			err = write()
		}
	}
	if err != nil {
		return fmt.Errorf("write the run history %s: %w", s.path, err)
	}
	return nil
}

func (s *Store) inTransaction(ctx context.Context, run Run, tables []Table, events []Event) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := s.write(ctx, tx, run, tables, events); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *Store) write(ctx context.Context, tx *sql.Tx, run Run, tables []Table, events []Event) error {
	serial, err := putRun(ctx, tx, run)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := putLast(ctx, tx, run, t); err != nil {
			return err
		}
		if t.Result == nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO table_results (run, name, state, ended, result) VALUES (?, ?, ?, ?, ?)`,
			serial, t.Name, t.State, t.Ended.UnixMilli(), string(t.Result)); err != nil {
			return err
		}
	}
	for _, e := range events {
		if _, err := tx.ExecContext(ctx, `INSERT INTO events (run, at, code, level, name, folder, text, fix) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			serial, e.Time.UnixMilli(), e.Code, e.Level, e.Table, e.Folder, e.Text, e.Fix); err != nil {
			return err
		}
	}
	if run.Ended.IsZero() {
		return nil
	}
	return s.prune(ctx, tx, run.Ended)
}

// putRun stores or replaces a run and returns its key.
func putRun(ctx context.Context, tx *sql.Tx, r Run) (serial int64, err error) {
	var ended any
	if !r.Ended.IsZero() {
		ended = r.Ended.UnixMilli()
	}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO runs (id, pipeline, state, began, ended, tables, failed, rows_read, rows_upserted, rows_deleted,
			rows_superseded, rows_quarantined, bytes_read, bytes_written, error)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended = excluded.ended, tables = excluded.tables,
			failed = excluded.failed, rows_read = excluded.rows_read, rows_upserted = excluded.rows_upserted,
			rows_deleted = excluded.rows_deleted, rows_superseded = excluded.rows_superseded,
			rows_quarantined = excluded.rows_quarantined, bytes_read = excluded.bytes_read,
			bytes_written = excluded.bytes_written, error = excluded.error
		RETURNING serial`,
		r.ID, r.Pipeline, r.State, r.Began.UnixMilli(), ended, r.Tables, r.Failed, r.Rows.Read, r.Rows.Upserted,
		r.Rows.Deleted, r.Rows.Superseded, r.Rows.Quarantined, r.BytesRead, r.BytesWritten, r.Error).Scan(&serial)
	return serial, err
}

// prune removes what is too old or too much; tables and events go with their run.
func (s *Store) prune(ctx context.Context, tx *sql.Tx, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM runs WHERE began < ?`, now.Add(-s.opts.Keep).UnixMilli()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM last_results WHERE ended < ?`, now.Add(-s.opts.Keep).UnixMilli()); err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM runs WHERE serial <= (SELECT max(serial) FROM runs) - ?`,
		`DELETE FROM table_results WHERE serial <= (SELECT max(serial) FROM table_results) - ?`,
		`DELETE FROM events WHERE serial <= (SELECT max(serial) FROM events) - ?`,
	} {
		if _, err := tx.ExecContext(ctx, q, s.opts.MaxRows); err != nil {
			return err
		}
	}
	return nil
}
