package parquetfile

import (
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
)

// columnSet reads several columns of a row group side by side.
type columnSet struct {
	group int
	want  batch.Schema
	cols  []*columnReader
	mem   arena
}

func (f *File) openColumns(i int, want batch.Schema) (*columnSet, error) {
	if i < 0 || i >= len(f.groups) {
		return nil, fmt.Errorf("row group %d of %d: there is none", i, len(f.groups))
	}
	s := &columnSet{group: i, want: want}
	s.mem.alone = f.groups[i].NumRows() == 1
	for _, w := range want {
		c, err := f.openColumn(i, w, len(want), &s.mem)
		if err != nil {
			s.close()
			return nil, err
		}
		s.cols = append(s.cols, c)
	}
	return s, nil
}

// read appends the next n rows.
func (s *columnSet) read(n int, into *batch.Batch) error {
	for i, c := range s.cols {
		if err := c.read(n, &into.Cols[i], into.Rows); err != nil {
			return c.fail(s.group, err)
		}
	}
	into.Rows += n
	return nil
}

func (s *columnSet) skip(rows int64) error {
	for _, c := range s.cols {
		if err := c.skip(rows); err != nil {
			return c.fail(s.group, err)
		}
	}
	return nil
}

func (s *columnSet) close() {
	for _, c := range s.cols {
		// Closing only gives buffers back; the rows have been read.
		_ = c.close()
	}
}

// ReadRowGroup reads the columns, found by name, of row group i. A column that
// the file does not have is null in all rows. What the batch held is gone.
func (f *File) ReadRowGroup(i int, columns batch.Schema, into *batch.Batch) error {
	s, err := f.openColumns(i, columns)
	if err != nil {
		return err
	}
	defer s.close()
	into.Reset(columns)
	return s.read(int(f.RowGroupRows(i)), into)
}

const (
	// chunkBytes of a row group, as if all rows were alike, are read at a time, down
	// to one row.
	chunkBytes = 16 << 20
	// cellBytes are those that a cell takes beside its content.
	cellBytes = 16
)

// chunkRows is how many rows make a chunk, at most that many.
func (f *File) chunkRows(i int, columns batch.Schema, most int) int64 {
	average := f.ColumnBytes(i, columns)/max(1, f.RowGroupRows(i)) + int64(cellBytes*len(columns))
	return max(1, min(int64(most), chunkBytes/max(1, average)))
}

// ReadChunks reads row group i in portions of at most chunkRows rows, fewer where
// rows are large. Each call of fn gets the same batch anew: what fn wants to keep
// it must copy. Its error ends the reading and is returned as it is.
func (f *File) ReadChunks(i int, columns batch.Schema, chunkRows int, fn func(*batch.Batch) error) error {
	if chunkRows < 1 {
		return fmt.Errorf("read row group %d: chunks of %d rows: must be at least 1", i, chunkRows)
	}
	s, err := f.openColumns(i, columns)
	if err != nil {
		return err
	}
	defer s.close()
	var b batch.Batch
	most := f.chunkRows(i, columns, chunkRows)
	for left := f.RowGroupRows(i); left > 0; {
		b.Reset(columns)
		s.mem.reset()
		n := min(left, most)
		if err := s.read(int(n), &b); err != nil {
			return err
		}
		if err := fn(&b); err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// ReadRows appends the given rows of row group i, numbered from 0 within it
// and strictly ascending. The batch must be empty or have those columns.
func (f *File) ReadRows(i int, rows []int64, columns batch.Schema, into *batch.Batch) error {
	s, err := f.openColumns(i, columns)
	if err != nil {
		return err
	}
	defer s.close()
	if err := checkRows(rows, f.RowGroupRows(i)); err != nil {
		return fmt.Errorf("read row group %d: %w", i, err)
	}
	if into.Rows == 0 {
		into.Reset(columns)
	}
	if len(into.Cols) != len(columns) {
		return fmt.Errorf("%w: %d columns cannot be appended to %d", ErrBatch, len(columns), len(into.Cols))
	}
	at := int64(0)
	for len(rows) > 0 {
		run := runLength(rows)
		if err := s.skip(rows[0] - at); err != nil {
			return err
		}
		if err := s.read(run, into); err != nil {
			return err
		}
		at, rows = rows[0]+int64(run), rows[run:]
	}
	return nil
}

func checkRows(rows []int64, end int64) error {
	before := int64(-1)
	for _, r := range rows {
		if r <= before || r >= end {
			return fmt.Errorf("row %d after %d of %d: rows must be ascending and exist", r, before, end)
		}
		before = r
	}
	return nil
}

// runLength is how many rows at the start follow one another without a gap.
func runLength(rows []int64) int {
	n := 1
	for n < len(rows) && rows[n] == rows[0]+int64(n) {
		n++
	}
	return n
}
