package change

import "math"

// Type is the way in which a table keeps history.
type Type uint8

// The types.
const (
	// Type1 keeps one row for each live key: its last upsert.
	Type1 Type = 1
	// Type2 keeps one row for each version, valid in [version, End).
	Type2 Type = 2
)

// NoEnd is the End of a current row.
const NoEnd = math.MaxInt64

// noVersion is smaller than every version.
const noVersion = math.MinInt64

// Effect is what became of a new change. Every change has exactly one.
type Effect uint8

// The effects.
const (
	// None: the fact is not new.
	None Effect = iota
	// Upserted: the change is in the table, as current row or as a version.
	Upserted
	// Deleted: the change removed or closed a row.
	Deleted
	// Superseded: it changed nothing; older, repeated, or a delete of an
	// unknown key.
	Superseded
)

func (e Effect) String() string {
	return [...]string{"none", "upserted", "deleted", "superseded"}[e]
}

// Fact is one thing known of a key: a row of the table, a tombstone of the
// table (Delete and InTable), or a change that is new in this batch.
type Fact struct {
	Change
	// First is the first folder that delivered this version of the key: Folder,
	// or an earlier one that delivered it with other content.
	First int64
	// InTable: the table holds this row or tombstone already.
	InTable bool
	// End is where a row of a Type2 table ends, NoEnd for a current one.
	End int64
	// Ref is the caller's own: where the row is.
	Ref uint64

	// What Resolve says.

	// Effect of a new fact; None for one in the table.
	Effect Effect
	// Stays: the row is in the table afterwards, with End, First and Folder as
	// they are then. A new one has to be written, one in the table must be
	// removed when it does not stay. Never true for deletes.
	Stays bool
	// Rewrite: the row was in the table and stays with another End, First or
	// Folder.
	Rewrite bool
}

// New is the fact of a change of this batch.
func New(c Change, ref uint64) Fact {
	return Fact{Change: c, First: c.Folder, End: NoEnd, Ref: ref}
}

// lastInFolder is the place within its folder of a row whose place is not
// known, because the table does not keep it.
const (
	lastFile   = math.MaxInt32
	lastOffset = math.MaxInt64
)

// Row is the fact of a row in the table. Folder and first may be 0: unknown,
// as for rows that another program wrote; they count as older than any.
func Row(key Key, version, modified, folder, first, end int64, ref uint64) Fact {
	return Fact{
		Change:  Change{Key: key, Version: version, Modified: modified, Folder: folder, File: lastFile, Offset: lastOffset},
		First:   min(folder, first),
		InTable: true, End: end, Ref: ref,
	}
}

// Tombstone is the fact of a delete that the table remembers. An unversioned
// one carries the greatest version that it is known to stand behind;
// hasVersion is false where there was none.
func Tombstone(key Key, version int64, hasVersion, unversioned bool, folder, first int64) Fact {
	if !hasVersion {
		version = noVersion
	}
	return Fact{
		Change:  Change{Key: key, Version: version, Modified: NoTime, Folder: folder, Delete: true, Unversioned: unversioned},
		First:   min(folder, first),
		InTable: true, End: NoEnd,
	}
}

// HasVersion reports whether Version means anything: not for an unversioned
// delete of a key of which nothing else is known.
func (f *Fact) HasVersion() bool { return f.Version != noVersion }

// laterThan orders upserts of one version.
func (f *Fact) laterThan(g *Fact) bool {
	switch {
	case f.Modified != g.Modified:
		return f.Modified > g.Modified
	default:
		return g.before(f)
	}
}

// before orders places.
func (f *Fact) before(g *Fact) bool {
	switch {
	case f.Folder != g.Folder:
		return f.Folder < g.Folder
	case f.File != g.File:
		return f.File < g.File
	default:
		return f.Offset < g.Offset
	}
}
