package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

var (
	textType = batch.Type{Kind: batch.String}
	longType = batch.Type{Kind: batch.Long}
)

// numbered is a file of n rows with the columns k (text) and v (long, null in
// every third row).
func numbered(t testing.TB, n int, opts Options) (*File, *batch.Batch) {
	t.Helper()
	s := batch.Schema{{Name: "k", Type: textType}, {Name: "v", Type: longType}}
	var b batch.Batch
	b.Reset(s)
	for i := range n {
		add(&b, 0, fmt.Sprintf("key-%06d", i))
		if i%3 == 2 {
			add(&b, 1, nil)
		} else {
			add(&b, 1, i)
		}
	}
	b.Rows = n
	data, _ := write(t, s, opts, &b)
	return open(t, data), &b
}

func TestColumnsByName(t *testing.T) {
	f, _ := numbered(t, 4, Options{})
	var b batch.Batch
	want := batch.Schema{{Name: "v", Type: longType}, {Name: "new", Type: textType}, {Name: "V", Type: longType}, {Name: "k", Type: textType}}
	if err := f.ReadRowGroup(0, want, &b); err != nil {
		t.Fatal(err)
	}
	if len(b.Cols[1].Def) != 0 || len(b.Cols[2].Def) != 0 {
		t.Error("absent columns have levels")
	}
	got := cells(&b)
	if diff := cmp.Diff(map[string][]string{
		"v": {"0", "1", "NULL", "3"}, "new": {"NULL", "NULL", "NULL", "NULL"}, "V": {"NULL", "NULL", "NULL", "NULL"},
		"k": {`"key-000000"`, `"key-000001"`, `"key-000002"`, `"key-000003"`},
	}, got); diff != "" {
		t.Error(diff)
	}
}

// Rows of files with different columns are appended to one batch.
func TestReadRowsAppends(t *testing.T) {
	s := batch.Schema{{Name: "k", Type: textType}, {Name: "late", Type: longType}}
	f1, _ := numbered(t, 10, Options{})
	data, _ := write(t, s, Options{}, batchOf(s, []any{"x", 1}, []any{"y", nil}))
	f2 := open(t, data)
	var b batch.Batch
	for _, step := range []struct {
		f    *File
		rows []int64
	}{{f1, []int64{3}}, {f2, []int64{0, 1}}, {f1, []int64{0, 9}}, {f1, nil}} {
		if err := step.f.ReadRows(0, step.rows, s, &b); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string][]string{
		"k":    {`"key-000003"`, `"x"`, `"y"`, `"key-000000"`, `"key-000009"`},
		"late": {"NULL", "1", "NULL", "NULL", "NULL"},
	}, cells(&b)); diff != "" {
		t.Error(diff)
	}
}

func TestReadRefuses(t *testing.T) {
	f, _ := numbered(t, 10, Options{})
	s := batch.Schema{{Name: "k", Type: textType}}
	none := func(*batch.Batch) error { return nil }
	one := batchOf(batch.Schema{{Name: "a", Type: longType}, {Name: "b", Type: longType}}, []any{1, 2})
	tests := []struct {
		name string
		call func() error
		want string
	}{
		{"no such row group", func() error { return f.ReadRowGroup(1, s, new(batch.Batch)) }, "row group 1 of 1"},
		{"negative row group", func() error { return f.ReadChunks(-1, s, 5, none) }, "row group -1 of 1"},
		{"empty chunks", func() error { return f.ReadChunks(0, s, 0, none) }, "at least 1"},
		{"row beyond the end", func() error { return f.ReadRows(0, []int64{10}, s, new(batch.Batch)) }, "must be ascending and exist"},
		{"rows not ascending", func() error { return f.ReadRows(0, []int64{3, 3}, s, new(batch.Batch)) }, "must be ascending"},
		{"batch of other columns", func() error { return f.ReadRows(0, []int64{3}, s, one) }, "cannot be appended"},
		{"other type", func() error {
			return f.ReadRowGroup(0, batch.Schema{{Name: "v", Type: textType}}, new(batch.Batch))
		}, `column "v": column type does not fit`},
		{"scan of numbers", func() error { return f.ScanStrings(0, "v", nil) }, "does not fit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

var errEnough = errors.New("enough")

func TestCallbackErrorsEndReading(t *testing.T) {
	f, _ := numbered(t, 100, Options{})
	calls := 0
	err := f.ReadChunks(0, f.Columns(), 10, func(*batch.Batch) error {
		calls++
		return errEnough
	})
	if !errors.Is(err, errEnough) || calls != 1 {
		t.Errorf("chunks: %v after %d calls", err, calls)
	}
	err = f.ScanStrings(0, "k", func(int64, [][]byte, []int16) error {
		calls++
		return errEnough
	})
	if !errors.Is(err, errEnough) || calls != 2 {
		t.Errorf("scan: %v after %d calls", err, calls)
	}
}

func TestScanStrings(t *testing.T) {
	const n = 20_000
	s := batch.Schema{{Name: "plain", Type: textType}, {Name: "dict", Type: textType}}
	var in batch.Batch
	in.Reset(s)
	in.Rows = n
	for i := range n {
		add(&in, 0, fmt.Sprintf("key-%d", i))
		if i%7 == 0 {
			add(&in, 1, nil)
		} else {
			add(&in, 1, fmt.Sprint(i%100))
		}
	}
	data, _ := write(t, s, Options{RowGroupRows: 9000, PageBytes: 4 << 10}, &in)
	f := open(t, data)
	want := cells(&in)
	want["absent"] = make([]string, n)
	for i := range want["absent"] {
		want["absent"][i] = "NULL"
	}
	for name, col := range want {
		if diff := cmp.Diff(col, scanAll(t, f, name)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func scanAll(t *testing.T, f *File, column string) (out []string) {
	t.Helper()
	for i := range f.RowGroups() {
		next := int64(0)
		err := f.ScanStrings(i, column, func(first int64, values [][]byte, def []int16) error {
			if first != next {
				return fmt.Errorf("row %d after %d", first, next)
			}
			next += int64(len(def))
			for _, d := range def {
				if d == 0 {
					out = append(out, "NULL")
					continue
				}
				out, values = append(out, fmt.Sprintf("%q", values[0])), values[1:]
			}
			if len(values) > 0 {
				return fmt.Errorf("%d values left over", len(values))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if next != f.RowGroupRows(i) {
			t.Errorf("%d rows of %d were scanned", next, f.RowGroupRows(i))
		}
	}
	return out
}

func TestConcurrentReaders(t *testing.T) {
	f, want := numbered(t, 10_000, Options{RowGroupRows: 1000})
	text := cells(want)["k"]
	var wg sync.WaitGroup
	for i := range f.RowGroups() {
		wg.Go(func() {
			var b batch.Batch
			if err := f.ReadRowGroup(i, f.Columns(), &b); err != nil {
				t.Errorf("row group %d: %v", i, err)
				return
			}
			if diff := cmp.Diff(text[i*1000:(i+1)*1000], cells(&b)["k"]); diff != "" {
				t.Errorf("row group %d:\n%s", i, diff)
			}
		})
	}
	wg.Wait()
}

func TestNestedAndDoubleColumns(t *testing.T) {
	leaf := func(name string, rep parquet.Repetition) schema.Node {
		n, err := schema.NewPrimitiveNode(name, rep, parquet.Types.Int64, -1, -1)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	group := func(name string, rep parquet.Repetition, fields ...schema.Node) *schema.GroupNode {
		g, err := schema.NewGroupNode(name, rep, fields, -1)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	root := group("schema", parquet.Repetitions.Required, leaf("flat", parquet.Repetitions.Required),
		group("struct", parquet.Repetitions.Optional, leaf("a", parquet.Repetitions.Optional), leaf("flat", parquet.Repetitions.Optional)),
		leaf("list", parquet.Repetitions.Repeated), leaf("twice", parquet.Repetitions.Required), leaf("twice", parquet.Repetitions.Required))
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root)
	rg, err := w.AppendBufferedRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	for i, def := range [][]int16{nil, {2}, {1}, {1}, nil, nil} {
		col, err := rg.Column(i)
		if err != nil {
			t.Fatal(err)
		}
		values := []int64{42}
		if i == 2 {
			values = []int64{}
		}
		if _, err := col.(*file.Int64ColumnChunkWriter).WriteBatch(values, def, make([]int16, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(rg.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	f := open(t, out.Bytes())
	if diff := cmp.Diff(map[string][]string{"flat": {"42"}}, cells(readAll(t, f, batch.Schema{{Name: "flat", Type: longType}}))); diff != "" {
		t.Error(diff)
	}
	for name, reason := range map[string]string{"struct": "nested", "list": "nested", "twice": "two of that name"} {
		err := f.ReadRowGroup(0, batch.Schema{{Name: name, Type: longType}}, new(batch.Batch))
		if !errors.Is(err, ErrType) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v, want %q", name, err, reason)
		}
	}
}

var errNetwork = errors.New("connection reset")

// flaky fails from an offset on.
type flaky struct {
	r    io.ReaderAt
	fine int64 // reads before this offset succeed
	tail int64 // and those from this one on
}

func (f flaky) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.fine && off < f.tail {
		return 0, errNetwork
	}
	return f.r.ReadAt(p, off)
}

func TestStorageErrorsComeOut(t *testing.T) {
	s := batch.Schema{{Name: "k", Type: textType}}
	var rows [][]any
	for i := range 5000 {
		rows = append(rows, []any{guidOf(i)})
	}
	data, _ := write(t, s, Options{PageBytes: 1000, Dictionary: map[string]bool{"k": false}}, batchOf(s, rows...))
	size := int64(len(data))
	if _, err := Open(flaky{r: bytes.NewReader(data), tail: size}, size); !errors.Is(err, errNetwork) {
		t.Errorf("open: %v", err)
	}
	// The pages fail, the footer does not.
	f, err := Open(flaky{r: bytes.NewReader(data), tail: size - tailBytes}, size)
	if size <= tailBytes+1 {
		t.Fatalf("a file of %d bytes is too small for this test", size)
	}
	if err != nil {
		t.Fatal(err)
	}
	none := func(int64, [][]byte, []int16) error { return nil }
	for name, got := range map[string]error{
		"row group": f.ReadRowGroup(0, s, new(batch.Batch)),
		"rows":      f.ReadRows(0, []int64{4999}, s, new(batch.Batch)),
		"chunks":    f.ReadChunks(0, s, 10, func(*batch.Batch) error { return nil }),
		"scan":      f.ScanStrings(0, "k", none),
	} {
		if !errors.Is(got, errNetwork) || errors.Is(got, ErrCorrupt) {
			t.Errorf("%s: %v, want %v and not %v", name, got, errNetwork, ErrCorrupt)
		}
	}
}

// guidOf is a text that does not compress well.
func guidOf(i int) string { return string(guid(rand.New(rand.NewPCG(uint64(i), 0)))) }
