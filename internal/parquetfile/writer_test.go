package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

var errDiskFull = errors.New("no space left on device")

// fullDisk takes so many bytes and then no more.
type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		return d.left, errDiskFull
	}
	d.left -= len(p)
	return len(p), nil
}

func TestWriteErrorsComeOut(t *testing.T) {
	in := batchOf(everyType())
	in.Rows = 10
	whole, _ := write(t, in.Schema, Options{RowGroupRows: 3}, in)
	for left := 0; left < len(whole); left += 11 {
		err := writeTo(&fullDisk{left: left}, in)
		if !errors.Is(err, errDiskFull) {
			t.Fatalf("with %d bytes of space: %v, want %v", left, err, errDiskFull)
		}
	}
	if err := writeTo(&fullDisk{left: len(whole)}, in); err != nil {
		t.Fatalf("with just enough space: %v", err)
	}
}

// writeTo also checks that an error sticks.
func writeTo(out io.Writer, in *batch.Batch) error {
	w, err := NewWriter(out, in.Schema, Options{RowGroupRows: 3})
	if err != nil {
		return err
	}
	if err := w.Write(in); err != nil {
		if again := w.Write(in); again == nil {
			return fmt.Errorf("a write after %w succeeded", err)
		}
		if _, again := w.Close(); !errors.Is(again, err) {
			return fmt.Errorf("close after %w: %w", err, again)
		}
		return err
	}
	_, err = w.Close()
	return err
}

type panicking struct{}

func (panicking) Write([]byte) (int, error) { panic(errDiskFull) }

func TestPanicsBecomeErrors(t *testing.T) {
	if _, err := NewWriter(panicking{}, everyType(), Options{}); !errors.Is(err, errDiskFull) {
		t.Errorf("new writer: %v, want %v", err, errDiskFull)
	}
}

func TestWriterRefuses(t *testing.T) {
	long := batch.Field{Name: "a", Type: batch.Type{Kind: batch.Long}}
	date := batch.Field{Name: "a", Type: batch.Type{Kind: batch.Date}}
	money := batch.Field{Name: "a", Type: batch.Type{Kind: batch.Decimal, Precision: 9, Scale: 2}}
	wide := batch.Field{Name: "a", Type: batch.Type{Kind: batch.Decimal, Precision: 19, Scale: 2}}
	tests := []struct {
		name  string
		field batch.Field
		spoil func(*batch.Batch)
		want  string
	}{
		{"another type", long, func(b *batch.Batch) { b.Schema = batch.Schema{date} }, `column "a" is date, not long`},
		{"fewer columns", long, func(b *batch.Batch) { b.Cols = nil }, "0 columns of 1"},
		{"fewer levels", long, func(b *batch.Batch) { b.Rows = 3 }, "2 definition levels of 3 rows"},
		{"fewer values", long, func(b *batch.Batch) { b.Cols[0].Ints = nil }, "announce 2 values, 0 are there"},
		{"no levels", long, func(b *batch.Batch) { b.Cols[0].Def = nil }, "2 values without definition levels"},
		{"level of two", long, func(b *batch.Batch) { b.Cols[0].Def = []int16{2, 0} }, "definition levels"},
		{"date of 64 bits", date, func(b *batch.Batch) { b.Cols[0].Ints[0] = 1 << 31 }, "do not fit date"},
		{"too many digits", money, func(b *batch.Batch) { b.Cols[0].Ints[1] = -1_000_000_000 }, "do not fit decimal(9,2)"},
		{"too many wide digits", wide, func(b *batch.Batch) {
			b.Cols[0].Wide[0] = wideOf("1" + strings.Repeat("0", 19))
		}, "more digits than decimal(19,2)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := batch.Schema{tt.field}
			in := batchOf(s, []any{zeroOf(tt.field.Type)}, []any{zeroOf(tt.field.Type)})
			tt.spoil(in)
			w, err := NewWriter(io.Discard, s, Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = w.Write(in)
			if !errors.Is(err, ErrBatch) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func zeroOf(typ batch.Type) any {
	if typ.Kind == batch.Decimal {
		return "0"
	}
	return 0
}

func TestNewWriterRefuses(t *testing.T) {
	long := batch.Type{Kind: batch.Long}
	tests := []struct {
		name   string
		schema batch.Schema
		opts   Options
	}{
		{"no columns", nil, Options{}},
		{"no name", batch.Schema{{Name: "", Type: long}}, Options{}},
		{"same name", batch.Schema{{Name: "a", Type: long}, {Name: "A", Type: long}}, Options{}},
		{"no type", batch.Schema{{Name: "a"}}, Options{}},
		{"bad decimal", batch.Schema{{Name: "a", Type: batch.Type{Kind: batch.Decimal, Precision: 39}}}, Options{}},
		{"negative size", batch.Schema{{Name: "a", Type: long}}, Options{RowGroupRows: -1}},
		{"no such level", batch.Schema{{Name: "a", Type: long}}, Options{ZstdLevel: 23}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewWriter(io.Discard, tt.schema, tt.opts); err == nil {
				t.Error("a writer was made")
			}
		})
	}
}

func TestCloseTwice(t *testing.T) {
	w, err := NewWriter(io.Discard, everyType(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); !errors.Is(err, errClosed) {
		t.Errorf("second close: %v", err)
	}
	if err := w.Write(batchOf(everyType())); !errors.Is(err, errClosed) {
		t.Errorf("write after close: %v", err)
	}
}

// The bytes of a batch belong to a block that is filled again right away.
func TestWriteKeepsNothing(t *testing.T) {
	s := batch.Schema{{Name: "plain", Type: batch.Type{Kind: batch.String}}, {Name: "dict", Type: batch.Type{Kind: batch.String}},
		{Name: "wide", Type: batch.Type{Kind: batch.Decimal, Precision: 38}}}
	var out bytes.Buffer
	w, err := NewWriter(&out, s, Options{Dictionary: map[string]bool{"dict": true}})
	if err != nil {
		t.Fatal(err)
	}
	block := []byte("first")
	in := &batch.Batch{Schema: s, Rows: 1, Cols: []batch.Column{
		{Def: []int16{1}, Bytes: [][]byte{block}}, {Def: []int16{1}, Bytes: [][]byte{block}}, {Def: []int16{1}, Wide: [][16]byte{wideOf("5")}},
	}}
	if err := w.Write(in); err != nil {
		t.Fatal(err)
	}
	copy(block, "XXXXX")
	in.Cols[2].Wide[0] = wideOf("6")
	info, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	want := batchOf(s, []any{"first", "first", "5"})
	wantSame(t, "file", readAll(t, open(t, out.Bytes()), s), want)
	wantStats(t, info, want)
}

func TestRowGroupsEnd(t *testing.T) {
	text := batch.Schema{{Name: "v", Type: batch.Type{Kind: batch.String}}}
	var rows [][]any
	for i := range 5000 {
		rows = append(rows, []any{fmt.Sprintf("%d-%s", i, strings.Repeat("x", i%50))})
	}
	in := batchOf(text, rows...)
	tests := []struct {
		name string
		opts Options
		min  int // row groups
		max  int
	}{
		{"default", Options{}, 1, 1},
		{"by rows", Options{RowGroupRows: 1000}, 5, 5},
		{"by rows, not a divisor", Options{RowGroupRows: 999}, 6, 6},
		{"by bytes", Options{RowGroupBytes: 1}, 5, 5}, // looked at every 1024 rows
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, info := write(t, text, tt.opts, in)
			if info.RowGroups < tt.min || info.RowGroups > tt.max {
				t.Errorf("%d row groups, want %d to %d", info.RowGroups, tt.min, tt.max)
			}
			wantSame(t, "rows", readAll(t, open(t, data), text), in)
		})
	}
}

func TestCountersFollow(t *testing.T) {
	s := batch.Schema{{Name: "v", Type: batch.Type{Kind: batch.String}}}
	var out bytes.Buffer
	w, err := NewWriter(&out, s, Options{RowGroupRows: 4})
	if err != nil {
		t.Fatal(err)
	}
	one := batchOf(s, []any{strings.Repeat("v", 1000)})
	for i := range 3 {
		if err := w.Write(one); err != nil {
			t.Fatal(err)
		}
		if w.Rows() != int64(i+1) || w.BytesWritten() != 4 || w.BufferedBytes() < 1000 {
			t.Errorf("after %d rows: rows %d, written %d, buffered %d", i+1, w.Rows(), w.BytesWritten(), w.BufferedBytes())
		}
	}
	if err := w.Write(one); err != nil {
		t.Fatal(err)
	}
	if w.Rows() != 4 || w.BytesWritten() != int64(out.Len()) || out.Len() < 20 {
		t.Errorf("after the row group: rows %d, written %d of %d", w.Rows(), w.BytesWritten(), out.Len())
	}
}

// Which columns get a dictionary is seen in the footer.
func TestDictionaryChoice(t *testing.T) {
	s := batch.Schema{
		{Name: "id", Type: batch.Type{Kind: batch.String}},
		{Name: "choice", Type: batch.Type{Kind: batch.Long}},
		{Name: "forced on", Type: batch.Type{Kind: batch.String}},
		{Name: "forced off", Type: batch.Type{Kind: batch.Long}},
		{Name: "null", Type: batch.Type{Kind: batch.String}},
		{Name: "flag", Type: batch.Type{Kind: batch.Boolean}},
		{Name: "half", Type: batch.Type{Kind: batch.Decimal, Precision: 38}},
	}
	var rows [][]any
	for i := range 6000 {
		rows = append(rows, []any{fmt.Sprintf("id-%d", i), i % 3, fmt.Sprint(i), 1, nil, i%2 == 0, fmt.Sprint(i / 2)})
	}
	data, _ := write(t, s, Options{Dictionary: map[string]bool{"forced on": true, "forced off": false}}, batchOf(s, rows...))
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true, true, false, false, false, true} {
		chunk, err := r.MetaData().RowGroup(0).ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		if got := chunk.HasDictionaryPage(); got != want {
			t.Errorf("%s has a dictionary: %v, want %v", s[i].Name, got, want)
		}
		if chunk.Compression() != compress.Codecs.Zstd {
			t.Errorf("%s is compressed with %s", s[i].Name, chunk.Compression())
		}
	}
	if got := r.MetaData().GetCreatedBy(); got != "sluice version 1.0" {
		t.Errorf("created by %q", got)
	}
	if rep := r.MetaData().Schema.Column(0).SchemaNode().RepetitionType(); rep != parquet.Repetitions.Optional {
		t.Errorf("columns are %v", rep)
	}
}

// Values of a megabyte must not pile up into one page.
func TestPagesOfLargeValues(t *testing.T) {
	s := batch.Schema{{Name: "v", Type: batch.Type{Kind: batch.String}}}
	var rows [][]any
	for i := range 40 {
		rows = append(rows, []any{strings.Repeat(string(rune('a'+i%26)), 300<<10)})
	}
	in := batchOf(s, rows...)
	data, _ := write(t, s, Options{Dictionary: map[string]bool{"v": false}}, in)
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := r.RowGroup(0).GetColumnPageReader(0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for pages.Next() {
		n++
		if size := pages.Page().(file.DataPage).UncompressedSize(); size > 600<<10 {
			t.Errorf("page %d has %d bytes", n, size)
		}
	}
	if pages.Err() != nil || n != 40 {
		t.Errorf("%d pages, error %v", n, pages.Err())
	}
	wantSame(t, "rows", readAll(t, open(t, data), s), in)
}

func TestRowsPerGroupOfWideTables(t *testing.T) {
	for _, tt := range []struct{ columns, want int }{{1, 131072}, {100, 131072}, {200, 65536}, {5000, 8192}} {
		if got := rowsFor(tt.columns); got != tt.want {
			t.Errorf("%d columns: %d rows, want %d", tt.columns, got, tt.want)
		}
	}
}

// Columns that hold the same are compressed once, whatever lies between them, and
// come out as they are.
func TestEqualColumnsAreCompressedOnce(t *testing.T) {
	const rows = 200_000
	longs := batch.Schema{
		{Name: "versionnumber", Type: batch.Type{Kind: batch.Long}}, {Name: "other", Type: batch.Type{Kind: batch.Long}},
		{Name: "IsDelete", Type: batch.Type{Kind: batch.Boolean}}, {Name: "__START_AT", Type: batch.Type{Kind: batch.Long}},
		{Name: "__END_AT", Type: batch.Type{Kind: batch.Long}},
	}
	var in batch.Batch
	in.Reset(longs)
	in.Rows = rows
	for i := range int64(rows) {
		in.Cols[0].Int(1000 + 7*i)
		in.Cols[1].Int(i * i)
		in.Cols[3].Int(1000 + 7*i)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, longs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&in); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pages := (rows*8 + 256<<10 - 1) / (256 << 10)
	if w.comp.found < pages {
		t.Errorf("%d pages of %d were compressed once", w.comp.found, pages)
	}
	if diff := cmp.Diff(cells(&in), cells(readAll(t, open(t, out.Bytes()), longs))); diff != "" {
		t.Error(diff)
	}
}
