package batch

// Null appends n nulls.
func (c *Column) Null(n int) {
	for range n {
		c.Def = append(c.Def, 0)
	}
}

// Int appends a value to a column that holds Ints.
func (c *Column) Int(v int64) {
	c.Def = append(c.Def, 1)
	c.Ints = append(c.Ints, v)
}

// Bool appends a value to a column that holds Bools.
func (c *Column) Bool(v bool) {
	c.Def = append(c.Def, 1)
	c.Bools = append(c.Bools, v)
}

// Text appends a value to a column that holds Bytes. It is not copied.
func (c *Column) Text(v []byte) {
	c.Def = append(c.Def, 1)
	c.Bytes = append(c.Bytes, v)
}

// AppendRows appends the rows of src at the given ascending positions. Both
// batches have the same schema. Byte slices are shared, not copied.
func (b *Batch) AppendRows(src *Batch, rows []int) {
	for i := range b.Cols {
		dst, from := &b.Cols[i], &src.Cols[i]
		if len(from.Def) == 0 {
			if len(dst.Def) > 0 {
				dst.Null(len(rows))
			}
			continue
		}
		if len(dst.Def) == 0 {
			dst.Null(b.Rows)
		}
		dst.appendRows(from, rows)
	}
	b.Rows += len(rows)
}

func (c *Column) appendRows(src *Column, rows []int) {
	if len(rows) == 0 {
		return
	}
	row, value := 0, 0 // value is the index of the value of row, if it has one
	for _, want := range rows {
		for ; row < want; row++ {
			value += int(src.Def[row])
		}
		c.Def = append(c.Def, src.Def[row])
		if src.Def[row] == 1 {
			c.appendValue(src, value)
		}
	}
}

func (c *Column) appendValue(src *Column, i int) {
	switch {
	case len(src.Ints) > 0:
		c.Ints = append(c.Ints, src.Ints[i])
	case len(src.Bytes) > 0:
		c.Bytes = append(c.Bytes, src.Bytes[i])
	case len(src.Bools) > 0:
		c.Bools = append(c.Bools, src.Bools[i])
	case len(src.Doubles) > 0:
		c.Doubles = append(c.Doubles, src.Doubles[i])
	default:
		c.Wide = append(c.Wide, src.Wide[i])
	}
}
