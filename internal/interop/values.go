package interop

import "fmt"

// Row is one row, by column. The values are comparable between engines:
//
//	string                as it is
//	byte … long           string of decimal digits
//	decimal               string with all digits of the scale: "1.50"
//	float, double         string, the shortest that reads back: "1.5", "1e+300", "NaN"
//	timestamp             string "2024-01-31T12:00:00.000000Z"; timestamp_ntz without Z
//	date                  string "2024-01-31"
//	boolean               bool
//	binary                string of hex digits
//	struct, array, map    map[string]any, []any, []any of [key, value]
//	null                  nil
type Row map[string]any

// Column is a column of a table or answer, its type named as in a Delta schema.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Select narrows what [Reader.Rows] returns. The zero value is the whole table,
// sorted by the text of the rows.
type Select struct {
	Columns []string // empty: all
	Where   string   // SQL condition in the engine's dialect; empty: all rows
	Order   []string // columns to sort by, in the engine's order
}

// answer is what the worker returns for rows and query.
type answer struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

func (a answer) toRows() ([]Row, error) {
	rows := make([]Row, len(a.Rows))
	for i, values := range a.Rows {
		if len(values) != len(a.Columns) {
			return nil, fmt.Errorf("row %d has %d values for %d columns", i, len(values), len(a.Columns))
		}
		rows[i] = make(Row, len(values))
		for j, v := range values {
			rows[i][a.Columns[j].Name] = v
		}
	}
	return rows, nil
}
