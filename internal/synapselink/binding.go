package synapselink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
)

// Binding maps the cells of a row to the columns of a target. It is not
// changed after it was made and serves any number of goroutines.
type Binding struct {
	Entity Entity
	Target batch.Schema
	// Positions of the columns that make a change of a row, by source; -1
	// where there is none.
	ID, Version, Modified, Delete int

	cells          []boundCell // in order of source
	versionColumn  int         // of the target
	modifiedColumn int         // of the target, -1: not one of its columns
	maxText        int         // most bytes of a text
}

// boundCell is one cell that becomes a value.
type boundCell struct {
	source, target   int
	read             reading
	precision, scale int32
}

// reading says how a cell becomes a value.
type reading uint8

const (
	readLong reading = iota
	readInteger
	readTimestamp
	readDate
	readString
	readKey
	readGUID
	readBoolean
	readDouble
	readDecimal
	readWideDecimal
)

// lastReadAsInt: readings up to this one give values of Column.Ints.
const lastReadAsInt = readDate

// Bind maps the wanted attributes to the target's columns by name. Case does
// not matter and the target's spelling stays. The target must have all of them,
// see [MergeSchema]; columns that the source lacks are null.
func Bind(entity Entity, target batch.Schema, selection Selection) (*Binding, error) {
	b, err := bind(entity, target, selection)
	if err != nil {
		return nil, tableProblem("bind", entity.Name, err)
	}
	return b, nil
}

func bind(entity Entity, target batch.Schema, selection Selection) (*Binding, error) {
	if err := checkTable(entity, selection); err != nil {
		return nil, err
	}
	b := &Binding{
		Entity: entity, Target: target,
		ID: entity.Index(columnID), Version: entity.Index(columnVersion),
		Modified: entity.Index(columnModified), Delete: entity.Index(columnDelete),
		modifiedColumn: -1, maxText: selection.maxText(),
	}
	columns := columnsByName(target)
	for i, a := range entity.Attributes {
		if !selection.keeps(a.Name) {
			continue
		}
		column, ok := columns[strings.ToLower(a.Name)]
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrNoColumn, a.Name)
		}
		if err := checkType(a, target[column]); err != nil {
			return nil, err
		}
		b.add(i, column, a)
	}
	return b, nil
}

func (b *Binding) add(source, target int, a Attribute) {
	t := b.Target[target].Type
	c := boundCell{source: source, target: target, precision: t.Precision, scale: t.Scale}
	switch {
	case source == b.ID:
		c.read = readKey
	case a.isGUID():
		c.read = readGUID
	case t.IsWide():
		c.read = readWideDecimal
	default:
		c.read = readings[t.Kind]
	}
	switch {
	case source == b.Version:
		b.versionColumn = target
	case source == b.Modified && t.Kind == batch.Timestamp:
		b.modifiedColumn = target
	}
	b.cells = append(b.cells, c)
}

var readings = [...]reading{
	batch.String:    readString,
	batch.Long:      readLong,
	batch.Boolean:   readBoolean,
	batch.Double:    readDouble,
	batch.Timestamp: readTimestamp,
	batch.Date:      readDate,
	batch.Decimal:   readDecimal,
	batch.Integer:   readInteger,
}

// widths are the least and greatest number of cells that a row may have. Rows
// written before a column was added end at IsDelete or behind it.
func (b *Binding) widths(fullOnly bool) (least, greatest int) {
	greatest = len(b.Entity.Attributes)
	if fullOnly || b.Delete < 0 {
		return greatest, greatest
	}
	return max(b.Delete, b.ID) + 1, greatest
}

// Extends reports whether prev's attributes are the first of e's. Only then may
// a folder hold rows of prev's width.
func (e Entity) Extends(prev Entity) bool {
	n := len(prev.Attributes)
	return e.sharesColumns(prev) || n <= len(e.Attributes) && slices.EqualFunc(prev.Attributes, e.Attributes[:n],
		func(a, b Attribute) bool { return strings.EqualFold(a.Name, b.Name) })
}
