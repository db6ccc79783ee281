package pipeline_test

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// content is what a table holds, in a form in which what is expected and what
// was read can be compared. Values are canonical text: numbers without leading
// zeros, decimals unscaled, times in microseconds since 1970.
type content struct {
	columns []string
	rows    []contentRow // by Id and start
}

type contentRow struct {
	id    string
	start int64    // of a Type2 row, else 0
	cells []string // parallel to columns
}

// absent is the text of a null. No export can hold it: it is not UTF-8.
const absent = "\xffnull"

// tester is what *testing.T and *rapid.T have in common here.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func need(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// readContent reads all columns of all rows that a reader of the table sees.
func readContent(lake storage.Store, s *delta.Snapshot) (content, error) {
	schema, err := s.BatchSchema()
	if err != nil {
		return content{}, err
	}
	var c content
	for _, f := range schema {
		c.columns = append(c.columns, f.Name)
	}
	err = local.New(lake, local.Options{}).Scan(context.Background(), s, schema, func(b *batch.Batch) error {
		c.rows = append(c.rows, rowsOf(b)...)
		return nil
	})
	c.sort()
	return c, err
}

// contentOf is the newest content of a table, and its version: -1 where there is
// no table.
func contentOf(t tester, lake storage.Store, path string) (content, *delta.Snapshot) {
	t.Helper()
	s, err := local.New(lake, local.Options{}).Snapshot(context.Background(), path)
	need(t, err)
	if s.Version < 0 {
		return content{}, s
	}
	c, err := readContent(lake, s)
	need(t, err)
	return c, s
}

func (c *content) sort() {
	slices.SortFunc(c.rows, func(a, b contentRow) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.start, b.start), slices.Compare(a.cells, b.cells))
	})
}

func rowsOf(b *batch.Batch) []contentRow {
	rows := make([]contentRow, b.Rows)
	for i := range rows {
		rows[i].cells = make([]string, len(b.Schema))
	}
	for c, f := range b.Schema {
		column := &b.Cols[c]
		value := 0
		for i := range rows {
			text := absent
			if len(column.Def) > 0 && column.Def[i] != 0 {
				text = canonical(f.Type, column, value)
				value++
			}
			rows[i].cells[c] = text
			switch f.Name {
			case "Id":
				rows[i].id = text
			case "__START_AT":
				rows[i].start, _ = strconv.ParseInt(text, 10, 64)
			}
		}
	}
	return rows
}

func canonical(t batch.Type, c *batch.Column, i int) string {
	switch {
	case t.Kind == batch.String:
		return string(c.Bytes[i])
	case t.Kind == batch.Boolean:
		return strconv.FormatBool(c.Bools[i])
	case t.Kind == batch.Double:
		return strconv.FormatFloat(c.Doubles[i], 'g', -1, 64)
	case t.IsWide():
		n := new(big.Int).SetBytes(c.Wide[i][:])
		if c.Wide[i][0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 128))
		}
		return n.String()
	}
	return strconv.FormatInt(c.Ints[i], 10)
}

// expected is what the rules of package change make of the rows that were
// written up to a folder. The cells are read here in the plainest way, by
// other means than the product's.
func expected(t tester, history []exporter.Written, columns []exporter.Column, typ change.Type, upTo int64) content {
	t.Helper()
	var model change.Model[[]string]
	for i := range history {
		if w := &history[i]; w.Folder <= upTo {
			model.Add(w.Change, w.Cells)
		}
	}
	var c content
	for _, column := range columns {
		c.columns = append(c.columns, column.Name)
	}
	if typ == change.Type2 {
		c.columns = append(c.columns, "__START_AT", "__END_AT")
	}
	for _, r := range model.Rows(typ) {
		row := contentRow{id: r.Key.String()}
		for i, column := range columns {
			text := absent
			if i < len(r.Row) && r.Row[i] != "" {
				var err error
				if text, err = valueOf(column, r.Row[i]); err != nil {
					t.Fatalf("the test cannot read %q of column %s (%s): %v", r.Row[i], column.Name, column.DataType, err)
				}
			}
			row.cells = append(row.cells, text)
		}
		if typ == change.Type2 {
			row.start = r.Start
			end := absent
			if r.End != change.NoEnd {
				end = strconv.FormatInt(r.End, 10)
			}
			row.cells = append(row.cells, strconv.FormatInt(r.Start, 10), end)
		}
		c.rows = append(c.rows, row)
	}
	c.sort()
	return c
}

// without drops columns, as exclude_columns does.
func (c content) without(names []string) content {
	out := content{rows: slices.Clone(c.rows)}
	var kept []int
	for i, name := range c.columns {
		if !slices.Contains(names, name) {
			kept = append(kept, i)
			out.columns = append(out.columns, name)
		}
	}
	for i, row := range c.rows {
		out.rows[i].cells = nil
		for _, k := range kept {
			out.rows[i].cells = append(out.rows[i].cells, row.cells[k])
		}
	}
	return out
}

// valueOf reads a cell of an export.
func valueOf(c exporter.Column, text string) (string, error) {
	switch c.DataType {
	case "guid":
		return strings.ToLower(text), nil
	case "int64":
		n, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(n, 10), err
	case "boolean":
		b, err := strconv.ParseBool(text)
		return strconv.FormatBool(b), err
	case "double":
		f, err := strconv.ParseFloat(text, 64)
		return strconv.FormatFloat(f, 'g', -1, 64), err
	case "decimal":
		n, ok := new(big.Rat).SetString(text)
		if ok {
			scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Scale)), nil)
			n.Mul(n, new(big.Rat).SetInt(scale))
		}
		if !ok || !n.IsInt() {
			return "", fmt.Errorf("not a number of %d digits behind the point", c.Scale)
		}
		return n.Num().String(), nil
	case "dateTime", "dateTimeOffset":
		return timeOf(text)
	}
	return text, nil
}

func timeOf(text string) (string, error) {
	var at time.Time
	err := fmt.Errorf("no form of date")
	for _, layout := range []string{"1/2/2006 3:04:05 PM", time.RFC3339Nano, "2006-01-02T15:04:05.9999999"} {
		if at, err = time.Parse(layout, text); err == nil {
			break
		}
	}
	if err == nil && at.Year() < 1900 {
		return absent, nil
	}
	return strconv.FormatInt(at.UnixMicro(), 10), err
}

// differences lists the first few places where two contents differ, none where
// they are equal. A column that got lacks at the end must be null throughout.
func differences(want, got content) string {
	var out strings.Builder
	index := map[string]int{}
	for i, name := range got.columns {
		index[name] = i
	}
	if order := slices.DeleteFunc(slices.Clone(want.columns), func(n string) bool { _, ok := index[n]; return !ok }); !slices.Equal(order, got.columns) {
		fmt.Fprintf(&out, "columns: want %v, got %v\n", want.columns, got.columns)
	}
	w, g := want.rows, got.rows
	for n := 0; len(w)+len(g) > 0 && n < 5; {
		switch {
		case len(g) == 0 || len(w) > 0 && w[0].before(&g[0]):
			fmt.Fprintf(&out, "missing: %s %d\n", w[0].id, w[0].start)
			w = w[1:]
		case len(w) == 0 || g[0].before(&w[0]):
			fmt.Fprintf(&out, "too much: %s %d\n", g[0].id, g[0].start)
			g = g[1:]
		default:
			n--
			for i, name := range want.columns {
				value := absent
				if at, ok := index[name]; ok {
					value = g[0].cells[at]
				}
				if value != w[0].cells[i] {
					fmt.Fprintf(&out, "%s %d: %s: want %q, got %q\n", w[0].id, w[0].start, name, w[0].cells[i], value)
					n++
				}
			}
			w, g = w[1:], g[1:]
		}
		n++
	}
	return out.String()
}

func (r *contentRow) before(o *contentRow) bool {
	return cmp.Or(strings.Compare(r.id, o.id), cmp.Compare(r.start, o.start)) < 0
}
