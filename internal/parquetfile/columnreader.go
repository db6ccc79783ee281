package parquetfile

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/sluicedata/sluice/internal/batch"
)

const (
	// Read-ahead of a column: the share of a column in readAheadTotal, within
	// these bounds. A chunk that fits is read with one request.
	readAheadTotal = 32 << 20
	readAheadMin   = 128 << 10
	readAheadMax   = 4 << 20
	// maxRatio is more than any codec can compress: zstd writes 128 KiB of one
	// byte as a block of four.
	maxRatio = 40_000
	// stepRows is how many rows are decoded before they are converted, while
	// they are in the processor's cache.
	stepRows = 4 << 10
)

// columnReader reads one column of one row group from its start to its end.
type columnReader struct {
	name   string
	src    *source
	chunk  file.ColumnChunkReader // nil: the file does not have the column
	decode decoder
	max    int16 // definition level of a value: 0 in a required column
	left   int64 // rows ahead
}

// decoder appends values of one physical type to a column.
type decoder interface {
	// next decodes up to len(def) rows of the current page, filling def, and
	// says how many rows and values there were.
	next(def []int16, into *batch.Column) (rows int64, values int, err error)
	skip(rows int64) error
}

// source keeps the first error of an io.ReaderAt, to tell what storage cannot
// give from what a file should not hold.
type source struct {
	r   io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.r.ReadAt(p, off)
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return n, err
}

// openColumn prepares to read a column of row group i as the wanted type;
// columns is how many are read side by side.
func (f *File) openColumn(i int, want batch.Field, columns int, mem *arena) (*columnReader, error) {
	c := &columnReader{name: want.Name, src: &source{r: f.src}, left: f.groups[i].NumRows()}
	l, ok := f.leaves[want.Name]
	if !ok {
		return c, nil
	}
	if l.reason != "" {
		return nil, fmt.Errorf("%w: column %q cannot be read: %s", ErrType, want.Name, l.reason)
	}
	c.max = l.descr.MaxDefinitionLevel()
	if err := c.open(f, i, l.index, columns); err != nil {
		return nil, c.fail(i, err)
	}
	var err error
	if c.decode, err = newDecoder(want.Type, l.descr, c.chunk, mem); err != nil {
		return nil, errors.Join(fmt.Errorf("column %q: %w", want.Name, err), c.close())
	}
	return c, nil
}

func (c *columnReader) open(f *File, i, leaf, columns int) (err error) {
	defer recovered(&err)
	chunk, err := f.groups[i].ColumnChunk(leaf)
	if err != nil {
		return err
	}
	if err := f.checkChunk(chunk, c.left); err != nil {
		return err
	}
	props := parquet.NewReaderProperties(largeBuffers{memory.DefaultAllocator})
	props.BufferedStreamEnabled = true
	// A page of a large value is decompressed value by value into its place.
	props.PageStreamingEnabled = true
	props.BufferSize = int64(min(max(readAheadTotal/columns, readAheadMin), readAheadMax))
	// The library's own limits, 64 and 256 MiB, are less than cells can have.
	props.MaxCompressedPageSize = max(chunk.TotalCompressedSize(), 1)
	props.MaxUncompressedPageSize = min(max(chunk.TotalUncompressedSize(), 1), f.size*maxRatio, math.MaxInt32)
	all := io.NewSectionReader(c.src, 0, f.size)
	reader, err := file.NewParquetReader(all, file.WithMetadata(f.meta), file.WithReadProps(props))
	if err != nil {
		return err
	}
	c.chunk, err = reader.RowGroup(i).Column(leaf)
	return err
}

// checkChunk makes sure that a chunk lies in the file and has a level for
// every row, before anything is allocated for it.
func (f *File) checkChunk(chunk *metadata.ColumnChunkMetaData, rows int64) error {
	start, length := chunk.DataPageOffset(), chunk.TotalCompressedSize()
	if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
		start = min(start, chunk.DictionaryPageOffset())
	}
	if start < 0 || length < 0 || start > f.size || length > f.size-start {
		return fmt.Errorf("column chunk at %d of %d bytes lies outside of the file of %d", start, length, f.size)
	}
	if chunk.NumValues() != rows {
		return fmt.Errorf("column chunk of %d values in a row group of %d rows", chunk.NumValues(), rows)
	}
	if chunk.FilePath() != "" {
		return fmt.Errorf("column chunk lies in another file, %q", chunk.FilePath())
	}
	return nil
}

// read appends the next n rows to into, which has rows already.
func (c *columnReader) read(n int, into *batch.Column, rows int) (err error) {
	if c.chunk == nil {
		if len(into.Def) > 0 {
			into.Def = appendLevels(into.Def, 0, n)
		}
		return nil
	}
	defer recovered(&err)
	if len(into.Def) < rows {
		into.Def = appendLevels(into.Def, 0, rows-len(into.Def))
	}
	if int64(n) > c.left {
		return fmt.Errorf("%d rows are wanted, %d are left", n, c.left)
	}
	into.Def = slices.Grow(into.Def, min(n, defaultRowGroupRows))
	for n > 0 {
		got, err := c.step(min(n, stepRows), into)
		if err != nil {
			return err
		}
		n -= got
		c.left -= int64(got)
	}
	return nil
}

func (c *columnReader) step(n int, into *batch.Column) (int, error) {
	at := len(into.Def)
	into.Def = slices.Grow(into.Def, n)[:at+n]
	def := into.Def[at:]
	rows, values, err := c.decode.next(def, into)
	switch {
	case err != nil:
		return 0, err
	case rows <= 0 || rows > int64(n):
		return 0, fmt.Errorf("pages end %d rows early", c.left)
	}
	into.Def = into.Def[:at+int(rows)]
	return int(rows), c.checkLevels(def[:rows], values)
}

// checkLevels completes the levels of a required column, and makes sure that
// there are as many values as the levels announce.
func (c *columnReader) checkLevels(def []int16, values int) error {
	if c.max == 0 {
		fillLevels(def, 1)
	}
	if ones, ok := countOnes(def); !ok || ones != values {
		return fmt.Errorf("a page has %d values, its definition levels announce %d", values, ones)
	}
	return nil
}

// skip passes over rows.
func (c *columnReader) skip(rows int64) (err error) {
	if c.chunk == nil || rows == 0 {
		return nil
	}
	defer recovered(&err)
	c.left -= rows
	if err := c.decode.skip(rows); err != nil {
		return err
	}
	// Skip of arrow-go says nothing of a page that could not be read; the rows
	// behind it would be taken for those that were asked for.
	return c.chunk.Err()
}

func (c *columnReader) close() (err error) {
	if c.chunk == nil {
		return nil
	}
	defer recovered(&err)
	return c.chunk.Close()
}

// fail says where an error happened and of which class it is.
func (c *columnReader) fail(group int, err error) error {
	switch {
	case err == nil:
		return nil
	case c.src.err != nil:
		return fmt.Errorf("read row group %d, column %q: %w", group, c.name, c.src.err)
	case errors.Is(err, ErrType):
		return fmt.Errorf("row group %d, column %q: %w", group, c.name, err)
	}
	return fmt.Errorf("%w: row group %d, column %q: %w", ErrCorrupt, group, c.name, err)
}

func appendLevels(def []int16, level int16, n int) []int16 {
	at := len(def)
	def = slices.Grow(def, n)[:at+n]
	fillLevels(def[at:], level)
	return def
}

func fillLevels(def []int16, level int16) {
	for i := range def {
		def[i] = level
	}
}
