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
	// Columns are those of the shape, then those that can be added later.
	Columns []Column
	// Own is how many of Columns are the shape's.
	Own int

	cells  []cell // parallel to Columns
	shape  *shape
	entity *entity
}

// addedColumns are what the vendor appends to every table, one day and another.
var addedColumns = []shapeColumn{
	{
		Column: Column{Name: "con_loyaltytier", DataType: "string", MaxLength: 50},
		fill:   fill{gen: "word", salt: "loyalty", args: []string{"tier"}, percent: 100},
	},
	{
		Column: Column{Name: "con_region", DataType: "string", MaxLength: 50},
		fill:   fill{gen: "word", salt: "region", args: []string{"district"}, percent: 100},
	},
}

// Table prepares one of the tables that the world was made with.
func (w *World) Table(name string) (*Table, error) {
	sh, ok := w.shapes[name]
	if !ok {
		return nil, fmt.Errorf("table %q is not part of the export", name)
	}
	t := &Table{Name: name, Partition: sh.partition, Own: len(sh.columns), shape: sh, entity: w.entities[name]}
	c := &compiler{world: w, table: t, shape: sh, makers: makers()}
	var err error
	if t.cells, err = c.cells(); err != nil {
		return nil, err
	}
	for _, col := range addedColumns[:w.style.Added] {
		added, err := c.cell(col)
		if err != nil {
			return nil, err
		}
		t.cells = append(t.cells, added)
	}
	for _, col := range append(slices.Clone(sh.columns), addedColumns[:w.style.Added]...) {
		t.Columns = append(t.Columns, col.Column)
	}
	return t, nil
}

// Spare lists, by position in Columns, the filled texts that nothing depends on:
// those that customers remove and add again.
func (t *Table) Spare() []int {
	var out []int
	for i, c := range t.shape.columns {
		if c.DataType == "string" && c.fill.gen != "" {
			out = append(out, i)
		}
	}
	return out
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
	Global  string // name of the set that it shares with other columns, or empty
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
			out = append(out, Choice{c.Name, t.shape.globalSet(c.Name, opts), opts})
		}
	}
	return out
}

// globalSet names the shared set behind a choice. Enumerations of F&O come as
// shared sets, Dataverse has some of its own.
func (s *shape) globalSet(column string, opts []Option) string {
	switch {
	case column == "budgetstatus":
		return column
	case s.family != familyVirtual:
		return ""
	case len(opts) == 2 && opts[0].Label == "No":
		return "mserp_noyes"
	}
	return column
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
