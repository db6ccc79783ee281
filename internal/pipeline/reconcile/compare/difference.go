package compare

import (
	"strconv"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"github.com/sluicedata/sluice/internal/change"
)

// shownText is how many bytes of a value are shown.
const shownText = 200

// NewCell takes a value for showing; nil is null.
func NewCell(text *string) Cell {
	if text == nil {
		return Cell{Null: true}
	}
	return TextCell([]byte(*text))
}

// TextCell takes a text for showing, as much as is shown of it.
func TextCell(text []byte) Cell {
	n, rest := len(text), ""
	if n > shownText {
		n = shownText
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		rest = "… (" + strconv.Itoa(len(text)) + " bytes)"
	}
	return Cell{Text: string(text[:n]) + rest, Digest: Digest(xxh3.Hash128(text))}
}

func (c Cell) same(o Cell) bool { return c.Null == o.Null && c.Digest == o.Digest }

func (c Cell) value() *string {
	if c.Null {
		return nil
	}
	return &c.Text
}

// KeyDifference is a key that differs.
type KeyDifference struct {
	Key string `json:"key"`
	// Kind: missing, extra or differs.
	Kind string `json:"kind"`
	// Versions that differ; of a key that one side has not at all, all of them.
	Versions []VersionDifference `json:"versions"`
}

// VersionDifference is one row that differs.
type VersionDifference struct {
	// Version is that of the side that has the row; of both, the table's.
	Version int64 `json:"version"`
	// Kind: missing (the table lacks it), extra (no folder delivered it), or
	// differs.
	Kind string `json:"kind"`
	// Columns that differ; empty where one side has no such row.
	Columns []ColumnDifference `json:"columns"`
}

// ColumnDifference is a value of both sides as text, null for null.
type ColumnDifference struct {
	Column string  `json:"column"`
	Table  *string `json:"table"`
	Export *string `json:"export"`
}

// Difference compares a key's rows, which have their cells, in columns of these
// names.
func Difference(typ change.Type, key change.Key, columns []string, h *History, f Finding) KeyDifference {
	d := KeyDifference{Key: key.String(), Kind: f.Kind.String(), Versions: []VersionDifference{}}
	table, export := h.Rows, f.Export
	for len(table)+len(export) > 0 {
		switch {
		case len(table) == 0 || len(export) > 0 && typ == change.Type2 && export[0].Start < table[0].Start:
			d.Versions = append(d.Versions, VersionDifference{export[0].Start, Missing.String(), []ColumnDifference{}})
			export = export[1:]
		case len(export) == 0 || typ == change.Type2 && table[0].Start < export[0].Start:
			d.Versions = append(d.Versions, VersionDifference{table[0].Start, Extra.String(), []ColumnDifference{}})
			table = table[1:]
		default:
			if v := rowDifference(columns, &table[0], &export[0]); len(v.Columns) > 0 {
				d.Versions = append(d.Versions, v)
			}
			table, export = table[1:], export[1:]
		}
	}
	return d
}

func rowDifference(columns []string, table, export *Row) VersionDifference {
	v := VersionDifference{Version: table.Start, Kind: Differs.String(), Columns: []ColumnDifference{}}
	for i, name := range columns {
		if t, e := table.Cells[i], export.Cells[i]; !t.same(e) {
			v.Columns = append(v.Columns, ColumnDifference{name, t.value(), e.value()})
		}
	}
	if table.End != export.End {
		v.Columns = append(v.Columns, ColumnDifference{"__END_AT", endText(table.End), endText(export.End)})
	}
	return v
}

func endText(end int64) *string {
	if end == change.NoEnd {
		return nil
	}
	text := strconv.FormatInt(end, 10)
	return &text
}
