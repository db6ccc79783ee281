package parquetfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/sluicedata/sluice/internal/batch"
)

// largeRowBytes of strings make a row a large one. The library holds a value four
// times on its way: encoded, as a page, compressed, among the pages of the row
// group. A cell may be of 50 MB, so a large row is written another way, in which
// it is held once beside the batch, compressed: it is a row group of its own,
// whose pages go to the sink one after the other.
//
// Who reads the file has the same from it: a row group never holds more than one
// large row, so that some thousand rows can be read without looking at how large
// they are.
const largeRowBytes = sliceBytes

// isLarge reports whether the next row is a large one.
func (c *cursor) isLarge() bool { return c.stringBytes(1) > largeRowBytes }

// writeLargeRow writes the next row as a row group.
func (w *Writer) writeLargeRow(cur *cursor) error {
	if err := w.endGroup(); err != nil {
		return err
	}
	if err := w.beginGroup(cur, straight); err != nil {
		return err
	}
	g := w.group
	for i, c := range g.cols {
		values, err := c.appendLast(&cur.b.Cols[i], cur.row, cur.values[i], w.comp)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.field.Name, err)
		}
		cur.values[i] += values
	}
	cur.row++
	g.rows = 1
	return w.endGroup()
}

// appendLast writes the one row of a column and ends it.
func (c *column) appendLast(src *batch.Column, row, value int, comp *compressor) (int, error) {
	if c.field.Type.Kind != batch.String || len(src.Def) == 0 || src.Def[row] == 0 || len(src.Bytes[value]) < c.pageBytes {
		values, err := c.append(src, row, 1, value)
		if err != nil {
			return 0, err
		}
		return values, c.close(1)
	}
	text := src.Bytes[value : value+1]
	c.tally.values++
	c.tally.text.add(text)
	if err := c.pages.writeValue(text[0], comp); err != nil {
		return 0, err
	}
	c.chunk.SetStats(chunkStats(c.field.Type, &c.tally))
	c.closed = true
	return 1, c.pages.Close(false, false)
}

// pageHead is what stands before the value in a page of one value that is not
// null, in the plain encoding:
//
//	02 00 00 00   length of the definition levels
//	02 01         a run of one level, 1
//	LL LL LL LL   length of the value
func pageHead(length int) []byte {
	return binary.LittleEndian.AppendUint32([]byte{2, 0, 0, 0, 2, 1}, uint32(length))
}

// writeValue writes a page of one value.
func (p *pager) writeValue(value []byte, comp *compressor) error {
	head := pageHead(len(value))
	size := len(head) + len(value)
	if size > math.MaxInt32 {
		return fmt.Errorf("a page of %d bytes: the most is %d", size, math.MaxInt32)
	}
	compressed, err := comp.stream(head, value)
	if err != nil {
		return err
	}
	page := file.NewDataPageV1WithConfig(memory.NewBufferBytes(compressed), parquet.Encodings.RLE, parquet.Encodings.RLE,
		file.DataPageConfig{Num: 1, Encoding: parquet.Encodings.Plain, UncompressedSize: int32(size)})
	defer page.Release()
	_, err = p.PageWriter.WriteDataPage(page)
	return err
}

// makeLarge makes a buffer when what was left behind has been collected. The
// collector by itself begins when the memory is nearly used up, and a buffer of
// this size takes the rest before it is done.
func makeLarge(size int) []byte {
	runtime.GC()
	return make([]byte, 0, size)
}

// largeBuffers is the library's allocator with a look at the size.
type largeBuffers struct{ memory.Allocator }

// Allocate makes room for large pages and values.
func (a largeBuffers) Allocate(size int) []byte {
	if size > largeRowBytes {
		return makeLarge(size)[:size]
	}
	return a.Allocator.Allocate(size)
}
