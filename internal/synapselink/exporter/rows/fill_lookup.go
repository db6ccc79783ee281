package rows

import (
	"fmt"
	"strings"
)

const isDelete = "IsDelete"

// lookup is a reference to a row of one of several tables.
type lookup struct {
	draw    draw
	targets []*entity
}

func (c *compiler) lookup(f fill) (lookup, error) {
	l := lookup{draw: f.draw()}
	names, err := f.word()
	if err != nil {
		return l, err
	}
	for name := range strings.SplitSeq(names, "|") {
		e, ok := c.world.entities[name]
		if !ok {
			return l, fmt.Errorf("lookup: table %q is not known", name)
		}
		if e.anchors > 0 {
			l.targets = append(l.targets, e)
		}
	}
	return l, nil
}

// find is the row that r points to; never itself.
func (l *lookup) find(r *Row) (e *entity, index int64, ok bool) {
	h, ok := l.draw.get(r)
	if !ok || len(l.targets) == 0 {
		return nil, 0, false
	}
	e = l.targets[h%uint64(len(l.targets))]
	index = int64((h >> 4) % uint64(e.anchors))
	return e, index, e != r.table.entity || index != r.Index
}

func makeLookup(c *compiler, col shapeColumn) (cell, error) {
	l, err := c.lookup(col.fill)
	return func(b []byte, r *Row) []byte {
		e, index, ok := l.find(r)
		if !ok {
			return b
		}
		return e.id(index).append(b)
	}, err
}

// typeCodes are the numbers of tables in columns such as objecttypecode.
var typeCodes = map[string]string{"account": "1", "contact": "2", "opportunity": "3", "incident": "112"}

func makeTypeCode(c *compiler, col shapeColumn) (cell, error) {
	l, err := c.lookup(col.fill)
	return func(b []byte, r *Row) []byte {
		if e, _, ok := l.find(r); ok {
			return append(b, typeCodes[e.name]...)
		}
		return b
	}, err
}

// ofLookup is the cell of a column that goes with a filled lookup:
// <lookup>_entitytype, <lookup>type and <lookup>name. nil for all others.
func (c *compiler) ofLookup(column string) cell {
	for _, suffix := range []string{"_entitytype", "type", "name"} {
		base, ok := strings.CutSuffix(column, suffix)
		if !ok {
			continue
		}
		for _, col := range c.shape.columns {
			if col.Name != base || col.fill.gen != "lookup" {
				continue
			}
			l, err := c.lookup(col.fill)
			if err != nil {
				return nil
			}
			if suffix == "name" {
				return l.nameCell()
			}
			return l.typeCell()
		}
	}
	return nil
}

func (l lookup) typeCell() cell {
	return func(b []byte, r *Row) []byte {
		e, _, ok := l.find(r)
		if !ok {
			return b
		}
		return append(append(append(b, '"'), e.name...), '"')
	}
}

func (l lookup) nameCell() cell {
	return func(b []byte, r *Row) []byte {
		e, index, ok := l.find(r)
		if !ok {
			return b
		}
		return append(e.appendName(append(b, '"'), index), '"')
	}
}
