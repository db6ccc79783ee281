package parquetfile

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// samples is the folder of golden tables, or the test is skipped.
func samples(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "samples", "delta-golden")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("SLUICE_REQUIRE_SAMPLES") == "1" {
			t.Fatalf("samples are required: %v", err)
		}
		t.Skipf("no samples: %v", err)
	}
	return dir
}

// TestGoldenFiles reads what Spark wrote and compares it with what the
// library's own Arrow reader sees.
func TestGoldenFiles(t *testing.T) {
	files, columns := 0, 0
	err := filepath.WalkDir(samples(t), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := open(t, data)
		got := cells(readAll(t, f, f.Columns()))
		want := arrowCells(t, data)
		for name, col := range got {
			columns++
			if diff := cmp.Diff(want[name], col, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: column %s (-arrow +ours):\n%s", path, name, diff)
			}
		}
		files++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 || columns < 200 {
		t.Errorf("only %d columns in %d files were compared", columns, files)
	}
}

// arrowCells reads a file by way of Arrow, in the notation of cells.
func arrowCells(t *testing.T, data []byte) map[string][]string {
	t.Helper()
	r, err := file.NewParquetReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ar, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := ar.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	out := map[string][]string{}
	for i := range int(table.NumCols()) {
		name := table.Column(i).Name()
		for _, chunk := range table.Column(i).Data().Chunks() {
			for row := range chunk.Len() {
				out[name] = append(out[name], arrowCell(chunk, row))
			}
		}
	}
	return out
}

func arrowCell(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return "NULL"
	}
	switch a := a.(type) {
	case *array.String:
		return fmt.Sprintf("%q", a.Value(i))
	case *array.Binary:
		return fmt.Sprintf("%q", a.Value(i))
	case *array.Float64:
		return fmt.Sprintf("%x", math.Float64bits(a.Value(i)))
	case *array.Float32:
		return fmt.Sprintf("%x", math.Float64bits(float64(a.Value(i))))
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return fmt.Sprint(a.Value(i).ToTime(unit).UnixMicro())
	case *array.Date32:
		return fmt.Sprint(int32(a.Value(i)))
	case *array.Decimal128:
		return a.Value(i).BigInt().String()
	}
	return a.ValueStr(i)
}
