package local

import (
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// rowBytes is less than any row of an export takes: Id, version, separators.
const rowBytes = 50

// collect reads the changes of the batch.
func (a *attempt) collect() error {
	keys := a.batch.Bytes/rowBytes + 1
	a.touched = newKeyFilter(keys, a.engine.opts.Memory/16)
	if a.small() {
		return a.pump(a.keep)
	}
	a.joint = newKeyFilter(keys, a.engine.opts.Memory/16)
	a.repeats = newRepeats(keys, a.engine.opts.Memory/16, a.engine.opts.Workers)
	streams := make([]*stream, a.engine.opts.Workers)
	for w := range streams {
		streams[w] = &stream{attempt: a, worker: w}
	}
	err := a.pump(func(w int, block *change.Block, _ change.Piece) (bool, error) {
		return false, streams[w].take(block)
	})
	for _, s := range streams {
		if err == nil {
			err = s.close()
		}
		a.counts.Read += s.read
	}
	return err
}

// keep holds a block of a small batch in memory.
func (a *attempt) keep(_ int, block *change.Block, piece change.Piece) (bool, error) {
	rows := len(block.Changes)
	kept := &keptBlock{Block: *block, piece: piece,
		stay: make([]bool, rows), ends: make([]int64, rows), firsts: make([]int64, rows)}
	h := a.addHolder(holder{block: kept})
	facts := make([]change.Fact, rows)
	for i, c := range block.Changes {
		a.touched.add(keyHash(&c.Key))
		facts[i] = change.New(c, address(h, int64(i)))
	}
	a.mu.Lock()
	a.counts.Read += int64(rows)
	a.mu.Unlock()
	return true, a.facts.add(facts...)
}

// stream writes the upserts of a large batch to data files as they come, as
// current rows. Which of them are not is found out when all are there.
type stream struct {
	attempt *attempt
	worker  int
	out     *output
	holder  int
	read    int64

	rows     batch.Batch // upserts of a block that has deletes too
	alive    []int
	columns  batch.Batch
	start    batch.Column
	folder   batch.Column
	modified batch.Column
}

func (s *stream) take(block *change.Block) error {
	a := s.attempt
	s.read += int64(len(block.Changes))
	s.alive = s.alive[:0]
	for i := range block.Changes {
		c := &block.Changes[i]
		hash := keyHash(&c.Key)
		a.repeats.note(s.worker, hash, a.touched.add(hash))
		if !c.Delete {
			s.alive = append(s.alive, i)
			continue
		}
		a.join(hash)
		if err := a.facts.add(change.New(*c, 0)); err != nil {
			return err
		}
	}
	if len(s.alive) == 0 {
		return nil
	}
	rows := &block.Rows
	if len(s.alive) < rows.Rows {
		s.rows.Reset(rows.Schema)
		s.rows.AppendRows(rows, s.alive)
		rows = &s.rows
	}
	return s.write(rows, block.Changes)
}

// write appends the rows with the columns that only data files have.
func (s *stream) write(rows *batch.Batch, changes []change.Change) error {
	a := s.attempt
	if s.out == nil || s.out.full() {
		if err := s.roll(); err != nil {
			return err
		}
	}
	l := &a.layout
	s.columns.Schema, s.columns.Rows = l.plain, rows.Rows
	s.columns.Cols = append(s.columns.Cols[:0], rows.Cols...)
	if l.start >= 0 {
		s.start = batch.Column{Def: s.start.Def[:0], Ints: s.start.Ints[:0]}
		for _, i := range s.alive {
			s.start.Int(changes[i].Version)
		}
		s.columns.Cols = append(s.columns.Cols, s.start, batch.Column{})
	}
	first := changes[s.alive[0]]
	s.folder = batch.Column{Def: s.folder.Def[:0], Ints: s.folder.Ints[:0]}
	for range rows.Rows {
		s.folder.Int(first.Folder)
	}
	s.columns.Cols = append(s.columns.Cols, s.folder)
	if l.hidden {
		s.modified = batch.Column{Def: s.modified.Def[:0], Ints: s.modified.Ints[:0]}
		for _, i := range s.alive {
			intOrNull(&s.modified, changes[i].Modified, changes[i].Modified != change.NoTime)
		}
		s.columns.Cols = append(s.columns.Cols, s.modified)
	}
	s.out.spans = append(s.out.spans, span{row: s.out.rows, folder: first.Folder, file: first.File, offset: first.Offset})
	a.noteChanges(s.out, changes, s.alive)
	return s.out.write(&s.columns)
}

// roll closes the file and begins the next.
func (s *stream) roll() error {
	if err := s.close(); err != nil {
		return err
	}
	out, holder, err := s.attempt.newOutput(s.attempt.layout.plain)
	s.out, s.holder = out, holder
	if err == nil {
		s.attempt.keepRows(out)
	}
	return err
}

func (s *stream) close() error {
	if s.out == nil {
		return nil
	}
	return s.out.close()
}

// span says where consecutive rows of a data file come from.
type span struct {
	row    int64 // the first row of the span
	folder int64
	file   int32
	offset int64
}

// place of a row in the source: exact in folder and file. In the file it keeps
// the order of the rows, which is all that is asked of it: a row takes at
// least one byte.
func (o *output) place(row int64) (folder int64, file int32, offset int64) {
	i, found := slices.BinarySearchFunc(o.spans, row, func(s span, row int64) int { return int(s.row - row) })
	if !found {
		i--
	}
	s := &o.spans[i]
	return s.folder, s.file, s.offset + row - s.row
}
