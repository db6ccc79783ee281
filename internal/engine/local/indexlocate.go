package local

import (
	"bytes"
	"slices"
	"sync"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

// indexLocator finds keys in the index: its cost follows the batch. Files that
// the index lacks are read, and noted in it.
type indexLocator struct{}

func (indexLocator) locate(a *attempt, wanted *keyFilter, holders []int) error {
	hits, err := a.lookUp()
	if err == nil {
		err = a.checkSample(hits)
	}
	if err != nil {
		if a.ctx.Err() != nil {
			return err
		}
		a.dropIndex(err)
		if a.openIndex(); a.index == nil {
			return scanLocator{}.locate(a, wanted, holders)
		}
		hits = nil
	}
	for i := range hits {
		if h := a.holders[holderOf(hits[i].Ref)]; hits[i].Delete {
			h.file.noteTombstones(a)
		}
	}
	if err := a.facts.add(hits...); err != nil {
		return err
	}
	unknown := slices.DeleteFunc(slices.Clone(holders), func(i int) bool { return a.holders[i].ordinal != 0 })
	return a.feedIndex(unknown, wanted)
}

// lookUp finds the facts that count of the keys of a small batch.
func (a *attempt) lookUp() ([]change.Fact, error) {
	var mu sync.Mutex
	var hits []change.Fact
	err := a.index.Lookup(a.keptKeys(), a.engine.opts.Workers, func(e *keyindex.Entry) {
		if i, ok := a.entryCounts(e); ok {
			f := factOf(e, address(i, entryRow(e)))
			mu.Lock()
			hits = append(hits, f)
			mu.Unlock()
		}
	})
	return hits, err
}

// keptKeys are the keys of a small batch, sorted, each once.
func (a *attempt) keptKeys() []keyindex.Key {
	var keys []keyindex.Key
	for _, h := range a.holders {
		if h.block == nil {
			continue
		}
		for i := range h.block.Changes {
			keys = append(keys, h.block.Changes[i].Key)
		}
	}
	slices.SortFunc(keys, func(a, b keyindex.Key) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(keys)
}

// entryCounts reports whether an entry says something of the table as it was
// before the batch, and of which holder.
func (a *attempt) entryCounts(e *keyindex.Entry) (holder int, ok bool) {
	i, ok := a.index.holders[ordinalOf(e)]
	if !ok || a.holders[i].file == nil {
		return 0, false
	}
	return i, isTombstone(e) || !a.holders[i].file.wasDead(entryRow(e))
}
