package pipeline

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/sluicedata/sluice/internal/delta"
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

// Errors about rows that were set aside.
var (
	// ErrBadPlace: what was given names no row of a quarantine.
	ErrBadPlace = errors.New("a row is named by its number, or by FOLDER/FILE:LINE, as sluice quarantine list shows them")
	// ErrNoRow: the quarantine has no such row.
	ErrNoRow = errors.New("the quarantine has no such row")
)

// Place names rows of a quarantine: one by its number or by where it was read, or
// all.
type Place struct {
	n            int64
	folder, file string
	line         int64
	id           string // all rows of an Id
}

var placeForm = regexp.MustCompile(`^(.+)/([^/]+):([0-9]+)$`)

// ParsePlace reads a number or FOLDER/FILE:LINE; "" means all rows.
func ParsePlace(text string) (Place, error) {
	if text == "" {
		return Place{}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return Place{n: n}, nil
	}
	m := placeForm.FindStringSubmatch(text)
	if m == nil {
		return Place{}, fmt.Errorf("%w: %q is neither", ErrBadPlace, text)
	}
	line, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		return Place{}, fmt.Errorf("%w: %q is neither", ErrBadPlace, text)
	}
	return Place{folder: m[1], file: m[2], line: line}, nil
}

// IsAll reports whether all rows are meant.
func (p Place) IsAll() bool { return p == Place{} }

func (p Place) is(e *quarantine.Entry) bool {
	switch {
	case p.IsAll():
		return true
	case p.n > 0:
		return e.N == p.n
	case p.id != "":
		return e.ID == p.id
	}
	return e.Folder == p.folder && e.File == p.file && e.Line == p.line
}

// Quarantine lists the rows of each table that were set aside, at most limit of a
// table (0: all), without their texts. Tables without any are left out. The export
// is asked for nothing but the names of its tables, and only where the
// configuration does not tell them.
func (r *Runner) Quarantine(ctx context.Context, request Request, limit int) ([]Quarantined, error) {
	u, targets, err := r.inLake(ctx, request)
	if err != nil {
		return nil, err
	}
	list := []Quarantined{}
	for _, t := range targets {
		if t.err != nil {
			return nil, t.err
		}
		if quarantine.StateOf(t.snapshot).Rows == 0 {
			continue
		}
		q, err := u.quarantineOf(ctx, t, Place{}, limit)
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
func (r *Runner) QuarantinedRows(ctx context.Context, table string, place Place) (*Quarantined, error) {
	u, t, err := r.oneInLake(ctx, table)
	if err != nil {
		return nil, err
	}
	q, err := u.quarantineOf(ctx, t, place, 0)
	if err == nil && len(q.Rows) == 0 && !place.IsAll() {
		return nil, fmt.Errorf("%w: %s has %d rows in it", ErrNoRow, t.name(), q.Count)
	}
	return q, err
}

// quarantineOf reads the rows that a place means.
func (u *update) quarantineOf(ctx context.Context, t *target, place Place, limit int) (*Quarantined, error) {
	state := quarantine.StateOf(t.snapshot)
	q := &Quarantined{Table: t.name(), SourceTable: t.spec.SourceTable, Path: u.Lake.URL(t.path()),
		Count: state.Rows, Rows: []QuarantinedRow{}}
	for e, err := range quarantine.Read(ctx, u.Lake, t.path(), state) {
		if err != nil {
			return u.quarantineAgain(ctx, t, place, limit, err)
		}
		if place.is(&e) {
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
func (u *update) quarantineAgain(ctx context.Context, t *target, place Place, limit int, cause error) (*Quarantined, error) {
	if !errors.Is(cause, storage.ErrNotExist) {
		return nil, cause
	}
	fresh, err := delta.Load(ctx, u.Lake, t.path())
	if err != nil {
		return nil, err
	}
	if quarantine.StateOf(fresh).Serial == quarantine.StateOf(t.snapshot).Serial {
		return nil, lostQuarantine(cause)
	}
	return u.quarantineOf(ctx, &target{spec: t.spec, env: t.env, snapshot: fresh}, place, limit)
}

// inLake finds the tables that a request means, without looking at the export
// where the configuration names them all.
func (r *Runner) inLake(ctx context.Context, request Request) (*update, []*target, error) {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: request}
	tables, err := r.Pipeline.Expand(func(sourceSchema string) ([]string, error) {
		env, err := u.environment(ctx, sourceSchema)
		if err != nil {
			return nil, err
		}
		return env.known(ctx)
	})
	if err != nil {
		return nil, nil, err
	}
	var targets []*target
	for _, table := range tables {
		if t := (&target{spec: table}); request.wants(t) {
			targets = append(targets, t)
		}
	}
	if err := request.allFound(targets); err != nil {
		return nil, nil, err
	}
	return u, targets, u.load(ctx, targets)
}

// oneInLake finds the single table that a user names.
func (r *Runner) oneInLake(ctx context.Context, name string) (*update, *target, error) {
	u, targets, err := r.inLake(ctx, Request{Tables: []string{name}})
	if err != nil {
		return nil, nil, err
	}
	t, err := single(targets, name)
	if err != nil {
		return nil, nil, err
	}
	return u, t, t.err
}
