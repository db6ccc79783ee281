package local

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
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

// feedIndex reads files that the index lacks and notes what they hold. Facts of
// wanted keys are added on the way.
func (a *attempt) feedIndex(holders []int, wanted *keyFilter) error {
	for _, i := range holders {
		a.holders[i].ordinal = a.index.NewFile()
		a.index.holders[a.holders[i].ordinal] = i
	}
	return a.eachFact(holders, func(holder int, facts []change.Fact) error {
		entries := make([]keyindex.Entry, len(facts))
		var found []change.Fact
		for i := range facts {
			entries[i] = entryOf(&facts[i], a.holders[holder].ordinal, rowOf(facts[i].Ref))
			if wanted.has(keyHash(&facts[i].Key)) {
				found = append(found, facts[i])
			}
		}
		a.index.added.Add(entries...)
		return a.facts.add(found...)
	})
}

// eachFact hands on all facts of files of the table, some at a time, from
// several goroutines.
func (a *attempt) eachFact(holders []int, visit func(holder int, facts []change.Fact) error) error {
	group, ctx := errgroup.WithContext(a.ctx)
	group.SetLimit(a.engine.opts.Workers)
	for _, i := range holders {
		file, done, err := a.openFile(a.holders[i])
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		a.holders[i].file.rows = file.Rows()
		parts := rowGroupParts(file, scanRows)
		done()
		for _, part := range parts {
			if ctx.Err() != nil {
				break
			}
			group.Go(func() error { return a.readPart(i, part, visit) })
		}
	}
	return group.Wait()
}

func (a *attempt) readPart(holder int, part rowGroups, visit func(int, []change.Fact) error) error {
	file, done, err := a.openFile(a.holders[holder])
	if err != nil {
		return err
	}
	defer done()
	s := scan{attempt: a, holder: holder, file: file}
	s.columns = append(a.layout.factSchema(), a.layout.full[a.layout.key])
	row := part.row
	for i := part.from; i < part.to; i++ {
		err := file.ReadChunks(i, s.columns, copyRows, func(chunk *batch.Batch) error {
			s.takeAll(chunk)
			s.factsOf(row)
			row += int64(chunk.Rows)
			if err := a.ctx.Err(); err != nil {
				return err
			}
			return visit(holder, s.facts)
		})
		if err != nil {
			return damage(fmt.Errorf("reading keys of data file %s: %w", a.holderPath(holder), err))
		}
	}
	return nil
}

// takeAll takes the rows of a chunk that have a key.
func (s *scan) takeAll(chunk *batch.Batch) {
	s.rows, s.keys = s.rows[:0], s.keys[:0]
	column := &chunk.Cols[len(s.columns)-1]
	var chosen []int
	v := 0
	for row := range chunk.Rows {
		if len(column.Def) == 0 || column.Def[row] == 0 {
			continue
		}
		if k, ok := change.ParseKey(column.Bytes[v]); ok {
			s.rows, s.keys, chosen = append(s.rows, int64(row)), append(s.keys, k), append(chosen, row)
		}
		v++
	}
	s.found.Reset(s.columns)
	s.found.AppendRows(chunk, chosen)
}
