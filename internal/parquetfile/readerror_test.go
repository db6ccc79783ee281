package parquetfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

var errRead = errors.New("the storage cannot read")

// failing fails the nth ReadAt alone.
type failing struct {
	io.ReaderAt
	n, at int
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.n++; f.n == f.at {
		return 0, errRead
	}
	return f.ReaderAt.ReadAt(p, off)
}

// TestNoReadErrorIsSwallowed: whatever read fails, the caller gets an error or
// what the file holds.
func TestNoReadErrorIsSwallowed(t *testing.T) {
	schema := batch.Schema{{Name: "s", Type: batch.Type{Kind: batch.String}}, {Name: "n", Type: batch.Type{Kind: batch.Long}}}
	var b batch.Batch
	b.Reset(schema)
	for i := range 40 {
		b.Cols[0].Text([]byte(fmt.Sprint("key", i%7)))
		if i%3 == 0 {
			b.Cols[1].Null(1)
		} else {
			b.Cols[1].Int(int64(i))
		}
	}
	b.Rows = 40
	var out bytes.Buffer
	w, err := parquetfile.NewWriter(&out, schema, parquetfile.Options{RowGroupRows: 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ways := map[string]func(f *parquetfile.File) ([]string, error){
		"ReadRows": func(f *parquetfile.File) ([]string, error) {
			var got batch.Batch
			got.Reset(schema)
			err := f.ReadRows(1, []int64{3, 4, 9}, schema, &got)
			return []string{fmt.Sprint(got.Cols)}, err
		},
		"ReadRowGroup": func(f *parquetfile.File) ([]string, error) {
			var got batch.Batch
			err := f.ReadRowGroup(0, schema, &got)
			return []string{fmt.Sprint(got.Cols)}, err
		},
		"ReadChunks": func(f *parquetfile.File) (all []string, err error) {
			err = f.ReadChunks(0, schema, 7, func(b *batch.Batch) error { all = append(all, fmt.Sprint(b.Cols)); return nil })
			return all, err
		},
		"ScanStrings": func(f *parquetfile.File) (all []string, err error) {
			err = f.ScanStrings(0, "s", func(first int64, values [][]byte, def []int16) error {
				all = append(all, fmt.Sprintf("%d %q %v", first, values, def))
				return nil
			})
			return all, err
		},
	}
	for name, read := range ways {
		t.Run(name, func(t *testing.T) {
			clean, err := parquetfile.Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
			if err != nil {
				t.Fatal(err)
			}
			want, err := read(clean)
			if err != nil {
				t.Fatal(err)
			}
			for at := 1; ; at++ {
				r := &failing{ReaderAt: bytes.NewReader(out.Bytes()), at: at}
				f, err := parquetfile.Open(r, int64(out.Len()))
				var got []string
				if err == nil {
					got, err = read(f)
				}
				if r.n < at {
					return
				}
				switch {
				case err == nil && !reflect.DeepEqual(got, want):
					t.Errorf("read %d fails, and nobody hears of it: got %v, want %v", at, got, want)
				case err == nil:
					t.Logf("read %d fails, nobody hears of it, result right", at)
				case !errors.Is(err, errRead):
					t.Errorf("read %d fails with %v", at, err)
				}
			}
		})
	}
}
