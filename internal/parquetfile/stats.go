package parquetfile

import (
	"math"

	"github.com/sluicedata/sluice/internal/batch"
)

// FileInfo describes a finished file.
type FileInfo struct {
	Rows      int64
	Bytes     int64
	RowGroups int
	Columns   []batch.ColumnStats // parallel to the schema
}

// tally gathers statistics of one column over rows. Only the fields of the
// column's kind are used.
//
// Parquet's own statistics are off: for byte arrays they compare each value
// twice as a whole, for the page and again for the column chunk, and hold the
// full values, which may be of 100 MB.
type tally struct {
	nulls, values int64

	minInt, maxInt       int64
	minDouble, maxDouble float64
	nan                  bool
	minBool, maxBool     bool
	minWide, maxWide     int128
	text                 textRange
}

func newTally() tally {
	return tally{
		minInt: math.MaxInt64, maxInt: math.MinInt64,
		minDouble: math.Inf(1), maxDouble: math.Inf(-1),
		minBool: true, maxBool: false,
		minWide: int128{hi: math.MaxInt64, lo: math.MaxUint64}, maxWide: int128{hi: math.MinInt64},
	}
}

func (t *tally) addInts(values []int64) {
	lo, hi := t.minInt, t.maxInt
	for _, v := range values {
		lo, hi = min(lo, v), max(hi, v)
	}
	t.minInt, t.maxInt = lo, hi
}

func (t *tally) addDoubles(values []float64) {
	for _, v := range values {
		if v != v {
			t.nan = true
			continue
		}
		t.minDouble, t.maxDouble = min(t.minDouble, v), max(t.maxDouble, v)
	}
}

func (t *tally) addBools(values []bool) {
	for _, v := range values {
		t.minBool = t.minBool && v
		t.maxBool = t.maxBool || v
	}
}

func (t *tally) addWide(values [][16]byte) {
	for i := range values {
		v := int128FromWide(&values[i])
		if v.compare(t.minWide) < 0 {
			t.minWide = v
		}
		if v.compare(t.maxWide) > 0 {
			t.maxWide = v
		}
	}
}

// merge adds what o has gathered.
func (t *tally) merge(o *tally) {
	t.nulls += o.nulls
	t.values += o.values
	t.nan = t.nan || o.nan
	t.minInt, t.maxInt = min(t.minInt, o.minInt), max(t.maxInt, o.maxInt)
	t.minDouble, t.maxDouble = min(t.minDouble, o.minDouble), max(t.maxDouble, o.maxDouble)
	t.minBool, t.maxBool = t.minBool && o.minBool, t.maxBool || o.maxBool
	if o.minWide.compare(t.minWide) < 0 {
		t.minWide = o.minWide
	}
	if o.maxWide.compare(t.maxWide) > 0 {
		t.maxWide = o.maxWide
	}
	t.text.merge(&o.text)
}

// stats says the result for a column of that type.
func (t *tally) stats(typ batch.Type) batch.ColumnStats {
	s := batch.ColumnStats{NullCount: t.nulls, HasMinMax: t.values > 0 && !t.nan}
	if !s.HasMinMax {
		return s
	}
	switch {
	case typ.Kind == batch.String:
		s.Min, s.Max = t.text.min.value(), t.text.max.value()
	case typ.Kind == batch.Double:
		s.Min.Double, s.Max.Double = t.minDouble, t.maxDouble
	case typ.Kind == batch.Boolean:
		s.Min.Bool, s.Max.Bool = t.minBool, t.maxBool
	case typ.IsWide():
		s.Min.Wide, s.Max.Wide = t.minWide.wide(), t.maxWide.wide()
	default:
		s.Min.Int, s.Max.Int = t.minInt, t.maxInt
	}
	return s
}
