package azure_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/storage"
)

// wideFile is a data file of 300 columns in one row group. Of the text columns,
// three that lie apart have chunks of about 2 MiB; the others are small.
func wideFile(t *testing.T) (schema batch.Schema, file []byte) {
	t.Helper()
	const columns, rows = 300, 8000
	random := rand.New(rand.NewPCG(1, 2))
	b := &batch.Batch{Rows: rows}
	for c := range columns {
		schema = append(schema, batch.Field{Name: fmt.Sprintf("c%03d", c), Type: batch.Type{Kind: batch.String}})
		length := 1
		if c == 50 || c == 150 || c == 250 {
			length = 260
		}
		column := batch.Column{}
		for range rows {
			text := make([]byte, length)
			for i := range text {
				text[i] = byte('!' + random.IntN(90))
			}
			column.Bytes, column.Def = append(column.Bytes, text), append(column.Def, 1)
		}
		b.Cols = append(b.Cols, column)
	}
	b.Schema = schema
	var out bytes.Buffer
	w, err := parquetfile.NewWriter(&out, schema, parquetfile.Options{RowGroupRows: rows})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return schema, out.Bytes()
}

// asked is how many requests there were, and for how many bytes of a file.
func asked(t *testing.T, requests []string, size int64) (n int, sum int64) {
	t.Helper()
	for _, line := range requests {
		var from, to int64
		if _, err := fmt.Sscanf(line, "GET f bytes=%d-%d", &from, &to); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		n, sum = n+1, sum+min(to+1, size)-from
	}
	return n, sum
}

func TestParquetTakesFewRequests(t *testing.T) {
	schema, content := wideFile(t)
	size := int64(len(content))
	f := newFake()
	s := f.open(t, nil)
	put(t, s, "f", string(content))
	some := batch.Schema{schema[3], schema[4], schema[10], schema[200]}
	large := batch.Schema{schema[50], schema[150], schema[250]}
	for _, tt := range []struct {
		name     string
		columns  batch.Schema
		chunk    int // rows at a time
		requests int
		bytes    int64
	}{
		{"the footer", nil, 8000, 1, 512 << 10},
		{"small columns", some, 1000, 4, 4 * 512 << 10},
		{"large columns side by side", large, 500, 5, size * 21 / 20},
		{"all columns, some rows at a time", schema, 500, 2 + int(size/(512<<10))*3/2, size * 5 / 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.take()
			r := storage.NewReaderAt(t.Context(), s, storage.Entry{Path: "f", Size: size})
			file, err := parquetfile.Open(r, size)
			if err != nil {
				t.Fatal(err)
			}
			if tt.columns != nil {
				rows := 0
				err := file.ReadChunks(0, tt.columns, tt.chunk, func(b *batch.Batch) error { rows += b.Rows; return nil })
				if err != nil || rows != 8000 {
					t.Fatal(rows, err)
				}
			}
			n, sum := asked(t, f.take(), size)
			t.Logf("%d requests for %d of %d bytes", n, sum, size)
			if n > tt.requests || sum > tt.bytes {
				t.Errorf("%d requests for %d bytes, want %d for %d at most", n, sum, tt.requests, tt.bytes)
			}
		})
	}
}
