package change

import (
	"cmp"
	"math"
	"slices"
)

// Resolver decides what becomes of the facts of a key. It keeps memory between
// calls and is not safe for concurrent use.
type Resolver struct {
	Type Type
	// Same reports whether a row of the table and a new upsert, equal in key,
	// version and SinkModifiedOn, are equal in all columns. Nil: none are.
	Same func(row, upsert *Fact) bool

	versions   []version
	order      []int
	tombstones []Fact
}

// version gathers what is known of one version of a key.
type version struct {
	number  int64
	first   int64 // first folder that delivered it
	winner  int   // the upsert that counts, -1 for none
	deleted int   // a delete of that version, -1 for none
	buried  bool  // the table has a tombstone of it with that first folder
}

// Resolve decides about all facts of one key, those in the table and the new
// ones, and fills in what they say. It returns the tombstones to be added, in
// memory that the next call reuses.
func (r *Resolver) Resolve(facts []Fact) []Fact {
	r.tombstones = r.tombstones[:0]
	for i := range facts {
		f := &facts[i]
		f.Stays, f.Rewrite, f.Effect = false, false, None
		if !f.InTable {
			f.Effect = Superseded
		}
	}
	if len(facts) == 1 && !facts[0].Delete {
		facts[0].stay()
		return nil
	}
	r.gather(facts)
	if r.Type == Type2 {
		r.history(facts)
	} else {
		r.newest(facts)
	}
	return r.tombstones
}

// stay keeps a row as it is, or writes it when it is new.
func (f *Fact) stay() {
	f.Stays = true
	if !f.InTable {
		f.Effect = Upserted
	}
}

// gather fills r.versions, ascending, from all facts that have a version of
// their own. Repeats are folded into the change that they repeat.
func (r *Resolver) gather(facts []Fact) {
	r.order = r.order[:0]
	for i := range facts {
		if !facts[i].Unversioned {
			r.order = append(r.order, i)
		}
	}
	slices.SortStableFunc(r.order, func(a, b int) int { return cmp.Compare(facts[a].Version, facts[b].Version) })
	r.versions = r.versions[:0]
	for start := 0; start < len(r.order); {
		end := start + 1
		for end < len(r.order) && facts[r.order[end]].Version == facts[r.order[start]].Version {
			end++
		}
		r.versions = append(r.versions, r.gatherVersion(facts, r.order[start:end]))
		start = end
	}
}

func (r *Resolver) gatherVersion(facts []Fact, group []int) version {
	v := version{number: facts[group[0]].Version, first: facts[group[0]].First, winner: -1, deleted: -1}
	buriedFirst := int64(math.MaxInt64)
	for _, i := range group {
		f := &facts[i]
		v.first = min(v.first, f.First)
		if !f.Delete {
			continue
		}
		if f.InTable {
			buriedFirst = min(buriedFirst, f.First)
		}
		if v.deleted < 0 || f.InTable && !facts[v.deleted].InTable ||
			f.InTable == facts[v.deleted].InTable && facts[v.deleted].before(f) {
			v.deleted = i // one that the table remembers is preferred: a repeat of it says nothing new
		}
	}
	v.buried = buriedFirst <= v.first
	v.winner = r.winner(facts, group)
	return v
}

// winner is the last upsert of a version. Where that only repeats what the
// table holds, it is the row in the table.
func (r *Resolver) winner(facts []Fact, group []int) int {
	winner, row := -1, -1
	for _, i := range group {
		f := &facts[i]
		if f.Delete {
			continue
		}
		if winner < 0 || f.laterThan(&facts[winner]) {
			winner = i
		}
		if f.InTable && (row < 0 || f.laterThan(&facts[row])) {
			row = i
		}
	}
	if row < 0 || row == winner || r.Same == nil || facts[row].Modified != facts[winner].Modified {
		return winner
	}
	if r.Same(&facts[row], &facts[winner]) {
		return row
	}
	return winner
}

// behind is the greatest version that folder or an earlier one delivered.
func (r *Resolver) behind(folder int64) int64 {
	for _, v := range slices.Backward(r.versions) {
		if v.first <= folder {
			return v.number
		}
	}
	return noVersion
}

// keepWinner keeps the row that counts for a version, and moves the first
// delivery into it.
func (v *version) keepWinner(facts []Fact, end int64) {
	f := &facts[v.winner]
	if f.InTable && (f.End != end || f.First != v.first) {
		f.Rewrite = true
	}
	f.End, f.First = end, v.first
	f.stay()
}
