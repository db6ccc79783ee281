package parquetfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"

	"github.com/sluicedata/sluice/internal/batch"
)

// exercise reads everything of a file that may be damaged; it must come back
// with data or errors.
func exercise(data []byte) error {
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	columns := append(batch.Schema{{Name: "c_string", Type: batch.Type{Kind: batch.String}}}, f.Columns()...)
	var errs []error
	for i := range min(f.RowGroups(), 4) {
		for _, c := range columns {
			one := batch.Schema{c}
			errs = append(errs,
				f.ReadChunks(i, one, 100, func(*batch.Batch) error { return nil }),
				f.ReadRows(i, []int64{0, f.RowGroupRows(i) / 2, f.RowGroupRows(i) - 1}, one, new(batch.Batch)),
				f.ScanStrings(i, c.Name, func(int64, [][]byte, []int16) error { return nil }))
		}
	}
	return errors.Join(errs...)
}

// seedFile is small and has all types, dictionaries and two row groups.
func seedFile(t testing.TB, dictionary bool) []byte {
	s := everyType()
	opts := Options{RowGroupRows: 5, PageBytes: 16, Dictionary: map[string]bool{}}
	for _, f := range s {
		opts.Dictionary[f.Name] = dictionary
	}
	var rows [][]any
	for i := range 8 {
		rows = append(rows, []any{fmt.Sprint("text ", i%3), i, i%2 == 0, float64(i), i, i, i, "1", "2", "3", "4", "5", "-6"})
	}
	rows = append(rows, make([]any, len(s)))
	data, _ := write(t, s, opts, batchOf(s, rows...))
	return data
}

func TestTruncatedFiles(t *testing.T) {
	whole := seedFile(t, true)
	for n := range whole {
		if _, err := Open(bytes.NewReader(whole[:n]), int64(n)); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("the first %d bytes of %d: %v", n, len(whole), err)
		}
	}
	if err := allFine(whole); err != nil {
		t.Fatal(err)
	}
}

// allFine reads the undamaged file as the types that it has.
func allFine(data []byte) error {
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	for i := range f.RowGroups() {
		if err := f.ReadRowGroup(i, f.Columns(), new(batch.Batch)); err != nil {
			return err
		}
	}
	return nil
}

// A size that lies must not be believed.
func TestSizeLargerThanFile(t *testing.T) {
	whole := seedFile(t, false)
	if _, err := Open(bytes.NewReader(whole), int64(len(whole))+100); err == nil {
		t.Error("a file shorter than its size was opened")
	}
}

func TestDamagedBytes(t *testing.T) {
	const seed = 20240911
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, dictionary := range []bool{false, true} {
		whole := seedFile(t, dictionary)
		failed := 0
		for range 400 {
			data := bytes.Clone(whole)
			for range 1 + r.IntN(3) {
				data[r.IntN(len(data))] = byte(r.Uint32())
			}
			if exercise(data) != nil {
				failed++
			}
		}
		if failed < 100 {
			t.Errorf("only %d of 400 damaged files gave errors", failed)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(seedFile(f, false))
	f.Add(seedFile(f, true))
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "samples", "delta-golden", "basic-dv-*", "*.parquet"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := exercise(data); err == nil && len(data) < len(magic)+trailerBytes {
			t.Errorf("%d bytes were read as a file", len(data))
		}
	})
}

// A page that claims to be larger than its header says must not be believed:
// these claim 1 TiB and 4 GiB.
func TestPagesThatClaimTooMuch(t *testing.T) {
	zstdFrame := []byte{0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0}
	snappyBlock := []byte{0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 'x'}
	for id, page := range map[compress.Compression][]byte{compress.Codecs.Zstd: zstdFrame, compress.Codecs.Snappy: snappyBlock} {
		codec, err := compress.GetCodec(id)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := compress.Decode(codec, make([]byte, 100), page); err == nil {
			t.Errorf("%s: %d bytes came out", id, len(out))
		}
		whole := bytes.Repeat([]byte("page"), 25)
		back, err := compress.Decode(codec, make([]byte, 100), codec.Encode(make([]byte, 200), whole))
		if err != nil || !bytes.Equal(back, whole) {
			t.Errorf("%s: a sound page gives %d bytes, error %v", id, len(back), err)
		}
	}
}
