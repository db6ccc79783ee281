package rows

// Kind is what a row means.
type Kind uint8

// The kinds of rows.
const (
	Upsert     Kind = iota
	Delete          // Id, Sink columns, versionnumber, sentinel createdon, IsDelete
	BareDelete      // Id and IsDelete
)

// deletedCreatedOn is the sentinel that puts deletes into partition year 1.
const deletedCreatedOn = `"0001-01-01T00:00:00.0000000"`

// Place is one cell of a row: the position of its column in Table.Columns, and
// whether it has been emptied.
type Place struct {
	Column int
	Empty  bool
}

// Layout is what a table's rows look like at one time, in CSV order, and what
// writes them so.
type Layout struct {
	Places []Place

	table                      *Table
	upsert, remove, removeBare *Program
}

// Layout prepares rows of these cells.
func (t *Table) Layout(places []Place) *Layout {
	n := len(places)
	upsert, remove, bare := make([]cell, n), make([]cell, n), make([]cell, n)
	for i, p := range places {
		if p.Empty {
			continue
		}
		upsert[i] = t.cells[p.Column]
		switch t.Columns[p.Column].Name {
		case "Id":
			remove[i], bare[i] = upsert[i], upsert[i]
		case isDelete:
			remove[i], bare[i] = literal("True"), literal("True")
		case "SinkCreatedOn", "SinkModifiedOn", "versionnumber":
			remove[i] = upsert[i]
		case "createdon":
			remove[i] = literal(deletedCreatedOn)
		}
	}
	return &Layout{Places: places, table: t,
		upsert: compileProgram(upsert), remove: compileProgram(remove), removeBare: compileProgram(bare)}
}

// Of is what writes rows of the kind.
func (l *Layout) Of(k Kind) *Program {
	switch k {
	case Delete:
		return l.remove
	case BareDelete:
		return l.removeBare
	}
	return l.upsert
}

// Values gives a row's cells as a reader should see them: without quotes, empty
// for null, in the order of Table.Columns. They end with the last column that
// the layout has.
func (l *Layout) Values(k Kind, r *Row) []string {
	last := 0
	for _, p := range l.Places {
		last = max(last, p.Column)
	}
	out := make([]string, last+1)
	for i, v := range l.Of(k).values(r) {
		out[l.Places[i].Column] = v
	}
	return out
}
