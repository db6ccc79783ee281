package parquetfile

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

// largeBatch has rows of two texts of those sizes, -1 for null, and a number.
func largeBatch(sizes [][2]int) *batch.Batch {
	r := rand.NewChaCha8([32]byte{11})
	text := batch.Type{Kind: batch.String}
	b := &batch.Batch{}
	b.Reset(batch.Schema{{Name: "a", Type: text}, {Name: "n", Type: batch.Type{Kind: batch.Long}}, {Name: "b", Type: text}})
	for row, size := range sizes {
		for i, c := range []*batch.Column{&b.Cols[0], &b.Cols[2]} {
			if size[i] < 0 {
				c.Null(1)
				continue
			}
			value := make([]byte, size[i])
			_, _ = r.Read(value) // never fails
			c.Text(value)
		}
		b.Cols[1].Int(int64(row))
	}
	b.Rows = len(sizes)
	return b
}

// TestLargeRows writes rows of many megabytes among small ones and reads them in
// every way that there is.
func TestLargeRows(t *testing.T) {
	const mb = 1 << 20
	in := largeBatch([][2]int{
		{10, 10}, {5 * mb, 10}, {20, -1}, {30, 3},
		{6 * mb, 5 * mb}, {-1, 9 * mb}, {3 * mb, 3 * mb}, {0, 0}, {2 * mb, 7}, {2 * mb, 8},
	})
	data, info := write(t, in.Schema, Options{}, in)
	// 0 | 1 | 2 3 | 4 | 5 | 6 | 7 8 9
	if info.Rows != 10 || info.RowGroups != 7 || info.Columns[0].NullCount != 1 || info.Columns[2].NullCount != 1 {
		t.Errorf("%+v", info)
	}
	f := open(t, data)
	var whole batch.Batch
	whole.Reset(in.Schema)
	for g := range f.RowGroups() {
		var rows, chunks batch.Batch
		for _, b := range []*batch.Batch{&rows, &chunks} {
			b.Reset(in.Schema)
		}
		all := make([]int64, f.RowGroupRows(g))
		for i := range all {
			all[i] = int64(i)
		}
		must(t, f.ReadRows(g, all, in.Schema, &rows))
		must(t, f.ReadChunks(g, in.Schema, 2, func(b *batch.Batch) error {
			chunks.AppendRows(cloned(b), upTo(b.Rows))
			return nil
		}))
		same(t, fmt.Sprintf("chunks of row group %d", g), &rows, &chunks)
		whole.AppendRows(&rows, upTo(rows.Rows))
	}
	same(t, "all rows", in, &whole)
}

// TestLargeRowsKeepStatistics: large values count in the statistics of the file.
func TestLargeRowsKeepStatistics(t *testing.T) {
	in := largeBatch([][2]int{{5 << 20, 1}, {1, 1}})
	copy(in.Cols[0].Bytes[0], "AAA")
	copy(in.Cols[0].Bytes[1], "z")
	_, info := write(t, in.Schema, Options{}, in)
	s := info.Columns[0]
	if !s.HasMinMax || !bytes.HasPrefix(s.Min.Bytes, []byte("AAA")) || !s.Min.Cut || string(s.Max.Bytes) != "z" {
		t.Errorf("smallest %.10q, largest %.10q", s.Min.Bytes, s.Max.Bytes)
	}
}

// TestChunksOfLargeRows: where rows are large, few of them are read at a time.
func TestChunksOfLargeRows(t *testing.T) {
	sizes := make([][2]int, 40)
	for i := range sizes {
		sizes[i] = [2]int{1 << 20, 1}
	}
	in := largeBatch(sizes)
	data, _ := write(t, in.Schema, Options{RowGroupBytes: 1 << 30}, in)
	f := open(t, data)
	if f.RowGroups() != 1 {
		t.Fatalf("%d row groups", f.RowGroups())
	}
	rows := 0
	must(t, f.ReadChunks(0, in.Schema, 1000, func(b *batch.Batch) error {
		if b.Rows > chunkBytes>>20 {
			t.Errorf("%d MiB in one chunk", b.Rows)
		}
		rows += b.Rows
		return nil
	}))
	if rows != len(sizes) {
		t.Errorf("%d rows", rows)
	}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// cloned is a batch that outlives the reading of its row group.
func cloned(b *batch.Batch) *batch.Batch {
	var c batch.Batch
	c.Reset(b.Schema)
	c.AppendRows(b, upTo(b.Rows))
	for i := range c.Cols {
		for n, text := range c.Cols[i].Bytes {
			c.Cols[i].Bytes[n] = bytes.Clone(text)
		}
	}
	return &c
}

func same(t *testing.T, what string, want, got *batch.Batch) {
	t.Helper()
	if want.Rows != got.Rows {
		t.Fatalf("%s: %d rows, want %d", what, got.Rows, want.Rows)
	}
	for i, f := range want.Schema {
		a, b := &want.Cols[i], &got.Cols[i]
		if !cmp.Equal(a.Def, b.Def) || !cmp.Equal(a.Ints, b.Ints) || len(a.Bytes) != len(b.Bytes) {
			t.Fatalf("%s: column %s differs", what, f.Name)
		}
		for n := range a.Bytes {
			if !bytes.Equal(a.Bytes[n], b.Bytes[n]) {
				t.Fatalf("%s: column %s: value %d of %d bytes differs", what, f.Name, n, len(a.Bytes[n]))
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
