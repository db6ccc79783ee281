package parquetfile

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/batch"
)

func TestEveryTypeSurvives(t *testing.T) {
	nines := strings.Repeat("9", 38)
	in := batchOf(
		everyType(),
		[]any{"", math.MinInt64, false, math.Inf(-1), math.MinInt64, math.MinInt32, math.MinInt32, "-9", "-999999999", "-9999999999", "-999999999999999999", "-9999999999999999999", "-" + nines},
		[]any{"ü€😀\x00", math.MaxInt64, true, math.Inf(1), math.MaxInt64, math.MaxInt32, math.MaxInt32, "9", "999999999", "9999999999", "999999999999999999", "9999999999999999999", nines},
		[]any{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
		[]any{"x", 0, true, math.Copysign(0, -1), -1, -1, -1, "-1", "-1", "-1", "-1", "-1", "-1"},
		[]any{"x", 1, true, math.SmallestNonzeroFloat64, 253402300799999999, 2932896, 1, "0", "0", "0", "0", "0", "0"},
	)
	for _, dictionary := range []bool{false, true} {
		opts := Options{Dictionary: map[string]bool{}}
		for _, f := range in.Schema {
			opts.Dictionary[f.Name] = dictionary
		}
		data, info := write(t, in.Schema, opts, in)
		f := open(t, data)
		if f.Rows() != 5 || info.Rows != 5 || info.RowGroups != 1 || f.RowGroups() != 1 {
			t.Fatalf("dictionary %v: rows %d, info %+v", dictionary, f.Rows(), info)
		}
		wantSame(t, fmt.Sprintf("dictionary %v", dictionary), readAll(t, f, in.Schema), in)
		for i, c := range f.Columns() {
			if c != in.Schema[i] {
				t.Errorf("column %d is %v, want %v", i, c, in.Schema[i])
			}
		}
	}
}

func TestEmpty(t *testing.T) {
	empty := batchOf(everyType())
	for name, batches := range map[string][]*batch.Batch{"no write": nil, "empty batches": {empty, empty}} {
		data, info := write(t, everyType(), Options{}, batches...)
		f := open(t, data)
		if f.Rows() != 0 || f.RowGroups() != 0 || info.RowGroups != 0 {
			t.Errorf("%s: %d rows in %d row groups", name, f.Rows(), f.RowGroups())
		}
		for i, c := range info.Columns {
			if c.HasMinMax || c.NullCount != 0 {
				t.Errorf("%s: column %d has statistics %+v", name, i, c)
			}
		}
	}
}

func TestAllNull(t *testing.T) {
	in := batchOf(everyType())
	in.Rows = 3000 // no column has levels
	data, info := write(t, in.Schema, Options{}, in)
	wantSame(t, "all null", readAll(t, open(t, data), in.Schema), in)
	for i, c := range info.Columns {
		if c.NullCount != 3000 || c.HasMinMax {
			t.Errorf("column %d has statistics %+v", i, c)
		}
	}
}

func TestRandomBatchesSurvive(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := everyType()
		opts := Options{
			RowGroupRows: rapid.SampledFrom([]int{1, 7, 64, 0}).Draw(rt, "group rows"),
			PageBytes:    rapid.SampledFrom([]int{1, 100, 0}).Draw(rt, "page bytes"),
			Dictionary:   map[string]bool{},
		}
		for _, f := range s {
			if rapid.Bool().Draw(rt, "forced") {
				opts.Dictionary[f.Name] = rapid.Bool().Draw(rt, "dictionary")
			}
		}
		want := &batch.Batch{}
		want.Reset(s)
		var batches []*batch.Batch
		for range rapid.IntRange(0, 3).Draw(rt, "batches") {
			b := randomBatch(rt, s, 60)
			batches = append(batches, b)
			appendBatch(want, b)
		}
		data, info := write(t, s, opts, batches...)
		f := open(t, data)
		wantSame(t, "row groups", readAll(t, f, s), want)
		chunk := rapid.IntRange(1, 50).Draw(rt, "chunk")
		wantSame(t, "chunks", readInChunks(t, f, s, chunk), want)
		wantRandomRows(t, rt, f, want)
		wantStats(t, info, want)
	})
}

func readInChunks(t *testing.T, f *File, s batch.Schema, chunk int) *batch.Batch {
	t.Helper()
	all := &batch.Batch{}
	all.Reset(s)
	for i := range f.RowGroups() {
		err := f.ReadChunks(i, s, chunk, func(b *batch.Batch) error {
			if b.Rows < 1 || b.Rows > chunk {
				return fmt.Errorf("chunk of %d rows", b.Rows)
			}
			appendBatch(all, b)
			return nil
		})
		if err != nil {
			t.Fatalf("read chunks of row group %d: %v", i, err)
		}
	}
	return all
}

// wantRandomRows reads some rows of every row group into one batch.
func wantRandomRows(t *testing.T, rt *rapid.T, f *File, all *batch.Batch) {
	t.Helper()
	text := cells(all)
	var got batch.Batch
	got.Reset(all.Schema)
	want := map[string][]string{}
	first := int64(0)
	for i := range f.RowGroups() {
		var rows []int64
		for r := range f.RowGroupRows(i) {
			if rapid.IntRange(0, 2).Draw(rt, "take") > 0 {
				continue
			}
			rows = append(rows, r)
			for name, col := range text {
				want[name] = append(want[name], col[first+r])
			}
		}
		if err := f.ReadRows(i, rows, all.Schema, &got); err != nil {
			t.Fatalf("read rows %v of row group %d: %v", rows, i, err)
		}
		first += f.RowGroupRows(i)
	}
	for name, col := range cells(&got) {
		if strings.Join(col, "|") != strings.Join(want[name], "|") {
			t.Fatalf("rows of %s:\n got %v\nwant %v", name, col, want[name])
		}
	}
}

func TestLargeCellSurvives(t *testing.T) {
	const size = 100 << 20
	cell := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	s := batch.Schema{{Name: "id", Type: batch.Type{Kind: batch.Long}}, {Name: "body", Type: batch.Type{Kind: batch.String}}}
	var in batch.Batch
	in.Reset(s)
	for i := range 5 {
		in.Cols[0].Def, in.Cols[0].Ints = append(in.Cols[0].Def, 1), append(in.Cols[0].Ints, int64(i))
		body := []byte("short")
		if i == 2 {
			body = cell
		}
		in.Cols[1].Def, in.Cols[1].Bytes = append(in.Cols[1].Def, 1), append(in.Cols[1].Bytes, body)
		in.Rows++
	}
	data, info := write(t, s, Options{}, &in)
	if top := info.Columns[1].Max; string(top.Bytes) != "short" || top.Cut {
		t.Errorf("max is %q, cut %v", top.Bytes, top.Cut)
	}
	if low := info.Columns[1].Min; len(low.Bytes) != maxBoundBytes || !low.Cut {
		t.Errorf("min has %d bytes, cut %v", len(low.Bytes), low.Cut)
	}
	f := open(t, data)
	row, sum := 0, 0
	for i := range f.RowGroups() {
		err := f.ReadChunks(i, s, 2, func(b *batch.Batch) error {
			for _, v := range b.Cols[1].Bytes {
				if !bytes.Equal(v, in.Cols[1].Bytes[row]) {
					return fmt.Errorf("row %d differs", row)
				}
				row++
				sum += len(v)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if row != 5 || sum != size+20 {
		t.Errorf("%d rows of %d bytes came back", row, sum)
	}
	if footer := len(data) - bytes.LastIndex(data, []byte("short")); footer > 4<<10 {
		t.Errorf("%d bytes follow the last value: the cell is in the footer", footer)
	}
}
