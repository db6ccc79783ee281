package change

import (
	"bytes"
	"cmp"
	"slices"
)

// Model holds all changes of a table in memory and says, from the rules alone
// and in the plainest way, what the table must contain. It is the oracle of
// the tests, of explain and of reconcile. R is the content of a row.
type Model[R any] struct {
	keys map[Key][]modelChange[R]
}

type modelChange[R any] struct {
	Change
	row R
}

// ModelRow is a row that the table must contain. Start and End matter for
// Type2 alone.
type ModelRow[R any] struct {
	Key        Key
	Row        R
	Change     Change
	Start, End int64
}

// Add takes one more change. For deletes the row is not looked at.
func (m *Model[R]) Add(c Change, row R) {
	if m.keys == nil {
		m.keys = map[Key][]modelChange[R]{}
	}
	m.keys[c.Key] = append(m.keys[c.Key], modelChange[R]{c, row})
}

func comparePlace(a, b Change) int {
	return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset))
}

// Rows are the rows of the table, by key and start.
func (m *Model[R]) Rows(t Type) []ModelRow[R] {
	var rows []ModelRow[R]
	for _, changes := range m.keys {
		history := walk(placed(changes))
		if t == Type1 && len(history) > 0 {
			history = history[len(history)-1:]
			if history[0].End != NoEnd {
				history = nil
			}
		}
		rows = append(rows, history...)
	}
	slices.SortFunc(rows, func(a, b ModelRow[R]) int {
		return cmp.Or(bytes.Compare(a.Key[:], b.Key[:]), cmp.Compare(a.Start, b.Start))
	})
	return rows
}

// placed puts the changes of one key in order, unversioned deletes behind the
// greatest version of their own and earlier folders.
func placed[R any](changes []modelChange[R]) []modelChange[R] {
	var list []modelChange[R]
	for _, c := range changes {
		if c.Unversioned {
			c.Version = noVersion
			for _, other := range changes {
				if !other.Unversioned && other.Folder <= c.Folder {
					c.Version = max(c.Version, other.Version)
				}
			}
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b modelChange[R]) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), compareBool(a.Unversioned, b.Unversioned),
			compareBool(a.Delete, b.Delete), cmp.Compare(a.Modified, b.Modified), comparePlace(a.Change, b.Change))
	})
	return list
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// walk goes through the ordered changes of one key.
func walk[R any](list []modelChange[R]) []ModelRow[R] {
	var rows []ModelRow[R]
	closeAt := func(at int64) {
		if n := len(rows); n > 0 && rows[n-1].End > at {
			rows[n-1].End = at
			if rows[n-1].Start == at {
				rows = rows[:n-1]
			}
		}
	}
	for _, c := range list {
		switch {
		case c.Unversioned && c.Version == noVersion:
		case c.Unversioned:
			closeAt(c.Version + 1)
		case c.Delete:
			closeAt(c.Version)
		default:
			closeAt(c.Version)
			rows = append(rows, ModelRow[R]{Key: c.Key, Row: c.row, Change: c.Change, Start: c.Version, End: NoEnd})
		}
	}
	return rows
}
