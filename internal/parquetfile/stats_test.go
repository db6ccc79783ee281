package parquetfile

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

// wantStats compares the statistics with a plain search over the rows.
func wantStats(t testing.TB, info FileInfo, all *batch.Batch) {
	t.Helper()
	for i, f := range all.Schema {
		want := searchStats(f.Type, &all.Cols[i], all.Rows)
		if diff := cmp.Diff(want, info.Columns[i]); diff != "" {
			t.Fatalf("statistics of %s (-want +got):\n%s", f.Name, diff)
		}
	}
}

func searchStats(typ batch.Type, c *batch.Column, rows int) batch.ColumnStats {
	n := valueCount(typ, c)
	s := batch.ColumnStats{NullCount: int64(rows - n), HasMinMax: n > 0}
	for i := range n {
		v := valueAt(typ, c, i)
		if math.IsNaN(v.Double) {
			return batch.ColumnStats{NullCount: s.NullCount}
		}
		if i == 0 || lessValue(typ, v, s.Min) {
			s.Min = v
		}
		if i == 0 || lessValue(typ, s.Max, v) {
			s.Max = v
		}
	}
	s.Min, s.Max = cutValue(s.Min), cutValue(s.Max)
	return s
}

func valueAt(typ batch.Type, c *batch.Column, i int) batch.Value {
	switch {
	case typ.Kind == batch.String:
		return batch.Value{Bytes: c.Bytes[i]}
	case typ.Kind == batch.Double:
		return batch.Value{Double: c.Doubles[i]}
	case typ.Kind == batch.Boolean:
		return batch.Value{Bool: c.Bools[i]}
	case typ.IsWide():
		return batch.Value{Wide: c.Wide[i]}
	}
	return batch.Value{Int: c.Ints[i]}
}

func lessValue(typ batch.Type, a, b batch.Value) bool {
	if typ.IsWide() {
		x, _ := new(big.Int).SetString(decimalText(a.Wide), 10)
		y, _ := new(big.Int).SetString(decimalText(b.Wide), 10)
		return x.Cmp(y) < 0
	}
	return a.Int < b.Int || a.Double < b.Double || !a.Bool && b.Bool || bytes.Compare(a.Bytes, b.Bytes) < 0
}

func cutValue(v batch.Value) batch.Value {
	if len(v.Bytes) > maxBoundBytes {
		v.Bytes, v.Cut = v.Bytes[:maxBoundBytes], true
	}
	return v
}

func TestStatsOfLongStrings(t *testing.T) {
	base := strings.Repeat("m", maxBoundBytes)
	s := batch.Schema{{Name: "v", Type: batch.Type{Kind: batch.String}}}
	tests := []struct {
		name     string
		values   []any
		min, max string // followed by … when cut
	}{
		{"exactly as long as is kept", []any{base}, base, base},
		{"a longer one is larger", []any{base + "a", base}, base, base + "…"},
		{"only longer ones", []any{base + "b", base + "a"}, base + "…", base + "…"},
		{"ends and zero bytes", []any{"a\x00", "a", "a\x00\x00"}, "a", "a\x00\x00"},
		{"empty is smallest", []any{"a", nil, ""}, "", "a"},
		{"same first eight", []any{"12345678b", "12345678a", "12345678c"}, "12345678a", "12345678c"},
		{"bytes, not letters", []any{"é", "z"}, "z", "é"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rows [][]any
			for _, v := range tt.values {
				rows = append(rows, []any{v})
			}
			// Every row is a row group of its own: ranges are merged too.
			_, info := write(t, s, Options{RowGroupRows: 1}, batchOf(s, rows...))
			c := info.Columns[0]
			if got := boundText(c.Min); got != tt.min {
				t.Errorf("min %q, want %q", got, tt.min)
			}
			if got := boundText(c.Max); got != tt.max {
				t.Errorf("max %q, want %q", got, tt.max)
			}
		})
	}
}

func boundText(v batch.Value) string {
	if v.Cut {
		return string(v.Bytes) + "…"
	}
	return string(v.Bytes)
}

// The footer's statistics are what other engines prune by.
func TestFooterStats(t *testing.T) {
	s := batch.Schema{
		{Name: "s", Type: batch.Type{Kind: batch.String}},
		{Name: "long text", Type: batch.Type{Kind: batch.String}},
		{Name: "l", Type: batch.Type{Kind: batch.Long}},
		{Name: "d", Type: batch.Type{Kind: batch.Double}},
		{Name: "nan", Type: batch.Type{Kind: batch.Double}},
		{Name: "date", Type: batch.Type{Kind: batch.Date}},
		{Name: "flag", Type: batch.Type{Kind: batch.Boolean}},
		{Name: "w", Type: batch.Type{Kind: batch.Decimal, Precision: 38, Scale: 6}},
		{Name: "empty", Type: batch.Type{Kind: batch.Long}},
	}
	long := strings.Repeat("x", maxFooterBytes+1)
	data, _ := write(
		t, s, Options{},
		batchOf(
			s,
			[]any{"b", long, -5, 0.0, 1.0, 10, true, "-170", nil},
			[]any{nil, "y", 7, 0.0, math.NaN(), -3, false, "12", nil},
			[]any{"a", "a", 0, 0.0, 2.0, 0, true, nil, nil},
		),
	)
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`nulls 1, min a, max b`,
		`nulls 0, min a, max y`,
		`nulls 0, min -5, max 7`,
		`nulls 0, min -0, max 0`,
		`nulls 0, no bounds`,
		`nulls 0, min -3, max 10`,
		`nulls 0, min false, max true`,
		`nulls 1, min -170, max 12`,
		`nulls 3, no bounds`,
	}
	for i, w := range want {
		chunk, err := r.MetaData().RowGroup(0).ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := chunk.Statistics()
		if err != nil {
			t.Fatal(err)
		}
		if got := footerText(stats); got != w {
			t.Errorf("%s: %s, want %s", s[i].Name, got, w)
		}
	}
}

func footerText(s metadata.TypedStatistics) string {
	text := fmt.Sprintf("nulls %d, ", s.NullCount())
	if !s.HasMinMax() {
		return text + "no bounds"
	}
	switch s := s.(type) {
	case *metadata.ByteArrayStatistics:
		return text + fmt.Sprintf("min %s, max %s", s.Min(), s.Max())
	case *metadata.Int64Statistics:
		return text + fmt.Sprintf("min %d, max %d", s.Min(), s.Max())
	case *metadata.Int32Statistics:
		return text + fmt.Sprintf("min %d, max %d", s.Min(), s.Max())
	case *metadata.Float64Statistics:
		return text + fmt.Sprintf("min %v, max %v", s.Min(), s.Max())
	case *metadata.BooleanStatistics:
		return text + fmt.Sprintf("min %v, max %v", s.Min(), s.Max())
	case *metadata.FixedLenByteArrayStatistics:
		return text + fmt.Sprintf("min %s, max %s", decimalText([16]byte(s.Min())), decimalText([16]byte(s.Max())))
	}
	return text + "unknown"
}
