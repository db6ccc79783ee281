package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Filter narrows what is read; empty fields mean all.
type Filter struct {
	Pipeline string
	// Table is a name of one to three parts: table, schema.table or
	// catalog.schema.table. Of runs it means nothing.
	Table  string
	Code   string
	Levels []string
	Since  time.Time
	// Limit is the most that is returned: the newest.
	Limit int
}

// where is the condition of the filter on runs r, and on events e if there are
// any.
func (f Filter) where(events bool) (string, []any) {
	conditions, args := []string{"1 = 1"}, []any{}
	add := func(condition string, values ...any) {
		conditions = append(conditions, condition)
		args = append(args, values...)
	}
	if f.Pipeline != "" {
		add("r.pipeline = ?", f.Pipeline)
	}
	at := "r.began"
	if events {
		at = "e.at"
		if f.Table != "" {
			name := strings.ToLower(f.Table)
			add("(lower(e.name) = ? OR substr(lower(e.name), -length(?)) = ?)", name, "."+name, "."+name)
		}
		if f.Code != "" {
			add("e.code = ?", f.Code)
		}
		if len(f.Levels) > 0 {
			add("e.level IN ("+strings.Join(slices.Repeat([]string{"?"}, len(f.Levels)), ", ")+")", anys(f.Levels)...)
		}
	}
	if !f.Since.IsZero() {
		add(at+" >= ?", f.Since.UnixMilli())
	}
	return strings.Join(conditions, " AND "), args
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// limit is what SQLite takes for none.
func (f Filter) limit() int {
	if f.Limit <= 0 {
		return -1
	}
	return f.Limit
}

// Events lists events, the newest last.
func (s *Store) Events(ctx context.Context, f Filter) ([]RunEvent, error) {
	where, args := f.where(true)
	list, err := query(ctx, s, `SELECT r.id, r.pipeline, e.at, e.code, e.level, e.name, e.folder, e.text, e.fix
		FROM events e JOIN runs r ON r.serial = e.run WHERE `+where+` ORDER BY e.at DESC, e.serial DESC LIMIT ?`,
		append(args, f.limit()), func(rows *sql.Rows) (e RunEvent, err error) {
			var at int64
			err = rows.Scan(&e.Run, &e.Pipeline, &at, &e.Code, &e.Level, &e.Table, &e.Folder, &e.Text, &e.Fix)
			e.Time = time.UnixMilli(at).UTC()
			return e, err
		})
	slices.Reverse(list)
	return list, err
}

// Runs lists runs in the order in which they began, the newest last.
func (s *Store) Runs(ctx context.Context, f Filter) ([]Run, error) {
	where, args := f.where(false)
	list, err := query(ctx, s, `SELECT id, pipeline, state, began, ended, tables, failed, rows_read, rows_upserted,
		rows_deleted, rows_superseded, rows_quarantined, bytes_read, bytes_written, error
		FROM runs r WHERE `+where+` ORDER BY began DESC, serial DESC LIMIT ?`, append(args, f.limit()), scanRun)
	slices.Reverse(list)
	return list, err
}

func scanRun(rows *sql.Rows) (r Run, err error) {
	var began int64
	var ended sql.NullInt64
	err = rows.Scan(&r.ID, &r.Pipeline, &r.State, &began, &ended, &r.Tables, &r.Failed, &r.Rows.Read, &r.Rows.Upserted,
		&r.Rows.Deleted, &r.Rows.Superseded, &r.Rows.Quarantined, &r.BytesRead, &r.BytesWritten, &r.Error)
	r.Began = time.UnixMilli(began).UTC()
	if ended.Valid {
		r.Ended = time.UnixMilli(ended.Int64).UTC()
	}
	return r, err
}

// Tables lists the results of tables that are kept of a run, in the order in
// which they came.
func (s *Store) Tables(ctx context.Context, run string) ([]Table, error) {
	return query(ctx, s, `SELECT t.name, t.state, t.ended, t.result FROM table_results t
		JOIN runs r ON r.serial = t.run WHERE r.id = ? ORDER BY t.serial`, []any{run},
		func(rows *sql.Rows) (t Table, err error) {
			var ended int64
			var result string
			err = rows.Scan(&t.Name, &t.State, &ended, &result)
			t.Ended, t.Result = time.UnixMilli(ended).UTC(), json.RawMessage(result)
			return t, err
		})
}

// query reads all rows of a question.
func query[T any](ctx context.Context, s *Store, question string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	list := []T{}
	rows, err := s.db.QueryContext(ctx, question, args...)
	if err == nil {
		defer rows.Close()
		for rows.Next() && err == nil {
			var one T
			one, err = scan(rows)
			list = append(list, one)
		}
		if err == nil {
			err = rows.Err()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the run history %s: %w", s.path, judged(err))
	}
	return list, nil
}
