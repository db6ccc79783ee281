// Package batch holds rows of a table in memory, column by column, in the
// shape in which Parquet takes and gives them: definition levels for all rows
// and, densely, the values of those that are not null.
package batch

import "fmt"

// Kind is the type of a column, named as Delta names it.
type Kind uint8

// The kinds, with the slice of [Column] that holds their values.
const (
	String    Kind = iota + 1 // Bytes, UTF-8
	Long                      // Ints
	Boolean                   // Bools
	Double                    // Doubles
	Timestamp                 // Ints, microseconds since 1970 UTC
	Date                      // Ints, days since 1970
	Decimal                   // precision <= 18: Ints, unscaled; else Wide, 16 bytes big-endian two's complement, unscaled
	Integer                   // Ints, 32 bits (only in tables that others made)
)

// Type is a column's type. Precision (1 to 38) and Scale belong to Decimal.
type Type struct {
	Kind      Kind
	Precision int32
	Scale     int32
}

// String is the type's name in a Delta schema, e.g. "decimal(38,6)".
func (t Type) String() string {
	switch t.Kind {
	case String:
		return "string"
	case Long:
		return "long"
	case Boolean:
		return "boolean"
	case Double:
		return "double"
	case Timestamp:
		return "timestamp"
	case Date:
		return "date"
	case Integer:
		return "integer"
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	return fmt.Sprintf("kind(%d)", t.Kind)
}

// IsWide reports whether values are in Wide: decimals of more than 18 digits.
func (t Type) IsWide() bool { return t.Kind == Decimal && t.Precision > 18 }

// ParseType reads a primitive type name of a Delta schema.
func ParseType(name string) (Type, error) {
	for k := String; k <= Integer; k++ {
		if k != Decimal && name == (Type{Kind: k}).String() {
			return Type{Kind: k}, nil
		}
	}
	t := Type{Kind: Decimal}
	if n, err := fmt.Sscanf(name, "decimal(%d,%d)", &t.Precision, &t.Scale); err != nil || n != 2 || t.String() != name {
		return Type{}, fmt.Errorf("type %q is not one that can be held here", name)
	}
	if t.Precision < 1 || t.Precision > 38 || t.Scale < 0 || t.Scale > t.Precision {
		return Type{}, fmt.Errorf("type %q: precision must be 1 to 38 and scale 0 to the precision", name)
	}
	return t, nil
}

// Field is a named column; all are nullable.
type Field struct {
	Name string
	Type Type
}

// Schema lists columns in order. Names are unique regardless of case.
type Schema []Field

// Index is the position of the column of that exact name, or -1.
func (s Schema) Index(name string) int {
	for i := range s {
		if s[i].Name == name {
			return i
		}
	}
	return -1
}

// Column holds one column of a batch. Def has one entry a row: 1 for a value,
// 0 for null. Exactly one of the value slices is used, as [Kind] says, with
// one entry for each 1 in Def. A Column whose Def is empty is null in all rows.
//
// Byte slices may share memory with the block that the rows were read from.
type Column struct {
	Def     []int16
	Ints    []int64
	Doubles []float64
	Bools   []bool
	Bytes   [][]byte
	Wide    [][16]byte
}

// Batch is a number of rows.
type Batch struct {
	Schema Schema
	Rows   int
	Cols   []Column // parallel to Schema
}

// Reset empties the batch for rows of the schema and keeps its memory.
func (b *Batch) Reset(schema Schema) {
	b.Schema, b.Rows = schema, 0
	for len(b.Cols) < len(schema) {
		b.Cols = append(b.Cols, Column{})
	}
	b.Cols = b.Cols[:len(schema)]
	for i := range b.Cols {
		c := &b.Cols[i]
		c.Def, c.Ints, c.Doubles, c.Bools = c.Def[:0], c.Ints[:0], c.Doubles[:0], c.Bools[:0]
		clear(c.Bytes)
		c.Bytes, c.Wide = c.Bytes[:0], c.Wide[:0]
	}
}
