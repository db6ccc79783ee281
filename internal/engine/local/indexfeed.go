package local

import (
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

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
