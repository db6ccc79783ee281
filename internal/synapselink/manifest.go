package synapselink

import (
	"fmt"
	"slices"
	"strings"
)

// Manifest is a model.json: what each table looked like when it was written.
type Manifest struct {
	Entities []Entity
	// Truncated: the file ends in the middle, as happens in production;
	// Entities are those before the break.
	Truncated bool
}

// Entity describes one table.
type Entity struct {
	Name       string
	Attributes []Attribute // the columns of a row, in order; shared between folders
	// InitialSyncState is Completed once the first copy of the table is there.
	InitialSyncState string
	Annotations      map[string]string
	// Labels is set for a table of choice labels, whose rows have neither Id nor
	// versionnumber until they are read.
	Labels *LabelTable
}

// Attribute is one column of a table.
type Attribute struct {
	Name string
	// Type is the source's dataType as it is written: guid, string, int64, …
	Type string
	// MaxLength in characters, 0 where none is told.
	MaxLength int
	// Precision and Scale of a decimal, 0 and 0 where no trait tells them.
	Precision, Scale int32
}

// Names of the columns that every table has. Case does not matter.
const (
	columnID       = "Id"
	columnVersion  = "versionnumber"
	columnModified = "SinkModifiedOn"
	columnDelete   = "IsDelete"
)

// Entity finds a table by name, regardless of case.
func (m *Manifest) Entity(table string) (Entity, bool) {
	for _, e := range m.Entities {
		if strings.EqualFold(e.Name, table) {
			return e, true
		}
	}
	return Entity{}, false
}

// Names are those of the attributes, in order.
func (e Entity) Names() []string {
	names := make([]string, len(e.Attributes))
	for i, a := range e.Attributes {
		names[i] = a.Name
	}
	return names
}

// SameColumns reports whether both have the same attributes in the same order.
func (e Entity) SameColumns(o Entity) bool {
	return e.sharesColumns(o) || slices.Equal(e.Attributes, o.Attributes)
}

// sharesColumns is the quick yes: most folders share the list with the one
// before.
func (e Entity) sharesColumns(o Entity) bool {
	n := len(e.Attributes)
	return n > 0 && n == len(o.Attributes) && &e.Attributes[0] == &o.Attributes[0]
}

// Index is the position of an attribute by name, regardless of case, or -1.
func (e Entity) Index(name string) int {
	for i := range e.Attributes {
		if strings.EqualFold(e.Attributes[i].Name, name) {
			return i
		}
	}
	return -1
}

// check finds what would make columns ambiguous.
func (e Entity) check() error {
	seen := make(map[string]int, len(e.Attributes))
	for i, a := range e.Attributes {
		if a.Name == "" {
			return fmt.Errorf("%w: number %d has no name", ErrAttributes, i+1)
		}
		key := strings.ToLower(a.Name)
		if first, ok := seen[key]; ok {
			return fmt.Errorf("%w: number %d %q has the name of number %d %q",
				ErrAttributes, i+1, a.Name, first+1, e.Attributes[first].Name)
		}
		seen[key] = i
	}
	return nil
}
