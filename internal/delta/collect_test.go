package delta

import (
	"bytes"
	"cmp"
	"math"

	"github.com/sluicedata/sluice/internal/batch"
)

// collector gathers the stats of batches in the plainest way.
type collector struct {
	schema batch.Schema // the columns that have stats
	rows   int64
	cols   []columnRange
}

// columnRange is the smallest and the largest value of a column so far. The
// kind of the column says which of the pairs is used.
type columnRange struct {
	values           bool // there was one
	nulls            int64
	minInt, maxInt   int64
	minF, maxF       float64
	nan              bool
	minText, maxText []byte // cut at textKept
	minWide, maxWide [16]byte
}

// textKept bytes hold one character more than a bound, whatever they are.
const textKept = (boundRunes + 1) * 4

// newCollector is for a file with the columns of schema, of which the first
// indexed are looked at (all, when negative).
func newCollector(schema batch.Schema, indexed int) *collector {
	if indexed < 0 || indexed > len(schema) {
		indexed = len(schema)
	}
	return &collector{schema: schema[:indexed], cols: make([]columnRange, indexed)}
}

// Observe takes a batch of the collector's schema.
func (c *collector) Observe(b *batch.Batch) {
	c.rows += int64(b.Rows)
	for i := range c.cols {
		c.cols[i].observe(c.schema[i].Type, &b.Cols[i], b.Rows)
	}
}

// Stats are those of the rows observed.
func (c *collector) Stats() Stats {
	columns := make([]batch.ColumnStats, len(c.cols))
	for i := range c.cols {
		r := &c.cols[i]
		columns[i] = batch.ColumnStats{NullCount: r.nulls, HasMinMax: r.values && !r.nan,
			Min: batch.Value{Int: r.minInt, Double: r.minF, Bytes: r.minText, Wide: r.minWide},
			Max: batch.Value{Int: r.maxInt, Double: r.maxF, Bytes: r.maxText, Wide: r.maxWide}}
	}
	return NewStats(c.schema, c.rows, columns, -1)
}

func (r *columnRange) observe(t batch.Type, c *batch.Column, rows int) {
	switch {
	case t.IsWide():
		r.observeWide(c.Wide)
		r.nulls += int64(rows - len(c.Wide))
	case t.Kind == batch.String:
		r.observeText(c.Bytes)
		r.nulls += int64(rows - len(c.Bytes))
	case t.Kind == batch.Double:
		r.observeDoubles(c.Doubles)
		r.nulls += int64(rows - len(c.Doubles))
	case t.Kind == batch.Boolean:
		r.nulls += int64(rows - len(c.Bools))
	default:
		r.observeInts(c.Ints)
		r.nulls += int64(rows - len(c.Ints))
	}
}

func (r *columnRange) observeInts(values []int64) {
	if len(values) == 0 {
		return
	}
	if !r.values {
		r.values, r.minInt, r.maxInt = true, values[0], values[0]
	}
	for _, v := range values {
		r.minInt, r.maxInt = min(r.minInt, v), max(r.maxInt, v)
	}
}

// observeDoubles leaves NaN out: engines sort it above all numbers, and JSON
// cannot say it.
func (r *columnRange) observeDoubles(values []float64) {
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			r.nan = true
		case !r.values:
			r.values, r.minF, r.maxF = true, v, v
		default:
			r.minF, r.maxF = min(r.minF, v), max(r.maxF, v)
		}
	}
}

func (r *columnRange) observeText(values [][]byte) {
	for _, v := range values {
		v = v[:min(len(v), textKept)]
		switch {
		case !r.values:
			r.values, r.minText, r.maxText = true, bytes.Clone(v), bytes.Clone(v)
		case bytes.Compare(v, r.minText) < 0:
			r.minText = append(r.minText[:0], v...)
		case bytes.Compare(v, r.maxText) > 0:
			r.maxText = append(r.maxText[:0], v...)
		}
	}
}

func (r *columnRange) observeWide(values [][16]byte) {
	for _, v := range values {
		switch {
		case !r.values:
			r.values, r.minWide, r.maxWide = true, v, v
		case compareWide(v, r.minWide) < 0:
			r.minWide = v
		case compareWide(v, r.maxWide) > 0:
			r.maxWide = v
		}
	}
}

// compareWide orders two's complement big-endian numbers: by sign first.
func compareWide(a, b [16]byte) int {
	return cmp.Or(cmp.Compare(int8(a[0]), int8(b[0])), bytes.Compare(a[1:], b[1:]))
}
