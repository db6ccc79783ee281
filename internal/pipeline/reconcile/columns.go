package reconcile

import (
	"context"
	"errors"
	"sort"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
)

// replaceOperation is what the engine calls the commit of a full refresh.
const replaceOperation = "REPLACE TABLE"

// widths tell how many columns the table had when it was given a folder. Columns
// are added at the end and null in older rows, although the folders may have
// them: they were not selected then. The list is empty nearly always.
type widths []width

// width is how many columns there were while the table held these folders and no
// more.
type width struct {
	columns int
	holds   func(folder int64) bool
}

// of is the width for rows of a folder.
func (w widths) of(folder int64, now int) int {
	for _, known := range w {
		if known.holds(folder) {
			return known.columns
		}
	}
	return now
}

// findWidths asks older versions of the table for their columns, as far back as
// the log can tell and the table was not replaced.
func (c *reconciling) findWidths(ctx context.Context) (widths, error) {
	at, err := c.firstVersion(ctx)
	if err != nil {
		return nil, err
	}
	var list widths
	for {
		columns, err := c.columnsAt(ctx, at)
		if err != nil || columns == len(c.schema) {
			return list, err
		}
		last, err := c.lastOf(ctx, at, columns)
		if err != nil {
			return nil, err
		}
		snapshot, err := delta.LoadAt(ctx, c.Lake, c.Path(), last)
		if err != nil {
			return nil, err
		}
		list = append(list, width{columns, c.held(snapshot)})
		at = last + 1
	}
}

// lastOf is the last version with as many columns as the one given.
func (c *reconciling) lastOf(ctx context.Context, at int64, columns int) (int64, error) {
	var failed error
	n := sort.Search(int(c.Snapshot.Version-at), func(i int) bool {
		more, err := c.columnsAt(ctx, at+int64(i)+1)
		failed = errors.Join(failed, err)
		return more != columns
	})
	return at + int64(n), failed
}

// columnsAt is how many columns of its source the table had.
func (c *reconciling) columnsAt(ctx context.Context, version int64) (int, error) {
	snapshot, err := delta.LoadAt(ctx, c.Lake, c.Path(), version)
	if err != nil {
		return 0, err
	}
	schema, err := local.SourceSchema(snapshot)
	return len(schema), err
}

// firstVersion is the oldest that the log can give, since the table was replaced.
func (c *reconciling) firstVersion(ctx context.Context) (int64, error) {
	entries, err := delta.History(ctx, c.Lake, c.Path(), 0)
	if err != nil {
		return 0, err
	}
	first := c.Snapshot.Version
	for _, e := range entries {
		if e.Version <= c.Snapshot.Version {
			first = e.Version
			if e.Operation == replaceOperation {
				break
			}
		}
	}
	var failed error
	missing := sort.Search(int(c.Snapshot.Version-first), func(i int) bool {
		_, err := delta.LoadAt(ctx, c.Lake, c.Path(), first+int64(i))
		if err != nil && !errors.Is(err, delta.ErrNoVersion) {
			failed = errors.Join(failed, err)
		}
		return err == nil
	})
	return first + int64(missing), failed
}

// held reports which folders a version of the table held.
func (c *reconciling) held(s *delta.Snapshot) func(folder int64) bool {
	then := c.At(s)
	cursor := then.Cursor()
	skipped := map[int64]bool{}
	for _, f := range then.Skipped() {
		skipped[f.Digits()] = true
	}
	return func(folder int64) bool {
		return !cursor.IsZero() && folder <= cursor.Digits() && !skipped[folder]
	}
}
