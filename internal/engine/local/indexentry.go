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

// orZero makes 0 of a number far off, and that number of 0, so that it does not
// widen the column.
func orZero(v, far int64) int64 {
	switch v {
	case far:
		return 0
	case 0:
		return far
	default:
		return v
	}
}

// entryOf notes a fact of a row in a file.
func entryOf(f *change.Fact, ordinal, row int64) keyindex.Entry {
	e := keyindex.Entry{Key: f.Key}
	e.Values[placeNumber] = ordinal<<rowBits | row
	e.Values[versionNumber] = orZero(f.Version, noVersion)
	e.Values[folderNumber] = f.Folder
	e.Values[firstNumber] = f.Folder - f.First
	switch {
	case f.Unversioned:
		e.Values[kindNumber] = unversionedTombstone
	case f.Delete:
		e.Values[kindNumber] = versionedTombstone
	default:
		e.Values[modifiedNumber] = orZero(f.Modified, change.NoTime)
		e.Values[endNumber] = orZero(f.End-f.Version, change.NoEnd-f.Version)
	}
	return e
}

// factOf is the fact that was noted, of a row at that address.
func factOf(e *keyindex.Entry, ref uint64) change.Fact {
	version := orZero(e.Values[versionNumber], noVersion)
	folder := e.Values[folderNumber]
	first := folder - e.Values[firstNumber]
	if kind := e.Values[kindNumber]; kind != 0 {
		f := change.Tombstone(e.Key, version, true, kind == unversionedTombstone, folder, first)
		f.Ref = ref
		return f
	}
	modified := orZero(e.Values[modifiedNumber], change.NoTime)
	end := orZero(e.Values[endNumber], change.NoEnd-version) + version
	return change.Row(e.Key, version, modified, folder, first, end, ref)
}

func ordinalOf(e *keyindex.Entry) int64 { return e.Values[placeNumber] >> rowBits }
func entryRow(e *keyindex.Entry) int64  { return e.Values[placeNumber] & (1<<rowBits - 1) }

// isTombstone: it counts although its row is dead.
func isTombstone(e *keyindex.Entry) bool { return e.Values[kindNumber] != 0 }
