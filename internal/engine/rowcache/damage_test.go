package rowcache

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

// readAll reads a cache of any content.
func readAll(content []byte, rows int) (*batch.Batch, error) {
	f := &File{src: bytes.NewReader(content)}
	if err := f.load(int64(len(content))); err != nil {
		return nil, err
	}
	if f.Rows() != int64(rows) {
		return nil, fmt.Errorf("%d rows are left", f.Rows())
	}
	numbers := make([]int64, rows)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	into := &batch.Batch{}
	into.Reset(f.schema)
	return into, f.Read(numbers, f.schema, into)
}

// Each byte counts: wherever one is wrong or missing it is found.
func TestDamageIsFound(t *testing.T) {
	const rows = 70
	path := write(t, randomRows(rand.New(rand.NewPCG(3, 1)), rows), func() int { return rows })
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(whole, rows); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		whole[i] ^= 0x40
		if _, err := readAll(whole, rows); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d of %d: %v, want damage", i, len(whole), err)
		}
		whole[i] ^= 0x40
		if _, err := readAll(whole[:i], rows); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d of %d: %v, want damage", i, len(whole), err)
		}
	}
}

// A block whose checksum is right and whose content is not does no harm.
func FuzzBlock(f *testing.F) {
	for seed := range uint64(4) {
		b := randomRows(rand.New(rand.NewPCG(seed, 1)), blockRows)
		var columns block
		for i, c := range schema {
			columns.column(c.Type, &b.Cols[i], 0, blockRows, 0)
		}
		f.Add(columns.plain, columns.raw)
	}
	f.Fuzz(func(t *testing.T, plain, raw []byte) {
		p := parser{data: plain, raw: raw, rows: blockRows, wanted: []uint8{0, 5, 63}}
		for _, c := range schema {
			column := &batch.Column{}
			p.column(c.Type, column)
			values := len(column.Ints) + len(column.Bytes) + len(column.Bools) + len(column.Doubles) + len(column.Wide)
			ones := 0
			for _, d := range column.Def {
				ones += int(d)
			}
			if len(column.Def) != len(p.wanted) || !p.short && values != ones {
				t.Fatalf("column %s: %d levels, %d values of %d", c.Name, len(column.Def), values, ones)
			}
		}
	})
}

func TestRowsThatAreNot(t *testing.T) {
	f := open(t, write(t, randomRows(rand.New(rand.NewPCG(3, 1)), 100), func() int { return 100 }))
	for _, rows := range [][]int64{{-1}, {100}, {1, 1}, {70, 3}, {5, 4}} {
		into := &batch.Batch{}
		into.Reset(schema)
		if err := f.Read(rows, schema, into); err == nil || errors.Is(err, ErrDamaged) {
			t.Errorf("rows %v: %v", rows, err)
		}
	}
	if f.Serves(batch.Schema{{Name: "name", Type: batch.Type{Kind: batch.Long}}}) {
		t.Error("a text is served as a number")
	}
}

// Rows with large cells go without a cache, and leave nothing behind.
func TestLargeCells(t *testing.T) {
	for name, texts := range map[string][]int{"one": {maxText + 1}, "many": repeat(maxText, blockRows+1)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := Create(filepath.Join(dir, "rows"), schema[:2])
			if err != nil {
				t.Fatal(err)
			}
			b := &batch.Batch{}
			b.Reset(schema[:2])
			for i, n := range texts {
				b.Cols[1].Text(bytes.Repeat([]byte{byte(i)}, n))
				b.Rows++
			}
			err = w.Write(b)
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("%v, want that it is too large", err)
			}
			if err := w.Abort(); err != nil {
				t.Fatal(err)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
}

func repeat(v, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// versionOne is a cache as the first version of the format has it.
const versionOne = "" +
	"534c5549434552430100810000005b7b226e616d65223a224964222c2274797065223a22737472696e67227d2c7b226e" +
	"616d65223a2276657273696f6e222c2274797065223a226c6f6e67227d2c7b226e616d65223a22666c6167222c227479" +
	"7065223a22626f6f6c65616e227d2c7b226e616d65223a226e616d65222c2274797065223a22737472696e67227d5d66" +
	"1b624420000000992887aeee0201238e12456bcd02d9f806ab352c9ac8ee118fb0000d3a00d9182aa4010101e8030000" +
	"0000000002000002010202000000000000000101000000000000000000010300416e6eec8f53839300000000000000e7" +
	"00000000000000534c55494345524302000000000000001000000095aac72f75342806"

// A format that is read otherwise, or written otherwise before it is compressed,
// needs another version.
func TestFormat(t *testing.T) {
	b := &batch.Batch{}
	b.Reset(batch.Schema{schema[0], schema[3], schema[5], schema[1]})
	b.Rows = 2
	b.Cols[0].Text([]byte("992887ae-ee02-0123-8e12-456bcd02d9f8"))
	b.Cols[0].Text([]byte("06ab352c-9ac8-ee11-8fb0-000d3a00d918"))
	b.Cols[1].Int(1000)
	b.Cols[1].Int(1258)
	b.Cols[2].Null(1)
	b.Cols[2].Bool(true)
	b.Cols[3].Text([]byte("Ann"))
	b.Cols[3].Text([]byte(""))
	content, err := hex.DecodeString(versionOne)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(content, 2)
	if err != nil {
		t.Fatal(err)
	}
	same(t, b, got)
	var columns block
	for i, c := range b.Schema {
		columns.column(c.Type, &b.Cols[i], 0, 2, 0)
	}
	const raw = "992887aeee0201238e12456bcd02d9f806ab352c9ac8ee118fb0000d3a00d918"
	const want = "0101" + // noNull, GUIDs
		"01e803000000000000020000" + "0201" + // noNull, smallest 1000, two bytes each
		"02020000000000000001" + // the second row has a value
		"010000000000000000000103" + "00" + "416e6e" // noNull, texts of 3 and 0 bytes
	if diff := cmp.Diff([]string{want, raw}, []string{hex.EncodeToString(columns.plain), hex.EncodeToString(columns.raw)}); diff != "" {
		t.Error(diff)
	}
}
