package parquetfile

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/batch"
)

// everyType has a column of every type, decimals at each change of storage.
func everyType() batch.Schema {
	s := batch.Schema{}
	for _, name := range []string{
		"string", "long", "boolean", "double", "timestamp", "date", "integer",
		"decimal(1,0)", "decimal(9,2)", "decimal(10,2)", "decimal(18,18)", "decimal(19,0)", "decimal(38,6)",
	} {
		typ, err := batch.ParseType(name)
		if err != nil {
			panic(err)
		}
		s = append(s, batch.Field{Name: "c_" + name, Type: typ})
	}
	return s
}

// add appends a value to column i of the row being built; nil is null. Text,
// numbers and, for decimals, digits without point are understood.
func add(b *batch.Batch, i int, v any) {
	c := &b.Cols[i]
	if v == nil {
		c.Def = append(c.Def, 0)
		return
	}
	c.Def = append(c.Def, 1)
	switch typ := b.Schema[i].Type; {
	case typ.Kind == batch.String:
		c.Bytes = append(c.Bytes, []byte(v.(string)))
	case typ.Kind == batch.Double:
		c.Doubles = append(c.Doubles, v.(float64))
	case typ.Kind == batch.Boolean:
		c.Bools = append(c.Bools, v.(bool))
	case typ.IsWide():
		c.Wide = append(c.Wide, wideOf(v.(string)))
	case typ.Kind == batch.Decimal:
		n, _ := wideInt(v.(string)).int64()
		c.Ints = append(c.Ints, n)
	default:
		c.Ints = append(c.Ints, int64(v.(int)))
	}
}

func wideInt(digits string) int128 {
	w := wideOf(digits)
	return int128FromWide(&w)
}

func wideOf(digits string) (w [16]byte) {
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		panic("not a number: " + digits)
	}
	if n.Sign() < 0 {
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	n.FillBytes(w[:])
	return w
}

// batchOf builds a batch from rows of values.
func batchOf(s batch.Schema, rows ...[]any) *batch.Batch {
	var b batch.Batch
	b.Reset(s)
	for _, row := range rows {
		for i, v := range row {
			add(&b, i, v)
		}
		b.Rows++
	}
	return &b
}

// cells is the batch as text, column by column, for comparison.
func cells(b *batch.Batch) map[string][]string {
	out := map[string][]string{}
	for i, f := range b.Schema {
		c, at := &b.Cols[i], 0
		col := make([]string, 0, b.Rows)
		for row := range b.Rows {
			if len(c.Def) == 0 || c.Def[row] == 0 {
				col = append(col, "NULL")
				continue
			}
			col = append(col, cell(f.Type, c, at))
			at++
		}
		if n := valueCount(f.Type, c); n != at {
			col = append(col, fmt.Sprintf("%d values left over", n-at))
		}
		out[f.Name] = col
	}
	return out
}

func cell(t batch.Type, c *batch.Column, i int) string {
	switch {
	case t.Kind == batch.String:
		return fmt.Sprintf("%q", c.Bytes[i])
	case t.Kind == batch.Double:
		return fmt.Sprintf("%x", math.Float64bits(c.Doubles[i]))
	case t.Kind == batch.Boolean:
		return fmt.Sprint(c.Bools[i])
	case t.IsWide():
		return decimalText(c.Wide[i])
	}
	return fmt.Sprint(c.Ints[i])
}

func decimalText(w [16]byte) string {
	n := new(big.Int).SetBytes(w[:])
	if w[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n.String()
}

// write makes a file of the batches.
func write(t testing.TB, s batch.Schema, opts Options, batches ...*batch.Batch) ([]byte, FileInfo) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, s, opts)
	if err != nil {
		t.Fatalf("new writer: %v", err)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	info, err := w.Close()
	if err != nil {
		t.Fatalf("close: %v", err)
	}
	if info.Bytes != int64(out.Len()) {
		t.Fatalf("file of %d bytes is said to have %d", out.Len(), info.Bytes)
	}
	return out.Bytes(), info
}

func open(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return f
}

// readAll appends all row groups.
func readAll(t testing.TB, f *File, columns batch.Schema) *batch.Batch {
	t.Helper()
	all := &batch.Batch{}
	all.Reset(columns)
	for i := range f.RowGroups() {
		var b batch.Batch
		if err := f.ReadRowGroup(i, columns, &b); err != nil {
			t.Fatalf("read row group %d: %v", i, err)
		}
		appendBatch(all, &b)
	}
	return all
}

func appendBatch(to, b *batch.Batch) {
	for i := range b.Cols {
		from, c := &b.Cols[i], &to.Cols[i]
		def := from.Def
		if len(def) == 0 {
			def = make([]int16, b.Rows)
		}
		c.Def = append(c.Def, def...)
		c.Ints = append(c.Ints, from.Ints...)
		c.Doubles = append(c.Doubles, from.Doubles...)
		c.Bools = append(c.Bools, from.Bools...)
		c.Wide = append(c.Wide, from.Wide...)
		for _, v := range from.Bytes {
			c.Bytes = append(c.Bytes, bytes.Clone(v))
		}
	}
	to.Rows += b.Rows
}

func wantSame(t testing.TB, what string, got, want *batch.Batch) {
	t.Helper()
	if got.Rows != want.Rows {
		t.Fatalf("%s: %d rows, want %d", what, got.Rows, want.Rows)
	}
	if diff := cmp.Diff(cells(want), cells(got), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// randomBatch draws rows of every type; each column has its own share of nulls.
func randomBatch(t *rapid.T, s batch.Schema, maxRows int) *batch.Batch {
	var b batch.Batch
	b.Reset(s)
	b.Rows = rapid.IntRange(0, maxRows).Draw(t, "rows")
	for i, f := range s {
		switch rapid.IntRange(0, 5).Draw(t, "nulls") {
		case 0: // no levels at all: null in every row
			continue
		case 1:
			for range b.Rows {
				add(&b, i, nil)
			}
			continue
		}
		for range b.Rows {
			if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
				add(&b, i, nil)
			} else {
				add(&b, i, randomValue(t, f.Type))
			}
		}
	}
	return &b
}

func randomValue(t *rapid.T, typ batch.Type) any {
	switch typ.Kind {
	case batch.String:
		if rapid.IntRange(0, 40).Draw(t, "long") == 0 {
			return strings.Repeat(rapid.StringN(1, 3, -1).Draw(t, "part"), rapid.IntRange(1, 3000).Draw(t, "times"))
		}
		return rapid.StringN(0, 12, -1).Draw(t, "text")
	case batch.Boolean:
		return rapid.Bool().Draw(t, "bool")
	case batch.Double:
		return rapid.Float64().Draw(t, "double")
	case batch.Date, batch.Integer:
		return int(rapid.Int32().Draw(t, "int32"))
	case batch.Decimal:
		digits := rapid.StringMatching(fmt.Sprintf(`-?[0-9]{1,%d}`, typ.Precision)).Draw(t, "digits")
		return digits
	}
	return int(rapid.Int64().Draw(t, "int64"))
}
