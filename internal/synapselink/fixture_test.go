package synapselink

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

var testNow = time.Date(2024, 9, 12, 0, 0, 0, 0, time.UTC)

// newStore holds files, given as path and content in turn.
func newStore(t testing.TB, files ...string) *mem.Store {
	t.Helper()
	s := mem.New(func() time.Time { return testNow })
	for i := 0; i < len(files); i += 2 {
		put(t, s, files[i], files[i+1])
	}
	return s
}

func put(t testing.TB, s storage.Store, path, content string) {
	t.Helper()
	w, err := s.Write(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// newExport is an export of those files.
func newExport(t testing.TB, files ...string) *Export {
	t.Helper()
	return &Export{Store: newStore(t, files...), Now: func() time.Time { return testNow }}
}

// samplePath is the path of a file of the published samples.
func samplePath(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared", "samples"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("SLUICE_REQUIRE_SAMPLES") == "1" {
			t.Fatalf("the samples are required (SLUICE_REQUIRE_SAMPLES=1): %v", err)
		}
		t.Skipf("no samples: %v", err)
	}
	return path
}

func name(t testing.TB, text string) FolderName {
	t.Helper()
	n, err := ParseFolderName(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// entity makes a table of attributes written "name type".
func entity(table string, attributes ...string) Entity {
	e := Entity{Name: table}
	for _, text := range attributes {
		column, kind, _ := strings.Cut(text, " ")
		e.Attributes = append(e.Attributes, attribute(column, kind))
	}
	return e
}

// attribute has a type of the source, or one of the target with a source type
// of its own: a decimal with its shape, "decimal(38,6)", long and timestamp.
func attribute(column, kind string) Attribute {
	a := Attribute{Name: column, Type: kind}
	t, _ := batch.ParseType(kind)
	switch t.Kind {
	case batch.Decimal:
		a.Type, a.Precision, a.Scale = "decimal", t.Precision, t.Scale
	case batch.Long:
		a.Type = "int64"
	case batch.Timestamp:
		a.Type = "dateTime"
	}
	return a
}

func schemaOf(t testing.TB, e Entity, s Selection) batch.Schema {
	t.Helper()
	m, err := MergeSchema(nil, e, s)
	if err != nil {
		t.Fatal(err)
	}
	return m.Schema
}

// decodeAll reads a source to its end. Pieces are decoded in the given order
// of their numbers, in order if it is nil; the first error by place is
// returned, as callers do.
func decodeAll(t testing.TB, s change.Source, order func(pieces int) []int) ([]string, []change.Change, error) {
	t.Helper()
	var pieces []change.Piece
	for {
		p, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		pieces = append(pieces, p)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	numbers := make([]int, len(pieces))
	for i := range numbers {
		numbers[i] = i
	}
	if order != nil {
		numbers = order(len(pieces))
	}
	rows, changes := make([][]string, len(pieces)), make([][]change.Change, len(pieces))
	var first *RowError
	for _, i := range numbers {
		var block change.Block
		err := pieces[i].Decode(&block)
		if bad := (*RowError)(nil); errors.As(err, &bad) {
			if first == nil || bad.Compare(first) < 0 {
				first = bad
			}
		} else if err != nil {
			return nil, nil, err
		}
		rows[i], changes[i] = rowTexts(t, &block.Rows), block.Changes
		pieces[i].Release()
	}
	if first != nil {
		return nil, nil, first
	}
	return slices.Concat(rows...), slices.Concat(changes...), nil
}

// rowTexts writes each row as "column=value" without the null ones.
func rowTexts(t testing.TB, b *batch.Batch) []string {
	t.Helper()
	rows := make([][]string, b.Rows)
	for i, f := range b.Schema {
		c := &b.Cols[i]
		if len(c.Def) != 0 && len(c.Def) != b.Rows {
			t.Fatalf("column %s has %d entries for %d rows", f.Name, len(c.Def), b.Rows)
		}
		value := 0
		for row, def := range c.Def {
			if def == 1 {
				rows[row] = append(rows[row], f.Name+"="+valueText(f.Type, c, value))
				value++
			}
		}
		if n := len(c.Ints) + len(c.Bytes) + len(c.Bools) + len(c.Doubles) + len(c.Wide); n != value {
			t.Fatalf("column %s has %d values for %d entries", f.Name, n, value)
		}
	}
	texts := make([]string, b.Rows)
	for i := range rows {
		texts[i] = strings.Join(rows[i], " ")
	}
	return texts
}

func valueText(kind batch.Type, c *batch.Column, i int) string {
	switch kind.Kind {
	case batch.String:
		return fmt.Sprintf("%q", c.Bytes[i])
	case batch.Boolean:
		return fmt.Sprint(c.Bools[i])
	case batch.Double:
		return fmt.Sprint(c.Doubles[i])
	case batch.Timestamp:
		return time.UnixMicro(c.Ints[i]).UTC().Format("2006-01-02T15:04:05.999999Z")
	case batch.Date:
		return time.Unix(c.Ints[i]*86400, 0).UTC().Format("2006-01-02")
	case batch.Decimal:
		if kind.IsWide() {
			return decimalText(wide(c.Wide[i]), kind.Scale)
		}
		return decimalText(big.NewInt(c.Ints[i]), kind.Scale)
	}
	return fmt.Sprint(c.Ints[i])
}

// wide reads 16 bytes of big-endian two's complement.
func wide(b [16]byte) *big.Int {
	n := new(big.Int).SetBytes(b[:])
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n
}

func decimalText(unscaled *big.Int, scale int32) string {
	r := new(big.Rat).SetFrac(unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	return r.FloatString(int(scale))
}
