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

// keysAtOnce bounds the facts that are held before they are counted.
const keysAtOnce = 1 << 16

func (indexLocator) locate(a *attempt, wanted *keyFilter, holders []int) error {
	for keys := a.keptKeys(); len(keys) > 0; {
		some := keys[:min(len(keys), keysAtOnce)]
		keys = keys[len(some):]
		hits, err := a.lookUp(some)
		if err == nil {
			err = a.checkSample(hits)
		}
		if err != nil {
			if a.ctx.Err() != nil {
				return err
			}
			// Facts of it may have been taken in already.
			a.dropIndex(err)
			return &conflictError{err.Error()}
		}
		if err := a.addHits(hits); err != nil {
			return err
		}
	}
	unknown := slices.DeleteFunc(slices.Clone(holders), func(i int) bool { return a.holders[i].ordinal != 0 })
	return a.feedIndex(unknown, wanted)
}

// addHits takes in facts of the table.
func (a *attempt) addHits(hits []change.Fact) error {
	for i := range hits {
		if hits[i].Delete {
			a.holders[holderOf(hits[i].Ref)].file.noteTombstones(a)
		}
	}
	return a.facts.add(hits...)
}

// lookUp finds the facts that count of some keys.
func (a *attempt) lookUp(keys []keyindex.Key) ([]change.Fact, error) {
	var mu sync.Mutex
	var hits []change.Fact
	err := a.index.Lookup(keys, a.engine.opts.Workers, func(e *keyindex.Entry) {
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
