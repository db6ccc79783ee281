package compare

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// everyType has a column of each type, and two of text beside each other: a value
// that moves from one to the other must count.
var everyType = batch.Schema{
	{Name: "first", Type: batch.Type{Kind: batch.String}}, {Name: "second", Type: batch.Type{Kind: batch.String}},
	{Name: "long", Type: batch.Type{Kind: batch.Long}}, {Name: "boolean", Type: batch.Type{Kind: batch.Boolean}},
	{Name: "double", Type: batch.Type{Kind: batch.Double}}, {Name: "timestamp", Type: batch.Type{Kind: batch.Timestamp}},
	{Name: "date", Type: batch.Type{Kind: batch.Date}}, {Name: "decimal", Type: batch.Type{Kind: batch.Decimal, Precision: 18, Scale: 2}},
	{Name: "wide", Type: batch.Type{Kind: batch.Decimal, Precision: 38, Scale: 10}}, {Name: "integer", Type: batch.Type{Kind: batch.Integer}},
}

// sumRow is a row and where it stands in a type 2 table. Its values are those of
// batch.Column, nil for null.
type sumRow struct {
	cells      []any
	start, end int64
}

// drawCell draws a value from few, so that equal ones meet.
func drawCell(t *rapid.T, typ batch.Type) any {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return nil
	}
	switch {
	case typ.Kind == batch.String:
		return rapid.SampledFrom([]string{"", "a", "b", "ab", "a\x00", "\x01", "ä"}).Draw(t, "text")
	case typ.Kind == batch.Boolean:
		return rapid.Bool().Draw(t, "boolean")
	case typ.Kind == batch.Double:
		return rapid.SampledFrom([]float64{0, 1, -1, 1e300, 5e-324}).Draw(t, "double")
	case typ.IsWide():
		return [16]byte{0: byte(rapid.IntRange(0, 2).Draw(t, "high")), 15: byte(rapid.IntRange(0, 2).Draw(t, "low"))}
	}
	return rapid.SampledFrom([]int64{0, 1, -1, 1 << 53, 1<<53 + 1, 1<<63 - 1}).Draw(t, "number")
}

func drawSumRow(t *rapid.T) sumRow {
	r := sumRow{start: rapid.Int64Range(1, 1<<53+1).Draw(t, "start"), end: change.NoEnd}
	for _, f := range everyType {
		r.cells = append(r.cells, drawCell(t, f.Type))
	}
	if rapid.Bool().Draw(t, "ended") {
		r.end = r.start + rapid.Int64Range(1, 5).Draw(t, "width")
	}
	return r
}

// sumBatch holds rows as a scan gives them: a column without any value may have no
// definition levels.
func sumBatch(rows []sumRow) *batch.Batch {
	b := &batch.Batch{}
	b.Reset(everyType)
	b.Rows = len(rows)
	for i := range everyType {
		c := &b.Cols[i]
		for _, r := range rows {
			if r.cells[i] == nil {
				c.Def = append(c.Def, 0)
				continue
			}
			c.Def = append(c.Def, 1)
			switch v := r.cells[i].(type) {
			case string:
				c.Bytes = append(c.Bytes, []byte(v))
			case bool:
				c.Bools = append(c.Bools, v)
			case float64:
				c.Doubles = append(c.Doubles, v)
			case [16]byte:
				c.Wide = append(c.Wide, v)
			case int64:
				c.Ints = append(c.Ints, v)
			}
		}
		if !slices.Contains(c.Def, 1) {
			c.Def = nil
		}
	}
	return b
}

// sumOf adds rows up batch by batch, with one hasher as a worker has it.
func sumOf(typ change.Type, batches ...[]sumRow) Tally {
	var tally Tally
	var h Hasher
	for _, rows := range batches {
		h.Rows(sumBatch(rows), len(everyType), func(int) int { return len(everyType) }, func(int) bool { return true }, func(row int, d Digest) {
			tally.Add(typ, []Row{{Start: rows[row].start, End: rows[row].end, Digest: d}})
		})
	}
	return tally
}

// TestChecksumHasNoOrder: any order of the rows and any cut into batches gives the
// same sums, and the sums of parts add up to that of the whole.
func TestChecksumHasNoOrder(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		rapid.Check(t, func(t *rapid.T) {
			rows := rapid.SliceOfN(rapid.Custom(drawSumRow), 1, 30).Draw(t, "rows")
			whole := sumOf(typ, rows)
			rest := rapid.Permutation(rows).Draw(t, "order")
			var batches [][]sumRow
			for len(rest) > 0 {
				n := rapid.IntRange(1, len(rest)).Draw(t, "rows of a batch")
				batches, rest = append(batches, rest[:n]), rest[n:]
			}
			if got := sumOf(typ, batches...); got != whole {
				t.Fatalf("in %d batches %+v, in one %+v", len(batches), got, whole)
			}
			var parts Checksum
			for _, part := range batches {
				parts.Add(Digest(sumOf(typ, part).Checksum))
			}
			if parts != whole.Checksum {
				t.Fatalf("the parts add up to %s, the whole is %s", parts, whole.Checksum)
			}
		})
	}
}

// TestChecksumOfOneChange: another value in one cell, another interval, and a row
// more or less make another sum.
func TestChecksumOfOneChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawSumRow), 1, 20).Draw(t, "rows")
		at := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
		changed := slices.Clone(rows)
		r := &changed[at]
		r.cells = slices.Clone(r.cells)
		typ := change.Type2
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			r.start++
		case 1:
			r.end = rapid.Int64Range(1, 1<<53).Filter(func(n int64) bool { return n != r.end }).Draw(t, "end")
		case 2:
			changed = append(changed, *r)
		case 3:
			changed = slices.Delete(changed, at, at+1)
		case 4:
			r.cells[0], r.cells[1] = r.cells[1], r.cells[0]
			if rows[at].cells[0] == rows[at].cells[1] {
				t.Skip("the same text in both columns")
			}
		default:
			typ = rapid.SampledFrom([]change.Type{change.Type1, change.Type2}).Draw(t, "type")
			column := rapid.IntRange(0, len(everyType)-1).Draw(t, "column")
			before := r.cells[column]
			r.cells[column] = rapid.Custom(func(t *rapid.T) any { return drawCell(t, everyType[column].Type) }).
				Filter(func(v any) bool { return v != before }).Draw(t, "value")
		}
		if sumOf(typ, rows).Checksum == sumOf(typ, changed).Checksum {
			t.Fatalf("row %d: %+v and %+v have one sum", at, rows[at], changed)
		}
	})
}
