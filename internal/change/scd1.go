package change

// newest decides for a Type1 table: the winner of the greatest version stays,
// unless that version is deleted or lies behind an unversioned delete.
//
// Of a dead key the greatest version has to be remembered, and of the latest
// unversioned delete its folder; whatever is older can change nothing any more.
func (r *Resolver) newest(facts []Fact) {
	last := lastUnversioned(facts)
	top := version{number: noVersion, winner: -1, deleted: -1}
	if n := len(r.versions); n > 0 {
		top = r.versions[n-1]
	}
	behind := int64(noVersion)
	if last >= 0 {
		behind = max(r.behind(facts[last].Folder), knownBehind(facts))
	}
	if last >= 0 && r.needsTombstone(facts, last, behind) {
		r.bury(facts[last].Key, behind, true, facts[last].Folder, facts[last].Folder)
	}
	switch {
	case top.deleted >= 0 && top.number > noVersion && behind <= top.number:
		if !top.buried {
			r.bury(facts[top.deleted].Key, top.number, false, facts[top.deleted].Folder, top.first)
		}
	case top.winner >= 0 && behind < top.number:
		top.keepWinner(facts, NoEnd)
		return
	}
	creditDelete(facts)
}

// lastUnversioned is the unversioned delete of the latest folder, -1 for none;
// one that the table remembers is preferred.
func lastUnversioned(facts []Fact) int {
	last := -1
	for i := range facts {
		f := &facts[i]
		if !f.Unversioned {
			continue
		}
		if last < 0 || f.Folder > facts[last].Folder || f.Folder == facts[last].Folder && f.InTable {
			last = i
		}
	}
	return last
}

// knownBehind is the greatest version that a tombstone in the table says it
// stands behind: its change itself may be long gone.
func knownBehind(facts []Fact) int64 {
	known := int64(noVersion)
	for i := range facts {
		if f := &facts[i]; f.Unversioned && f.InTable {
			known = max(known, f.Version)
		}
	}
	return known
}

// needsTombstone reports whether no tombstone of the table says yet that a
// delete of that folder stands behind that version.
func (r *Resolver) needsTombstone(facts []Fact, last int, behind int64) bool {
	for i := range facts {
		f := &facts[i]
		if f.Unversioned && f.InTable && f.Folder == facts[last].Folder && f.Version >= behind {
			return false
		}
	}
	return true
}

func (r *Resolver) bury(key Key, number int64, unversioned bool, folder, first int64) {
	r.tombstones = append(r.tombstones, Tombstone(key, number, number != noVersion, unversioned, folder, first))
}

// creditDelete names the new change that took the row out of the table: the
// last new delete, or, where an older delete reaches further because of what
// came now, the last new change.
func creditDelete(facts []Fact) {
	credit, hadRow := -1, false
	for i := range facts {
		f := &facts[i]
		if f.InTable {
			hadRow = hadRow || !f.Delete
			continue
		}
		if credit < 0 || creditBefore(&facts[credit], f) {
			credit = i
		}
	}
	if hadRow && credit >= 0 {
		facts[credit].Effect = Deleted
	}
}

func creditBefore(a, b *Fact) bool {
	switch {
	case a.Delete != b.Delete:
		return b.Delete
	case a.Unversioned != b.Unversioned:
		return b.Unversioned
	case a.Version != b.Version:
		return a.Version < b.Version
	default:
		return a.before(b)
	}
}
