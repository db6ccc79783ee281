package parquetfile

import (
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
)

const (
	// sliceRows is how many rows are encoded column by column before the
	// sizes of pages and of the row group are looked at again.
	sliceRows = 1024
	// sliceBytes bounds the strings in a slice, down to one row.
	sliceBytes = 4 << 20
	// maxValueBytes is the largest string: a page holds it whole, and a
	// page's size is an int32.
	maxValueBytes = 1 << 30
)

// cursor walks over the rows of a batch. values counts, for every column, the
// values (not nulls) before the row.
type cursor struct {
	b      *batch.Batch
	row    int
	values []int
}

func newCursor(b *batch.Batch) *cursor {
	return &cursor{b: b, values: make([]int, len(b.Cols))}
}

// fit is how many of the next n rows hold no more than sliceBytes of strings,
// at least one.
func (c *cursor) fit(n int) int {
	n = min(n, c.b.Rows-c.row)
	for n > 1 && c.stringBytes(n) > sliceBytes {
		n /= 2
	}
	return n
}

func (c *cursor) stringBytes(rows int) (sum int) {
	for i, f := range c.b.Schema {
		if f.Type.Kind != batch.String {
			continue
		}
		// As many values as rows is more than enough: nulls only make it fewer.
		values := c.b.Cols[i].Bytes[c.values[i]:]
		for _, v := range values[:min(rows, len(values))] {
			sum += len(v)
		}
	}
	return sum
}

// checkBatch makes sure that the batch is of the schema and in itself whole,
// before any of it is written.
func checkBatch(s batch.Schema, b *batch.Batch) error {
	if len(b.Schema) != len(s) || len(b.Cols) != len(s) || b.Rows < 0 {
		return fmt.Errorf("%w: %d columns of %d were given, and %d rows", ErrBatch, len(b.Cols), len(s), b.Rows)
	}
	for i, f := range s {
		if b.Schema[i].Type != f.Type {
			return fmt.Errorf("%w: column %q is %s, not %s", ErrBatch, f.Name, b.Schema[i].Type, f.Type)
		}
		if err := checkColumn(f.Type, &b.Cols[i], b.Rows); err != nil {
			return fmt.Errorf("%w: column %q: %w", ErrBatch, f.Name, err)
		}
	}
	return nil
}

func checkColumn(typ batch.Type, c *batch.Column, rows int) error {
	values := valueCount(typ, c)
	if len(c.Def) == 0 {
		if values != 0 {
			return fmt.Errorf("%d values without definition levels", values)
		}
		return nil
	}
	ones, ok := countOnes(c.Def)
	if !ok || len(c.Def) != rows || ones != values {
		return fmt.Errorf("%d definition levels of %d rows announce %d values, %d are there", len(c.Def), rows, ones, values)
	}
	for _, v := range c.Bytes {
		if len(v) > maxValueBytes {
			return fmt.Errorf("a value of %d bytes is longer than a page can hold (%d)", len(v), maxValueBytes)
		}
	}
	return nil
}

func valueCount(typ batch.Type, c *batch.Column) int {
	switch {
	case typ.Kind == batch.String:
		return len(c.Bytes)
	case typ.Kind == batch.Double:
		return len(c.Doubles)
	case typ.Kind == batch.Boolean:
		return len(c.Bools)
	case typ.IsWide():
		return len(c.Wide)
	}
	return len(c.Ints)
}

// countOnes counts the values that definition levels announce; false: there
// is a level that is neither 0 nor 1.
func countOnes(def []int16) (ones int, ok bool) {
	seen := int16(0)
	for _, d := range def {
		ones += int(d)
		seen |= d
	}
	return ones, seen&^1 == 0
}
