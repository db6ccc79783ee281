package delta

import (
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// cells reads the fields of one struct in one row of a checkpoint. What is
// absent or null is the zero value. The first field of a wrong type is kept in
// bad, so that a row is read without a check at each field.
type cells struct {
	structs *array.Struct
	row     int
	name    string
	bad     *error
}

// field is the column of that name, or nil when it is absent or null here.
func (c cells) field(name string) arrow.Array {
	i, ok := c.structs.DataType().(*arrow.StructType).FieldIdx(name)
	if !ok {
		return nil
	}
	if column := c.structs.Field(i); !column.IsNull(c.row) {
		return column
	}
	return nil
}

func (c cells) wrong(name string, got arrow.Array) {
	if *c.bad == nil {
		*c.bad = fmt.Errorf("%w: column %s.%s has the type %s or a value out of range", ErrCorrupt, c.name, name, got.DataType())
	}
}

func (c cells) child(name string) (cells, bool) {
	column := c.field(name)
	if column == nil {
		return cells{}, false
	}
	structs, ok := column.(*array.Struct)
	if !ok {
		c.wrong(name, column)
		return cells{}, false
	}
	return cells{structs: structs, row: c.row, name: c.name + "." + name, bad: c.bad}, true
}

// text copies: an array's strings would keep the whole batch in memory.
func (c cells) text(name string) string {
	column := c.field(name)
	if column == nil {
		return ""
	}
	text, ok := textAt(column, c.row)
	if !ok {
		c.wrong(name, column)
	}
	return text
}

// textAt reads a string; writers that do not annotate theirs leave binary.
func textAt(column arrow.Array, i int) (string, bool) {
	switch a := column.(type) {
	case *array.String:
		return strings.Clone(a.Value(i)), true
	case *array.LargeString:
		return strings.Clone(a.Value(i)), true
	case *array.Binary:
		return string(a.Value(i)), true
	}
	return "", false
}

func (c cells) boolean(name string) bool {
	column := c.field(name)
	if column == nil {
		return false
	}
	if a, ok := column.(*array.Boolean); ok {
		return a.Value(c.row)
	}
	c.wrong(name, column)
	return false
}

func (c cells) optionalLong(name string) *int64 {
	column := c.field(name)
	if column == nil {
		return nil
	}
	var v int64
	switch a := column.(type) {
	case *array.Int64:
		v = a.Value(c.row)
	case *array.Int32:
		v = int64(a.Value(c.row))
	default:
		c.wrong(name, column)
		return nil
	}
	return &v
}

func (c cells) long(name string) int64 {
	if v := c.optionalLong(name); v != nil {
		return *v
	}
	return 0
}

func (c cells) optionalInt(name string) *int32 {
	v := c.optionalLong(name)
	if v == nil {
		return nil
	}
	if *v < math.MinInt32 || *v > math.MaxInt32 {
		c.wrong(name, c.field(name))
		return nil
	}
	n := int32(*v)
	return &n
}

func (c cells) integer(name string) int32 {
	if v := c.optionalInt(name); v != nil {
		return *v
	}
	return 0
}

// list is nil for null, and not nil for an empty list.
func (c cells) list(name string) []string {
	column := c.field(name)
	if column == nil {
		return nil
	}
	list, ok := column.(*array.List)
	if !ok {
		c.wrong(name, column)
		return nil
	}
	from, to := list.ValueOffsets(c.row)
	out := make([]string, 0, to-from)
	for i := int(from); i < int(to); i++ {
		text, ok := textAt(list.ListValues(), i)
		if !ok {
			c.wrong(name, column)
			return nil
		}
		out = append(out, text)
	}
	return out
}

// texts is nil for null, and not nil for an empty map.
func (c cells) texts(name string) map[string]*string {
	column := c.field(name)
	if column == nil {
		return nil
	}
	m, ok := column.(*array.Map)
	if !ok {
		c.wrong(name, column)
		return nil
	}
	from, to := m.ValueOffsets(c.row)
	out := make(map[string]*string, to-from)
	for i := int(from); i < int(to); i++ {
		key, ok := textAt(m.Keys(), i)
		if !ok {
			c.wrong(name, column)
			return nil
		}
		if m.Items().IsNull(i) {
			out[key] = nil
			continue
		}
		value, ok := textAt(m.Items(), i)
		if !ok {
			c.wrong(name, column)
			return nil
		}
		out[key] = &value
	}
	return out
}

// plain leaves out keys without a value.
func plain(m map[string]*string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		if v != nil {
			out[k] = *v
		}
	}
	return out
}
