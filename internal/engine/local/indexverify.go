package local

import (
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// sampledHits is how many hits of a batch are compared with the table.
const sampledHits = 2

// checkSample reads the keys of some hits. Rows that are written again are all
// compared, see [attempt.checkKeys]; that others are where the index says
// follows from its being checked by checksums and its files by names.
func (a *attempt) checkSample(hits []change.Fact) error {
	for n := range min(sampledHits, len(hits)) {
		f := &hits[n*(len(hits)-1)]
		if err := a.checkHit(f); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) checkHit(f *change.Fact) error {
	file := a.holders[holderOf(f.Ref)].file
	if rowOf(f.Ref) >= file.rows {
		return a.wrongKey(f)
	}
	columns := batch.Schema{a.layout.full[a.layout.key]}
	return a.fetch([]uint64{f.Ref}, columns, func(_ []uint64, rows *batch.Batch) error {
		return a.sameKey(f, rows.Cols[0].Bytes, 0)
	})
}

// sameKey compares the key of a fact with that of a row.
func (a *attempt) sameKey(f *change.Fact, keys [][]byte, row int) error {
	if row >= len(keys) {
		return a.wrongKey(f)
	}
	if k, ok := change.ParseKey(keys[row]); !ok || k != f.Key {
		return a.wrongKey(f)
	}
	return nil
}

// errWrongKey: a row that was found has another key.
var errWrongKey = errors.New("the key index points to another row")

func (a *attempt) wrongKey(f *change.Fact) error {
	return fmt.Errorf("%w: %s is not in row %d of %s", errWrongKey, f.Key, rowOf(f.Ref), a.holderPath(holderOf(f.Ref)))
}

// checkKeys compares the keys of rows that are written again with the facts. An
// index that is wrong is dropped, and the batch starts over without it.
func (a *attempt) checkKeys(facts []change.Fact, rows *batch.Batch) error {
	if a.index == nil {
		return nil
	}
	for i := range facts {
		if err := a.sameKey(&facts[i], rows.Cols[a.layout.key].Bytes, i); err != nil {
			a.dropIndex(err)
			return &conflictError{err.Error()}
		}
	}
	return nil
}
