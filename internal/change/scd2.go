package change

import "slices"

// boundary is where the row before it ends without another beginning: a delete.
type boundary struct {
	at   int64
	fact int // the delete, -1 where only the end of a row tells of it
}

// history decides for a Type2 table: the winner of each version that is not
// deleted stays, and ends where the next version or delete begins.
func (r *Resolver) history(facts []Fact) {
	deletes := r.boundaries(facts)
	for i := range r.versions {
		v := &r.versions[i]
		if v.deleted >= 0 {
			r.buryVersion(facts, v)
			creditRemoved(facts, v)
			continue
		}
		if v.winner < 0 {
			continue
		}
		end := int64(NoEnd)
		if i+1 < len(r.versions) {
			end = r.versions[i+1].number
		}
		if d, ok := firstAfter(deletes, v.number, end); ok {
			end = d.at
			if d.fact >= 0 && !facts[d.fact].InTable {
				facts[d.fact].Effect = Deleted
			}
		}
		v.keepWinner(facts, end)
	}
}

// boundaries lists the deletes of the key in order: those with a version, the
// unversioned ones directly behind the greatest version that they follow, and
// those that the end of a row in the table tells of although no tombstone does
// (another program's OPTIMIZE purges tombstones).
func (r *Resolver) boundaries(facts []Fact) []boundary {
	var deletes []boundary
	for i := range r.versions {
		if v := &r.versions[i]; v.deleted >= 0 {
			deletes = append(deletes, boundary{v.number, v.deleted})
		}
	}
	for i := range facts {
		f := &facts[i]
		switch {
		case f.Unversioned:
			behind := r.behind(f.Folder)
			if f.InTable {
				behind = max(behind, f.Version)
			} else {
				r.buryUnversioned(facts, i, behind)
			}
			if behind != noVersion {
				deletes = append(deletes, boundary{behind + 1, i})
			}
		case f.InTable && !f.Delete && f.End != NoEnd && !r.explained(facts, f.End):
			deletes = append(deletes, boundary{f.End, -1})
		}
	}
	slices.SortStableFunc(deletes, func(a, b boundary) int {
		if a.at != b.at {
			if a.at < b.at {
				return -1
			}
			return 1
		}
		return creditRank(facts, a) - creditRank(facts, b)
	})
	return deletes
}

// creditRank puts what the table knows already before what is new, so that a
// delete that says nothing new is superseded.
func creditRank(facts []Fact, b boundary) int {
	switch {
	case b.fact < 0 || facts[b.fact].InTable:
		return 0
	case facts[b.fact].Unversioned:
		return 2
	default:
		return 1
	}
}

// explained reports whether a row of the table ends at a place for which there
// is a fact in the table: the version that begins there, or a tombstone.
func (r *Resolver) explained(facts []Fact, end int64) bool {
	for i := range facts {
		f := &facts[i]
		if !f.InTable {
			continue
		}
		if f.Unversioned {
			// It may stand behind another version by now; then this end is
			// no longer one, and must not be taken for a delete of its own.
			if f.Version+1 == end || r.stoodBehind(facts, f, end) {
				return true
			}
			continue
		}
		if f.Version == end {
			return true
		}
	}
	return false
}

// stoodBehind reports whether an unversioned tombstone closed a row at end
// before this batch: the greatest version in the table that its folder or an
// earlier one delivered is end - 1.
func (r *Resolver) stoodBehind(facts []Fact, tombstone *Fact, end int64) bool {
	behind := int64(noVersion)
	for i := range facts {
		f := &facts[i]
		if f.InTable && !f.Unversioned && f.First <= tombstone.Folder {
			behind = max(behind, f.Version)
		}
	}
	return behind != noVersion && behind+1 == end
}

func (r *Resolver) buryVersion(facts []Fact, v *version) {
	if !v.buried {
		r.bury(facts[v.deleted].Key, v.number, false, facts[v.deleted].Folder, v.first)
	}
}

// buryUnversioned remembers a new unversioned delete unless the table, or an
// earlier fact of this batch, has one of that folder.
func (r *Resolver) buryUnversioned(facts []Fact, i int, behind int64) {
	for j := range facts {
		f := &facts[j]
		if f.Unversioned && f.Folder == facts[i].Folder && (f.InTable || j < i) {
			return
		}
	}
	r.bury(facts[i].Key, behind, true, facts[i].Folder, facts[i].Folder)
}

// creditRemoved names the new delete that took away a row of its own version.
func creditRemoved(facts []Fact, v *version) {
	if v.winner < 0 || !facts[v.winner].InTable {
		return
	}
	if d := &facts[v.deleted]; !d.InTable {
		d.Effect = Deleted
	}
}

// firstAfter is the first delete in (start, end].
func firstAfter(deletes []boundary, start, end int64) (boundary, bool) {
	i, _ := slices.BinarySearchFunc(deletes, start+1, func(b boundary, at int64) int {
		switch {
		case b.at < at:
			return -1
		case b.at > at:
			return 1
		default:
			return 0
		}
	})
	if i < len(deletes) && deletes[i].at <= end {
		return deletes[i], true
	}
	return boundary{}, false
}
