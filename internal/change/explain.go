package change

import "math"

// Fate is what became of one change among all that are known of its key.
type Fate struct {
	// Effect as in a table that had seen all the changes: Upserted where the
	// change is a row now, Deleted where it ended one, Superseded otherwise.
	Effect Effect
	// Start and End of the row of an upsert in a Type2 table; End is NoEnd for a
	// current one. Of a delete, Start is where it stands.
	Start, End int64
	// By is the index of the change that took this one's place; -1 for none.
	By int
}

// Explain says what became of each change of one key, by the same rules as
// [Model].
func Explain(t Type, changes []Change) []Fate {
	indexed := make([]modelChange[int], len(changes))
	for i, c := range changes {
		indexed[i] = modelChange[int]{c, i}
	}
	ordered := placed(indexed)
	fates := make([]Fate, len(changes))
	for i := range fates {
		fates[i] = Fate{Effect: Superseded, Start: changes[i].Version, End: NoEnd, By: -1}
	}
	rows := walk(ordered)
	if t == Type1 {
		explainNewest(ordered, rows, fates)
		return fates
	}
	for _, r := range rows {
		fates[r.Row] = Fate{Effect: Upserted, Start: r.Start, End: r.End, By: -1}
	}
	for n, c := range ordered {
		switch f := &fates[c.row]; {
		case f.Effect == Upserted:
		case c.Delete:
			explainDelete(&c, rows, f)
		default:
			f.By = successor(ordered, n)
		}
	}
	return fates
}

// explainNewest is for a table that keeps the last change alone.
func explainNewest(ordered []modelChange[int], rows []ModelRow[int], fates []Fate) {
	last := ordered[len(ordered)-1]
	for _, c := range ordered[:len(ordered)-1] {
		fates[c.row].By = last.row
	}
	switch {
	case !last.Delete:
		fates[last.row].Effect = Upserted
	case len(rows) > 0:
		fates[last.row].Effect = Deleted
	}
}

// explainDelete finds the row that a delete closed.
func explainDelete(c *modelChange[int], rows []ModelRow[int], f *Fate) {
	at := c.Version
	if c.Unversioned && at != math.MinInt64 {
		at++
	}
	f.Start = at
	for _, r := range rows {
		if r.End == at {
			f.Effect = Deleted
		}
	}
}

// successor is the change that stands in place of an upsert that is no row: the
// next one of its version.
func successor(ordered []modelChange[int], n int) int {
	if n+1 < len(ordered) && ordered[n+1].Version == ordered[n].Version {
		return ordered[n+1].row
	}
	return -1
}
