package quarantine

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Errors about rows that were set aside.
var (
	// ErrBadPlace: what was given names no row of a quarantine.
	ErrBadPlace = errors.New("a row is named by its number, or by FOLDER/FILE:LINE, as sluice quarantine list shows them")
	// ErrNoRow: the quarantine has no such row.
	ErrNoRow = errors.New("the quarantine has no such row")
)

// Place names rows of a quarantine: one by its number or by where it was read, or
// all.
type Place struct {
	n            int64
	folder, file string
	line         int64
	id           string // all rows of an Id
}

var placeForm = regexp.MustCompile(`^(.+)/([^/]+):([0-9]+)$`)

// ParsePlace reads a number or FOLDER/FILE:LINE; "" means all rows.
func ParsePlace(text string) (Place, error) {
	if text == "" {
		return Place{}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return Place{n: n}, nil
	}
	m := placeForm.FindStringSubmatch(text)
	if m == nil {
		return Place{}, fmt.Errorf("%w: %q is neither", ErrBadPlace, text)
	}
	line, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		return Place{}, fmt.Errorf("%w: %q is neither", ErrBadPlace, text)
	}
	return Place{folder: m[1], file: m[2], line: line}, nil
}

// OfID means all rows of an Id.
func OfID(id string) Place { return Place{id: id} }

// IsAll reports whether all rows are meant.
func (p Place) IsAll() bool { return p == Place{} }

// Means reports whether an entry is one of those rows.
func (p Place) Means(e *Entry) bool {
	switch {
	case p.IsAll():
		return true
	case p.n > 0:
		return e.N == p.n
	case p.id != "":
		return e.ID == p.id
	}
	return e.Folder == p.folder && e.File == p.file && e.Line == p.line
}
