package rowcache

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sluicedata/sluice/internal/batch"
)

var schema = batch.Schema{
	{Name: "Id", Type: batch.Type{Kind: batch.String}},
	{Name: "name", Type: batch.Type{Kind: batch.String}},
	{Name: "kind", Type: batch.Type{Kind: batch.String}},
	{Name: "version", Type: batch.Type{Kind: batch.Long}},
	{Name: "stamp", Type: batch.Type{Kind: batch.Timestamp}},
	{Name: "flag", Type: batch.Type{Kind: batch.Boolean}},
	{Name: "share", Type: batch.Type{Kind: batch.Double}},
	{Name: "money", Type: batch.Type{Kind: batch.Decimal, Precision: 38, Scale: 4}},
	{Name: "rate", Type: batch.Type{Kind: batch.Decimal, Precision: 9, Scale: 2}},
	{Name: "never", Type: batch.Type{Kind: batch.Date}},
}

// randomRows has everything that a column can hold.
func randomRows(r *rand.Rand, rows int) *batch.Batch {
	b := &batch.Batch{}
	b.Reset(schema)
	b.Rows = rows
	if rows == 0 {
		return b
	}
	for i := range schema[:len(schema)-1] {
		c := &b.Cols[i]
		nulls := []float64{0, 0, 0.3, 1}[r.IntN(4)]
		for range rows {
			if r.Float64() < nulls {
				c.Null(1)
				continue
			}
			c.Def = append(c.Def, 1)
			switch schema[i].Name {
			case "Id":
				c.Bytes = append(c.Bytes, randomGUID(r))
			case "name":
				c.Bytes = append(c.Bytes, []byte(strings.Repeat("é, ", r.IntN(9))+fmt.Sprint(r.IntN(99))))
			case "kind":
				c.Bytes = append(c.Bytes, []byte("account"))
			case "flag":
				c.Bools = append(c.Bools, r.IntN(2) == 0)
			case "share":
				c.Doubles = append(c.Doubles, r.NormFloat64())
			case "money":
				c.Wide = append(c.Wide, randomWide(r))
			case "rate":
				c.Ints = append(c.Ints, 7)
			case "stamp":
				c.Ints = append(c.Ints, []int64{math.MinInt64, -1, 0, math.MaxInt64}[r.IntN(4)])
			default:
				c.Ints = append(c.Ints, r.Int64N(1<<r.IntN(63)))
			}
		}
	}
	return b
}

func randomGUID(r *rand.Rand) []byte {
	var id [16]byte
	for i := range id {
		id[i] = byte(r.IntN(256))
	}
	return appendGUID(nil, id[:])
}

// randomWide is negative or positive, and now and then of more than 64 bits.
func randomWide(r *rand.Rand) (wide [16]byte) {
	v := r.Int64()
	fill := byte(0)
	if r.IntN(2) == 0 {
		v, fill = -v-1, 0xff
	}
	for i := range wide {
		wide[i] = fill
		if i >= 8 {
			wide[i] = byte(v >> (8 * (15 - i)))
		}
	}
	if r.IntN(200) == 0 {
		wide[0] ^= 0x12
	}
	return wide
}

// write makes a cache of rows, in portions.
func write(t *testing.T, b *batch.Batch, portion func() int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows")
	w, err := Create(path, b.Schema)
	if err != nil {
		t.Fatal(err)
	}
	for row := 0; row < b.Rows; {
		n := min(portion(), b.Rows-row)
		if err := w.Write(pick(b, b.Schema, sequence(row, row+n))); err != nil {
			t.Fatal(err)
		}
		row += n
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("the cache has its name before it is whole")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < w.Bytes() {
		t.Fatalf("%v, %d bytes were announced: %v", info, w.Bytes(), err)
	}
	return path
}

func sequence(from, to int) (rows []int) {
	for i := from; i < to; i++ {
		rows = append(rows, i)
	}
	return rows
}

// pick takes some columns of some rows; columns that there are not are null.
func pick(b *batch.Batch, columns batch.Schema, rows []int) *batch.Batch {
	all := batch.Batch{Schema: columns, Rows: b.Rows}
	for _, c := range columns {
		column := batch.Column{}
		if i := b.Schema.Index(c.Name); i >= 0 {
			column = b.Cols[i]
		}
		all.Cols = append(all.Cols, column)
	}
	some := &batch.Batch{}
	some.Reset(columns)
	some.AppendRows(&all, rows)
	return some
}

// same compares rows; a column without levels is one of nulls.
func same(t *testing.T, want, got *batch.Batch) {
	t.Helper()
	equal := want.Rows == got.Rows && slices.Equal(want.Schema, got.Schema)
	for i := range want.Cols {
		w, g := &want.Cols[i], &got.Cols[i]
		for _, c := range []*batch.Column{w, g} {
			if len(c.Def) == 0 {
				c.Null(want.Rows)
			}
		}
		equal = equal && slices.Equal(w.Def, g.Def) && slices.EqualFunc(w.Bytes, g.Bytes, bytes.Equal) &&
			slices.Equal(w.Ints, g.Ints) && slices.Equal(w.Doubles, g.Doubles) && slices.Equal(w.Bools, g.Bools) && slices.Equal(w.Wide, g.Wide)
	}
	if equal {
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("rows are not what was written (-written +read):\n%s", diff)
	}
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// Any rows come out as they went in, however they are written and whichever of
// them are read.
func TestAnyRows(t *testing.T) {
	columns := batch.Schema{schema[7], {Name: "later", Type: batch.Type{Kind: batch.Long}}, schema[0], schema[9], schema[1]}
	for seed := range uint64(30) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			b := randomRows(r, []int{0, 1, 63, 64, 65, 700}[seed%6])
			f := open(t, write(t, b, func() int { return 1 + r.IntN(200) }))
			if f.Rows() != int64(b.Rows) || !f.Serves(schema) || !f.Serves(columns) {
				t.Fatalf("%d rows of %d", f.Rows(), b.Rows)
			}
			var some []int
			var numbers []int64
			for i := range b.Rows {
				if r.IntN(4) == 0 {
					some, numbers = append(some, i), append(numbers, int64(i))
				}
			}
			for _, wanted := range []batch.Schema{schema, columns} {
				got := &batch.Batch{}
				got.Reset(wanted)
				half := len(some) / 2
				for _, part := range [][]int64{numbers[:half], numbers[half:]} {
					if err := f.Read(part, wanted, got); err != nil {
						t.Fatal(err)
					}
				}
				same(t, pick(b, wanted, some), got)
			}
		})
	}
}

// Texts that are nearly GUIDs are kept as they are.
func TestNearlyGUIDs(t *testing.T) {
	id := []byte("992887ae-ee02-0123-8e12-456bcd02d9f8")
	b := &batch.Batch{}
	b.Reset(schema[:1])
	packed := 0
	for place := range id {
		for c := range 256 {
			text := bytes.Clone(id)
			text[place] = byte(c)
			b.Cols[0].Text(text)
			b.Rows++
			if out, ok := appendGUIDs(nil, [][]byte{text}); ok {
				packed++
				if back := appendGUID(nil, out); !bytes.Equal(back, text) {
					t.Fatalf("%q comes out as %q", text, back)
				}
			}
		}
	}
	if want := 32*16 + 4; packed != want {
		t.Errorf("%d texts are GUIDs, want %d", packed, want)
	}
	for _, text := range []string{"", "992887ae", strings.ToUpper(string(id)), "{" + string(id) + "}"} {
		b.Cols[0].Text([]byte(text))
		b.Rows++
	}
	f := open(t, write(t, b, func() int { return 100 }))
	numbers := make([]int64, b.Rows)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	got := &batch.Batch{}
	got.Reset(b.Schema)
	if err := f.Read(numbers, b.Schema, got); err != nil {
		t.Fatal(err)
	}
	same(t, b, got)
}

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

// The cost of reading rows follows the rows: what is decompressed are their
// blocks, and no memory is allocated for each.
func TestReadingAllocatesLittle(t *testing.T) {
	const rows = 20_000
	f := open(t, write(t, randomRows(rand.New(rand.NewPCG(5, 1)), rows), func() int { return 1000 }))
	numbers := make([]int64, 0, 100)
	for i := int64(0); i < rows; i += rows / 100 {
		numbers = append(numbers, i)
	}
	into := &batch.Batch{}
	allocations := testing.AllocsPerRun(5, func() {
		into.Reset(schema)
		if err := f.Read(numbers, schema, into); err != nil {
			t.Fatal(err)
		}
	})
	if most := 0.5 * float64(len(numbers)); allocations > most {
		t.Errorf("%v allocations for %d rows, want at most %v", allocations, len(numbers), most)
	}
}
