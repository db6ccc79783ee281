package rows

import (
	"fmt"
	"slices"
	"strings"
)

// Table is one simulated table: its columns and the formula of its rows.
type Table struct {
	Name      string
	Partition int // fixed year of the partition; 0: the year of createdon
	Columns   []Column
	Narrow    *Programs // rows in the width of Columns
	Wide      *Programs // rows with AddedColumn behind

	shape  *shape
	entity *entity
}

// addedColumn is what the vendor appends to every table one day.
var addedColumn = shapeColumn{
	Column: Column{Name: "con_loyaltytier", DataType: "string", MaxLength: 50},
	fill:   fill{gen: "word", salt: "loyalty", args: []string{"tier"}, percent: 100},
}

// AddedColumn is the last column of wide rows.
func AddedColumn() Column { return addedColumn.Column }

// Table prepares one of the tables that the world was made with.
func (w *World) Table(name string) (*Table, error) {
	sh, ok := w.shapes[name]
	if !ok {
		return nil, fmt.Errorf("table %q is not part of the export", name)
	}
	t := &Table{Name: name, Partition: sh.partition, shape: sh, entity: w.entities[name]}
	for _, c := range sh.columns {
		t.Columns = append(t.Columns, c.Column)
	}
	c := &compiler{world: w, table: t, shape: sh, makers: makers()}
	cells, err := c.cells()
	if err != nil {
		return nil, err
	}
	added, err := c.cell(addedColumn)
	if err != nil {
		return nil, err
	}
	t.Narrow, t.Wide = c.programs(cells), c.programs(append(slices.Clone(cells), added))
	return t, nil
}

// ID of a row. Different rows have different Ids.
func (t *Table) ID(index int64) GUID {
	if t.shape.family == familyCE {
		return t.entity.id(index)
	}
	return foID(t.shape.tableID, recID(index))
}

// Hash is the root of a row's random numbers.
func (t *Table) Hash(index int64) uint64 { return t.entity.rowHash(index) }

// Row begins a row of the table; see Load.
func (t *Table) Row(sink string) Row { return Row{table: t, Sink: sink} }

// Load makes r the row of that number.
func (r *Row) Load(index int64) { r.Index, r.hash = index, r.table.Hash(index) }

// Choice is a column with labelled values.
type Choice struct {
	Column  string
	Options []Option
}

// Choices are the table's choice columns; F&O tables have none, their
// enumerations are plain numbers.
func (t *Table) Choices() []Choice {
	var out []Choice
	for _, c := range t.shape.columns {
		if c.fill.gen != "pick" || t.shape.family == familyFO {
			continue
		}
		// it was read without error when the table was prepared
		if opts, err := c.fill.options(); err == nil {
			out = append(out, Choice{c.Name, opts})
		}
	}
	return out
}

// Reference is a lookup column and the tables that it can point to.
type Reference struct {
	Column  string
	Targets []string
}

// References are the table's filled lookup columns.
func (t *Table) References() []Reference {
	var out []Reference
	for _, c := range t.shape.columns {
		if c.fill.gen == "lookup" {
			out = append(out, Reference{c.Name, strings.Split(c.fill.args[0], "|")})
		}
	}
	return out
}
