package rows

import (
	"fmt"
	"strconv"
	"strings"
)

// maker builds the cell of a column from what its shape says.
type maker func(c *compiler, col shapeColumn) (cell, error)

// makers are the generators that shapes can name.
func makers() map[string]maker {
	return map[string]maker{
		"id": plain(putID), "sink": plain(putSink), "version": plain(putVersion),
		"createdon": makeCreatedOn, "createdutc": plain(putCreatedUTC),
		"modifiedon": makeModified("Z"), "modifiedutc": makeModified(".0000000Z"),
		"recid": plain(putRecID), "tableid": plain(putTableID), "const": makeConst, "sub": makeSub,
		"pick": makePick, "int": makeInt, "bool": makeBool("False", "True"), "bool01": makeBool("0", "1"), "dec": makeDecimal,
		"date": makeDate("Z"), "day": makeDay, "birth": makeBirth, "code": makeCode, "hexid": makeHexID,
		"word": makeWord, "phone": makePhone,
		"first": text(appendFirst), "last": text(appendLast), "full": text(appendFullName),
		"mail": text(appendMail), "usermail": text(appendUserMail),
		"company": text(appendCompany), "website": text(appendWebsite), "infomail": text(appendInfoMail),
		"street": placeText(appendStreet), "city": placeText(appendCity), "state": placeText(appendState),
		"postal": placeText(appendPostal), "country": placeText(appendCountry), "address": placeText(appendAddress),
		"topic": text(appendTopic), "subject": text(appendSubject),
		"note": makeNote, "sentence": makeSentence, "document": makeDocument,
		"lookup": makeLookup, "typecode": makeTypeCode,
	}
}

// compiler turns the columns of one table into cells.
type compiler struct {
	world  *World
	table  *Table
	shape  *shape
	makers map[string]maker
}

func (c *compiler) cells() ([]cell, error) {
	out := make([]cell, len(c.shape.columns))
	for i, col := range c.shape.columns {
		var err error
		if out[i], err = c.cell(col); err != nil {
			return nil, fmt.Errorf("table %s, column %s: %w", c.table.Name, col.Name, err)
		}
	}
	return out, nil
}

func (c *compiler) cell(col shapeColumn) (cell, error) {
	if col.fill.gen == "" {
		if put := c.ofLookup(col.Name); put != nil {
			return put, nil
		}
		return c.unfilled(col), nil
	}
	mk, ok := c.makers[col.fill.gen]
	if !ok {
		return nil, fmt.Errorf("fill %q is not known", col.fill.gen)
	}
	put, err := mk(c, col)
	if err != nil || col.fill.percent == 100 || isOptionalInside(col.fill.gen) {
		return put, err
	}
	return sometimes(col.fill, put, c.unfilled(col)), nil
}

// isOptionalInside: the generator itself leaves cells empty, in step with
// other columns.
func isOptionalInside(gen string) bool {
	return gen == "lookup" || gen == "typecode" || gen == "document"
}

// sometimes leaves the share of cells without value to other.
func sometimes(f fill, put, other cell) cell {
	d := f.draw()
	if other == nil {
		other = func(b []byte, _ *Row) []byte { return b }
	}
	return func(b []byte, r *Row) []byte {
		if _, ok := d.get(r); ok {
			return put(b, r)
		}
		return other(b, r)
	}
}

// unfilled is what a column without value holds: nothing, but in F&O tables
// numbers are zero and dates 1900-01-01.
func (c *compiler) unfilled(col shapeColumn) cell {
	if c.shape.family != familyFO || col.Name == isDelete {
		return nil
	}
	switch col.DataType {
	case "int64":
		return literal("0")
	case "decimal":
		return literal("0." + strings.Repeat("0", col.Scale))
	case "dateTime":
		return literal(`"1900-01-01T00:00:00.0000000"`)
	}
	return nil
}

func literal(s string) cell {
	return func(b []byte, _ *Row) []byte { return append(b, s...) }
}

// plain is a maker without arguments.
func plain(put cell) maker {
	return func(*compiler, shapeColumn) (cell, error) { return put, nil }
}

// text is a maker of a text that needs no escaping.
func text(put cell) maker { return plain(quoted(put)) }

func quoted(put cell) cell {
	return func(b []byte, r *Row) []byte { return append(put(append(b, '"'), r), '"') }
}

// ints reads exactly n whole-number arguments.
func (f fill) ints(n int) ([]int64, error) {
	if len(f.args) != n {
		return nil, fmt.Errorf("%s wants %d arguments, not %d", f.gen, n, len(f.args))
	}
	out := make([]int64, n)
	for i, a := range f.args {
		v, err := strconv.ParseInt(a, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: argument %q is no whole number", f.gen, a)
		}
		out[i] = v
	}
	return out, nil
}

// word reads the only argument.
func (f fill) word() (string, error) {
	if len(f.args) != 1 {
		return "", fmt.Errorf("%s wants one argument, not %d", f.gen, len(f.args))
	}
	return f.args[0], nil
}
