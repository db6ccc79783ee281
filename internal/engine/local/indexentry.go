package local

import (
	"math"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
)

// Numbers of an entry. They are turned so that those of a page are near each
// other: what is usually absent, or usually equal, is 0.
const (
	placeNumber    = iota // ordinal of the file × 2⁴⁰ + row
	versionNumber         // 0 for none
	modifiedNumber        // 0 for none
	folderNumber
	firstNumber // how far before the folder
	endNumber   // how far behind the version, 0 for no end
	kindNumber  // 0 for a row, else as in tombstoneColumn
)

const noVersion = math.MinInt64

// exchange makes one number of the other, and the other way round, so that a
// number far off takes the place of one that is hardly used.
func exchange(v, a, b int64) int64 {
	switch v {
	case a:
		return b
	case b:
		return a
	default:
		return v
	}
}

// entryOf notes a fact of a row in a file.
func entryOf(f *change.Fact, ordinal, row int64) keyindex.Entry {
	e := keyindex.Entry{Key: f.Key}
	e.Values[placeNumber] = ordinal<<rowBits | row
	e.Values[versionNumber] = exchange(f.Version, noVersion, 0)
	e.Values[folderNumber] = f.Folder
	e.Values[firstNumber] = f.Folder - f.First
	switch {
	case f.Unversioned:
		e.Values[kindNumber] = unversionedTombstone
	case f.Delete:
		e.Values[kindNumber] = versionedTombstone
	default:
		e.Values[modifiedNumber] = exchange(f.Modified, change.NoTime, 0)
		e.Values[endNumber] = exchange(f.End-f.Version, change.NoEnd-f.Version, 0)
	}
	return e
}

// factOf is the fact that was noted, of a row at that address.
func factOf(e *keyindex.Entry, ref uint64) change.Fact {
	version := exchange(e.Values[versionNumber], noVersion, 0)
	folder := e.Values[folderNumber]
	first := folder - e.Values[firstNumber]
	if kind := e.Values[kindNumber]; kind != 0 {
		f := change.Tombstone(e.Key, version, true, kind == unversionedTombstone, folder, first)
		f.Ref = ref
		return f
	}
	modified := exchange(e.Values[modifiedNumber], change.NoTime, 0)
	end := exchange(e.Values[endNumber], change.NoEnd-version, 0) + version
	return change.Row(e.Key, version, modified, folder, first, end, ref)
}

func ordinalOf(e *keyindex.Entry) int64 { return e.Values[placeNumber] >> rowBits }
func entryRow(e *keyindex.Entry) int64  { return e.Values[placeNumber] & (1<<rowBits - 1) }

// isTombstone: it counts although its row is dead.
func isTombstone(e *keyindex.Entry) bool { return e.Values[kindNumber] != 0 }
