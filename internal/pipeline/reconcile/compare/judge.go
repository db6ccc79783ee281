package compare

import (
	"cmp"
	"math"
	"slices"

	"github.com/sluicedata/sluice/internal/change"
)

// Kind of what was found of a key.
type Kind uint8

// The kinds.
const (
	// Same: the table has what the export says.
	Same Kind = iota
	// Missing: the export has rows of the key, the table none.
	Missing
	// Extra: the table has rows that no folder delivered.
	Extra
	// Differs: both have rows of the key, and not the same.
	Differs
	// Vanished: the source has no such row any more and left no delete.
	Vanished
	// Unchecked: the table agrees with what is left because of what it says itself
	// of folders that are gone, which only those could tell.
	Unchecked
	// SetAside: a row of the key could not be read from the export.
	SetAside
)

// String names the kind as results do.
func (k Kind) String() string {
	return [...]string{"same", "missing", "extra", "differs", "vanished", "unchecked", "set_aside"}[k]
}

// Finding is what was found of a key. Export are the rows that the table should
// have, in order: a vanished row counts as closed, and what cannot be checked is
// as it should be.
type Finding struct {
	Kind   Kind
	Export []Row
	// Given rows of a key that agrees were compared with nothing: no folder that is
	// left delivered them as they are.
	Given int64
}

// Judge compares the two sides.
type Judge struct {
	Type change.Type
	// Oldest folder that is left, as digits.
	Oldest int64
	// OlderGone: there were folders before it.
	OlderGone bool
	// Since is the folder in which the last whole copy of the table begins, 0
	// where there is none or it is not complete.
	Since int64
	// Removals of vanished rows that the table went through.
	Removals []Removal
}

// Removal is that keys which had vanished before a copy were removed. It meets
// those of which nothing came from the copy's first folder, Since, up to the one
// that the table held then.
type Removal struct{ Since, Upto int64 }

// Place is where its deletes stand, as a folder's digits.
func (r Removal) Place() int64 { return secondBefore(r.Since) }

// DeletedAt is the place of a delete that ends all that came before the copy and
// nothing that came with it, as a folder's digits: a second before it.
func (j *Judge) DeletedAt() int64 { return secondBefore(j.Since) }

// Key judges one key. It orders the rows of the history.
func (j *Judge) Key(key change.Key, h *History) Finding {
	slices.SortFunc(h.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Digest.Hi, b.Digest.Hi), cmp.Compare(a.Digest.Lo, b.Digest.Lo))
	})
	if h.SetAside {
		return Finding{Kind: SetAside, Export: h.Rows}
	}
	// A full refresh undoes removals, so that both are as it should be: a table
	// with them and one without.
	if removed := j.removals(key, h); len(removed) > 0 {
		if f := j.compare(key, h, removed); f.Kind == Same || f.Kind == Unchecked || f.Kind == Vanished {
			return f
		}
	}
	return j.compare(key, h, nil)
}

// compare judges a key that went through removals.
func (j *Judge) compare(key change.Key, h *History, removed []change.Change) Finding {
	want := j.rows(key, h, removed)
	if j.mayVanish(h) && isLive(want) {
		more := append(slices.Clip(removed), removal(key, j.DeletedAt()))
		without := j.rows(key, h, more)
		switch {
		case sameRows(h.Rows, without):
			return j.agreed(key, h, without, more)
		case sameRows(h.Rows, want):
			return Finding{Kind: Vanished, Export: without}
		}
	}
	if sameRows(h.Rows, want) {
		return j.agreed(key, h, want, removed)
	}
	return Finding{Kind: differs(h, want), Export: want}
}

// agreed is what is found where the table has what it should have. What is given
// agrees with itself: the key was checked only if its last state is that of the
// folders that are left alone.
func (j *Judge) agreed(key change.Key, h *History, want []Row, more []change.Change) Finding {
	f := Finding{Kind: Same, Export: want}
	if !j.OlderGone {
		return f
	}
	alone := Judge{Type: j.Type}
	if !sameRows(last(want), last(alone.rows(key, h, more))) {
		f.Kind = Unchecked
	}
	for i := range want {
		if !h.delivered(&want[i]) {
			f.Given++
		}
	}
	return f
}

func last(rows []Row) []Row { return rows[max(0, len(rows)-1):] }

// removals are the deletes that met the key.
func (j *Judge) removals(key change.Key, h *History) []change.Change {
	var list []change.Change
	for _, r := range j.Removals {
		if !slices.ContainsFunc(h.Changes, func(c Change) bool { return c.Folder >= r.Since && c.Folder <= r.Upto }) {
			list = append(list, removal(key, r.Place()))
		}
	}
	return list
}

func removal(key change.Key, folder int64) change.Change {
	return change.Change{Key: key, Delete: true, Unversioned: true, Folder: folder, Modified: change.NoTime}
}

// differs is how the table differs from what it should have.
func differs(h *History, want []Row) Kind {
	switch {
	case len(want) == 0:
		return Extra
	case len(h.Rows) > 0:
		return Differs
	}
	return Missing
}

// mayVanish: nothing has come of the key since the copy began.
func (j *Judge) mayVanish(h *History) bool {
	return j.Since > 0 &&
		!slices.ContainsFunc(h.Changes, func(c Change) bool { return c.Folder >= j.Since }) &&
		!slices.ContainsFunc(h.Rows, func(r Row) bool { return r.Folder >= j.Since })
}

func isLive(rows []Row) bool { return len(rows) > 0 && rows[len(rows)-1].End == change.NoEnd }

// given: something that came from a folder that is gone.
func (j *Judge) given(folder int64) bool { return j.OlderGone && folder < j.Oldest }

// rows are what the table should have: the changes that can be read, put upon
// what is given, and further deletes.
func (j *Judge) rows(key change.Key, h *History, more []change.Change) []Row {
	var m change.Model[int]
	for i := range h.Changes {
		if !j.OlderGone || !h.remembers(&h.Changes[i]) {
			m.Add(h.Changes[i].Change, i)
		}
	}
	if j.OlderGone {
		j.give(&m, key, h)
	}
	for _, c := range more {
		m.Add(c, 0)
	}
	var rows []Row
	for _, r := range m.Rows(j.Type) {
		row := Row{Start: r.Start, End: r.End, Modified: r.Change.Modified, Folder: r.Change.Folder}
		if r.Row < len(h.Changes) {
			row.Digest, row.Cells = h.Changes[r.Row].Digest, h.Changes[r.Row].Cells
		} else {
			row.Digest, row.Cells = h.Rows[r.Row-len(h.Changes)].Digest, h.Rows[r.Row-len(h.Changes)].Cells
		}
		rows = append(rows, row)
	}
	return rows
}

// give adds what the table tells of folders that are gone, as the changes that
// leave it behind: its rows, what ended them, and the deletes that it remembers.
func (j *Judge) give(m *change.Model[int], key change.Key, h *History) {
	for i := range h.Rows {
		r := &h.Rows[i]
		at := change.Change{Key: key, Version: r.Start, Modified: change.NoTime, Folder: r.First, File: math.MaxInt32, Offset: math.MaxInt64}
		if r.First != 0 && j.given(r.First) {
			// The version is older than what it holds now: deletes without version
			// may stand behind it.
			m.Add(at, len(h.Changes)+i)
		}
		if !j.given(r.Folder) {
			continue
		}
		at.Modified, at.Folder = r.Modified, r.Folder
		m.Add(at, len(h.Changes)+i)
		// What closed it, where that was no row.
		if r.End != change.NoEnd && !h.upserted(r.End) {
			at.Version, at.Delete = r.End, true
			m.Add(at, 0)
		}
	}
	for _, t := range h.Tombstones {
		c := change.Change{Key: key, Version: t.Version, Modified: change.NoTime, Folder: t.Folder, Delete: true, Unversioned: t.Unversioned}
		switch {
		case t.Unversioned && t.HasVersion:
			// What it stands behind may be gone: it ends that version at the next.
			c.Version, c.Unversioned = t.Version+1, false
			if !h.upserted(c.Version) {
				m.Add(c, 0)
			}
		case j.given(t.Folder):
			m.Add(c, 0)
		}
	}
}

// upserted reports whether the key has an upsert of a version.
func (h *History) upserted(version int64) bool {
	return slices.ContainsFunc(h.Rows, func(r Row) bool { return r.Start == version }) ||
		slices.ContainsFunc(h.Changes, func(c Change) bool { return !c.Delete && c.Version == version })
}

// delivered reports whether a folder that is left has the row.
func (h *History) delivered(r *Row) bool {
	return slices.ContainsFunc(h.Changes, func(c Change) bool { return !c.Delete && c.Version == r.Start && c.Digest == r.Digest })
}

// remembers reports whether the table knows better where a delete without version
// stands.
func (h *History) remembers(c *Change) bool {
	return c.Unversioned && slices.ContainsFunc(h.Tombstones, func(t Tombstone) bool {
		return t.Unversioned && t.HasVersion && t.Folder == c.Folder
	})
}

func sameRows(a, b []Row) bool {
	return slices.EqualFunc(a, b, func(a, b Row) bool { return a.Start == b.Start && a.End == b.End && a.Digest == b.Digest })
}
