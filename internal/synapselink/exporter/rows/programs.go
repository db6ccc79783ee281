package rows

// Kind is what a row means.
type Kind uint8

// The kinds of rows.
const (
	Upsert     Kind = iota
	Delete          // Id, Sink columns, versionnumber, sentinel createdon, IsDelete
	BareDelete      // Id and IsDelete
)

// Programs write the three kinds of rows of a table in one width.
type Programs struct{ upsert, remove, removeBare *Program }

// deletedCreatedOn is the sentinel that puts deletes into partition year 1.
const deletedCreatedOn = `"0001-01-01T00:00:00.0000000"`

// programs derives the delete rows from the cells of the others. cells may have
// columns behind those of the shape.
func (c *compiler) programs(cells []cell) *Programs {
	remove, bare := make([]cell, len(cells)), make([]cell, len(cells))
	for i, col := range c.shape.columns {
		switch col.Name {
		case "Id":
			remove[i], bare[i] = cells[i], cells[i]
		case isDelete:
			remove[i], bare[i] = literal("True"), literal("True")
		case "SinkCreatedOn", "SinkModifiedOn", "versionnumber":
			remove[i] = cells[i]
		case "createdon":
			remove[i] = literal(deletedCreatedOn)
		}
	}
	return &Programs{compileProgram(cells), compileProgram(remove), compileProgram(bare)}
}

// Of is what writes rows of the kind.
func (p *Programs) Of(k Kind) *Program {
	switch k {
	case Delete:
		return p.remove
	case BareDelete:
		return p.removeBare
	}
	return p.upsert
}
