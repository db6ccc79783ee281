package interop_test

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// Columns of a table with history.
const (
	startColumn = "__START_AT"
	endColumn   = "__END_AT"
)

// book says what one table must hold. It reads cells in the plainest way, by
// other means than the product, and leaves the rules to [change.Model].
type book struct {
	scd     change.Type
	columns []exporter.Column
	history []entry
}

// entry is one change, with the row that an upsert brings.
type entry struct {
	change change.Change
	row    interop.Row
}

// add takes rows of an export.
func (b *book) add(t *testing.T, written ...exporter.Written) {
	t.Helper()
	for i := range written {
		row := interop.Row{}
		for at, text := range written[i].Cells {
			value, err := valueOf(b.columns[at], text)
			if err != nil {
				t.Fatalf("reading %q of column %s: %v", text, b.columns[at].Name, err)
			}
			row[b.columns[at].Name] = value
		}
		b.history = append(b.history, entry{written[i].Change, row})
	}
}

// rows are what readers of the table must see.
func (b *book) rows() []interop.Row {
	var model change.Model[interop.Row]
	for _, e := range b.history {
		model.Add(e.change, e.row)
	}
	rows := []interop.Row{}
	for _, r := range model.Rows(b.scd) {
		row := interop.Row{}
		for _, c := range b.columns {
			row[c.Name] = r.Row[c.Name]
		}
		if b.scd == change.Type2 {
			row[startColumn], row[endColumn] = strconv.FormatInt(r.Start, 10), any(nil)
			if r.End != change.NoEnd {
				row[endColumn] = strconv.FormatInt(r.End, 10)
			}
		}
		rows = append(rows, row)
	}
	return sorted(rows)
}

// schema are the table's columns as the engines name them.
func (b *book) schema() []interop.Column {
	var columns []interop.Column
	for _, c := range b.columns {
		columns = append(columns, interop.Column{Name: c.Name, Type: typeOf(c)})
	}
	if b.scd == change.Type2 {
		columns = append(columns, interop.Column{Name: startColumn, Type: "long"}, interop.Column{Name: endColumn, Type: "long"})
	}
	return columns
}

// rewrite follows what another program did to the rows of the table. What
// stays of their past is what the rows themselves tell, and the deletes that
// the table remembers without showing them.
func (b *book) rewrite(t *testing.T, edit func([]interop.Row) []interop.Row) {
	t.Helper()
	rows := edit(b.rows())
	b.history = slices.DeleteFunc(b.history, func(e entry) bool { return !e.change.Delete })
	starts := map[string]bool{}
	for _, row := range rows {
		starts[fmt.Sprint(row["Id"], row["versionnumber"])] = true
	}
	for _, row := range rows {
		c := changeOf(t, row)
		b.history = append(b.history, entry{c, row})
		if end, _ := row[endColumn].(string); end != "" && !starts[fmt.Sprint(row["Id"], end)] {
			b.history = append(b.history, entry{change.Change{Key: c.Key, Version: number(t, end), Modified: change.NoTime, Delete: true}, nil})
		}
	}
}

// changeOf is the change that a row of the table stands for.
func changeOf(t *testing.T, row interop.Row) change.Change {
	t.Helper()
	id, _ := row["Id"].(string)
	version, _ := row["versionnumber"].(string)
	key, ok := change.ParseKey([]byte(id))
	if !ok {
		t.Fatalf("%q is no Id", id)
	}
	c := change.Change{Key: key, Version: number(t, version), Modified: change.NoTime}
	if text, _ := row["SinkModifiedOn"].(string); text != "" {
		at, err := time.Parse(time.RFC3339Nano, text)
		need(t, err)
		c.Modified = at.UnixMicro()
	}
	return c
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	need(t, err)
	return n
}

// need ends the test at an error.
func need(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func typeOf(c exporter.Column) string {
	switch c.DataType {
	case "int64":
		return "long"
	case "boolean", "double", "date":
		return c.DataType
	case "dateTime", "dateTimeOffset":
		return "timestamp"
	case "decimal":
		return fmt.Sprintf("decimal(%d,%d)", c.Precision, c.Scale)
	}
	return "string"
}

// valueOf is the value that engines must show for the text of a cell.
func valueOf(c exporter.Column, text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	switch typeOf(c) {
	case "long":
		n, err := strconv.ParseInt(text, 10, 64)
		return strconv.FormatInt(n, 10), err
	case "boolean":
		return strconv.ParseBool(text)
	case "double":
		f, err := strconv.ParseFloat(text, 64)
		return doubleText(f), err
	case "timestamp":
		return momentOf(text, "2006-01-02T15:04:05.000000Z")
	case "date":
		return momentOf(text, time.DateOnly)
	case "string":
		if c.DataType == "guid" {
			text = strings.ToLower(text)
		}
		return text, nil
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("not a number")
	}
	return n.FloatString(c.Scale), nil
}

// momentOf reads a date-time. Digits below a microsecond are cut, and years
// before 1900 stand for no value.
func momentOf(text, layout string) (any, error) {
	for _, form := range []string{"1/2/2006 3:04:05 PM", time.RFC3339Nano, "2006-01-02T15:04:05.9999999", time.DateOnly} {
		at, err := time.Parse(form, strings.Replace(text, " 0:", " 12:", 1))
		if err != nil {
			continue
		}
		if at.Year() < 1900 {
			return nil, nil
		}
		return at.UTC().Truncate(time.Microsecond).Format(layout), nil
	}
	return nil, fmt.Errorf("no form of date")
}

// doubleText writes doubles as the engines' answers do: with a point and
// without an exponent from 0.0001 up to 1e16.
func doubleText(f float64) string {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	at := strings.IndexByte(text, 'e')
	if exponent, err := strconv.Atoi(text[at+1:]); err != nil || exponent < -4 || exponent >= 16 {
		return text
	}
	text = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
