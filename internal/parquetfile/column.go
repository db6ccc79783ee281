package parquetfile

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/sluicedata/sluice/internal/batch"
)

// column encodes one column of the open row group.
type column struct {
	field     batch.Field
	chunk     *metadata.ColumnChunkMetaDataBuilder
	pages     *pager
	writer    file.ColumnChunkWriter
	pageBytes int
	tally     tally
	limit     int128 // decimals: 10^precision
	closed    bool

	ints  []int32                     // scratch: narrowed values of a slice
	fixed []parquet.FixedLenByteArray // scratch: wide decimals of a slice
}

func newColumn(f batch.Field, chunk *metadata.ColumnChunkMetaDataBuilder, p *pager, w file.ColumnChunkWriter, pageBytes int) *column {
	c := &column{field: f, chunk: chunk, pages: p, writer: w, pageBytes: pageBytes, tally: newTally()}
	if f.Type.Kind == batch.Decimal {
		c.limit = powerOfTen(f.Type.Precision)
	}
	return c
}

// allNull serves as the definition levels of columns that have none.
var allNull [sliceRows]int16

// append encodes n rows of src from a row on, of which value is the first
// value, and says how many values they had.
func (c *column) append(src *batch.Column, row, n, value int) (int, error) {
	def := allNull[:n]
	if len(src.Def) > 0 {
		def = src.Def[row : row+n]
	}
	ones, _ := countOnes(def)
	c.tally.values += int64(ones)
	c.tally.nulls += int64(n - ones)
	return ones, c.encode(src, def, value, value+ones)
}

func (c *column) encode(src *batch.Column, def []int16, lo, hi int) error {
	switch w := c.writer.(type) {
	case *file.ByteArrayColumnChunkWriter:
		c.tally.text.add(src.Bytes[lo:hi])
		return c.encodeStrings(w, src.Bytes[lo:hi], def)
	case *file.Int64ColumnChunkWriter:
		if err := c.tallyInts(src.Ints[lo:hi]); err != nil {
			return err
		}
		_, err := w.WriteBatch(src.Ints[lo:hi], def, nil)
		return err
	case *file.Int32ColumnChunkWriter:
		if err := c.tallyInts(src.Ints[lo:hi]); err != nil {
			return err
		}
		_, err := w.WriteBatch(c.narrow(src.Ints[lo:hi]), def, nil)
		return err
	case *file.Float64ColumnChunkWriter:
		c.tally.addDoubles(src.Doubles[lo:hi])
		_, err := w.WriteBatch(src.Doubles[lo:hi], def, nil)
		return err
	case *file.BooleanColumnChunkWriter:
		c.tally.addBools(src.Bools[lo:hi])
		_, err := w.WriteBatch(src.Bools[lo:hi], def, nil)
		return err
	case *file.FixedLenByteArrayColumnChunkWriter:
		if err := c.tallyWide(src.Wide[lo:hi]); err != nil {
			return err
		}
		_, err := w.WriteBatch(c.fixedLength(src.Wide[lo:hi]), def, nil)
		return err
	}
	return fmt.Errorf("no encoder for %s", c.field.Type)
}

// encodeStrings writes strings in portions of about a page. The library looks
// at a page's size only after each call, so a call with a thousand values of a
// megabyte would make a page of a gigabyte.
func (c *column) encodeStrings(w *file.ByteArrayColumnChunkWriter, values [][]byte, def []int16) error {
	for len(def) > 0 {
		rows, ones, size := 0, 0, 0
		for rows < len(def) && (size < c.pageBytes || rows == 0) {
			if def[rows] == 1 {
				size += len(values[ones])
				ones++
			}
			rows++
		}
		if _, err := w.WriteBatch(byteArrays(values[:ones]), def[:rows], nil); err != nil {
			return err
		}
		values, def = values[ones:], def[rows:]
	}
	return nil
}

// tallyInts adds to the statistics and, by them, refuses values that the
// stored type cannot hold.
func (c *column) tallyInts(values []int64) error {
	c.tally.addInts(values)
	if c.tally.values == 0 {
		return nil
	}
	lo, hi := int64(-1<<31), int64(1<<31-1)
	switch c.field.Type.Kind {
	case batch.Decimal:
		hi = int64(c.limit.lo) - 1
		lo = -hi
	case batch.Date, batch.Integer:
	default:
		return nil
	}
	if c.tally.minInt < lo || c.tally.maxInt > hi {
		return fmt.Errorf("%w: values from %d to %d do not fit %s", ErrBatch, c.tally.minInt, c.tally.maxInt, c.field.Type)
	}
	return nil
}

func (c *column) tallyWide(values [][16]byte) error {
	c.tally.addWide(values)
	if c.tally.values > 0 && !(c.tally.minWide.inDigits(c.limit) && c.tally.maxWide.inDigits(c.limit)) {
		return fmt.Errorf("%w: a value has more digits than %s", ErrBatch, c.field.Type)
	}
	return nil
}

// narrow is the values as int32; tallyInts has made sure that they fit.
func (c *column) narrow(values []int64) []int32 {
	c.ints = c.ints[:0]
	for _, v := range values {
		c.ints = append(c.ints, int32(v))
	}
	return c.ints
}

func (c *column) fixedLength(values [][16]byte) []parquet.FixedLenByteArray {
	c.fixed = c.fixed[:0]
	for i := range values {
		c.fixed = append(c.fixed, values[i][:])
	}
	return c.fixed
}

// close writes what is left of the column's rows, once.
func (c *column) close(rows int) error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.writer.RowsWritten() != rows {
		return errors.New("rows were lost before the end of the row group")
	}
	c.chunk.SetStats(chunkStats(c.field.Type, &c.tally))
	return c.writer.Close()
}

// buffered is about the memory that the column holds: compressed pages, the
// page being filled and the buffer in which the largest one was put together.
func (c *column) buffered() int64 {
	sum := c.writer.TotalBytesWritten() + int64(c.pages.largest)
	if w, ok := c.writer.(interface{ EstimatedBufferedValueBytes() int64 }); ok {
		sum += w.EstimatedBufferedValueBytes()
	}
	return sum
}
