package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
	"github.com/sluicedata/sluice/internal/engine/rowcache"
)

// IndexCheck compares a key index with its table.
type IndexCheck struct {
	// Entries that count, in files that the index has.
	Entries int64
	// Lacking facts are in the table and not in the index, Wrong ones are in
	// the index alone. Either should be 0.
	Lacking, Wrong int64
	// Behind is the number of files that the index has yet to read.
	Behind int
	// KeptRows are in row caches, WrongRows are not what their data file has in
	// that place.
	KeptRows, WrongRows int64
}

// CheckIndex reads the whole table and compares its key index with it. The batch
// says which table it is; nothing of it is applied. Nil: there is no index, or
// it is in use.
func (e *Engine) CheckIndex(ctx context.Context, b Batch) (*IndexCheck, error) {
	snapshot, err := e.Snapshot(ctx, b.Table)
	if err != nil || snapshot.Version < 0 {
		return nil, err
	}
	a, err := newAttempt(e, b, snapshot)
	if err != nil {
		return nil, err
	}
	a.ctx = ctx
	if err := a.holdTable(); err != nil {
		return nil, err
	}
	a.openIndex()
	defer func() { _ = a.close(context.WithoutCancel(ctx)) }()
	if a.index == nil {
		return nil, nil
	}
	check, err := a.compareIndex()
	if err != nil {
		return nil, fmt.Errorf("comparing the key index of %s with the table: %w", a.base.URL(), err)
	}
	return check, nil
}

func (a *attempt) compareIndex() (*IndexCheck, error) {
	check := &IndexCheck{}
	known := slices.Sorted(maps.Values(a.index.holders))
	check.Behind = len(a.holders) - len(known)
	err := a.index.Scan(func(e *keyindex.Entry) error {
		if _, ok := a.entryCounts(e); ok {
			check.Entries++
		}
		return a.ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	inTable, same := int64(0), int64(0)
	err = a.eachFact(known, func(holder int, facts []change.Fact) error {
		found, err := a.lookUpFacts(holder, facts)
		a.mu.Lock()
		defer a.mu.Unlock()
		inTable, same = inTable+int64(len(facts)), same+found
		return err
	})
	check.Lacking, check.Wrong = inTable-same, check.Entries-same
	for _, i := range known {
		err = errors.Join(err, a.compareRows(a.holders[i], check))
	}
	return check, err
}

// lookUpFacts counts the facts that the index has, each exactly once.
func (a *attempt) lookUpFacts(holder int, facts []change.Fact) (found int64, err error) {
	wanted := make(map[keyindex.Entry]bool, len(facts))
	keys := make([]keyindex.Key, len(facts))
	for i := range facts {
		wanted[entryOf(&facts[i], a.holders[holder].ordinal, rowOf(facts[i].Ref))] = true
		keys[i] = facts[i].Key
	}
	slices.SortFunc(keys, func(a, b keyindex.Key) int { return bytes.Compare(a[:], b[:]) })
	err = a.index.Lookup(slices.Compact(keys), 1, func(e *keyindex.Entry) {
		if wanted[*e] {
			delete(wanted, *e)
			found++
		}
	})
	return found, err
}

// compareRows compares the row cache of a file, if it has one, with the file.
// One that is damaged counts as none.
func (a *attempt) compareRows(h *holder, check *IndexCheck) error {
	columns := a.layout.full[:a.layout.source]
	kept := a.openRows(h, columns)
	if kept == nil {
		return nil
	}
	defer func() { _ = kept.Close() }()
	file, done, err := a.openFile(h)
	if err != nil {
		return err
	}
	defer done()
	c := rowsComparison{check: check, kept: kept, columns: columns}
	for g := range file.RowGroups() {
		err := file.ReadChunks(g, columns, copyRows, func(chunk *batch.Batch) error {
			return errors.Join(c.chunk(chunk), a.ctx.Err())
		})
		if errors.Is(err, rowcache.ErrDamaged) {
			a.rowsLost(err)
			a.dropRows(a.rowsPath(h.name()))
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type rowsComparison struct {
	check   *IndexCheck
	kept    *rowcache.File
	columns batch.Schema
	row     int64
	rows    batch.Batch
}

// chunk compares the next rows of the data file.
func (c *rowsComparison) chunk(want *batch.Batch) error {
	numbers := make([]int64, want.Rows)
	for i := range numbers {
		numbers[i] = c.row + int64(i)
	}
	c.row += int64(want.Rows)
	c.rows.Reset(c.columns)
	if err := c.kept.Read(numbers, c.columns, &c.rows); err != nil {
		return err
	}
	have := c.rows.Digests(len(c.columns))
	for i, digest := range want.Digests(len(c.columns)) {
		if have[i] != digest {
			c.check.WrongRows++
		}
	}
	c.check.KeptRows += int64(want.Rows)
	return nil
}
