package compare

import (
	"bytes"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/sluicedata/sluice/internal/change"
)

// Part is the keys whose hash leaves Remainder when divided by Modulus, a power
// of two. The zero Part is all keys.
type Part struct{ Modulus, Remainder uint64 }

// Has reports whether the part has the key.
func (p Part) Has(key change.Key) bool {
	return p.Modulus <= 1 || xxh3.Hash(key[:])&(p.Modulus-1) == p.Remainder
}

// halves cuts the part into two.
func (p Part) halves() (kept, later Part) {
	m := max(1, p.Modulus)
	return Part{2 * m, p.Remainder}, Part{2 * m, p.Remainder + m}
}

// Change is a row of the export.
type Change struct {
	change.Change

	Digest Digest
	Cells  []Cell // where they were asked for
}

// Row is a row of the table.
type Row struct {
	// Start is the version, End change.NoEnd for a current row and in a Type1
	// table.
	Start, End int64
	Modified   int64 // as in change.Change
	// Folder that brought it, 0 where another program wrote it. First is an earlier
	// one that brought the version with other columns, 0 for none.
	Folder, First int64
	Digest        Digest
	Cells         []Cell // where they were asked for
}

// Tombstone is a delete that the table remembers, see [change.Tombstone].
type Tombstone struct {
	Version     int64
	HasVersion  bool
	Unversioned bool
	Folder      int64
}

// Cell is a value of a row that is to be shown. Digest tells values apart whose
// text is cut.
type Cell struct {
	Text   string
	Null   bool
	Digest Digest
}

// History is all that is known of a key.
type History struct {
	Changes []Change
	Rows    []Row
	// Tombstones matter only where folders are gone.
	Tombstones []Tombstone
	// SetAside: a row of the key could not be read.
	SetAside bool
}

// What things take in memory, with the room that grows ahead of them.
const (
	keyBytes    = 160
	changeBytes = 160
	rowBytes    = 128
	tombBytes   = 48
	// mostParts is where keys are not divided any more: what does not fit then
	// is the history of single keys.
	mostParts = 1 << 16
)

// ErrTooLarge: the history of a single key does not fit.
var ErrTooLarge = errors.New("the changes of one key do not fit into memory")

// Ledger collects what both sides say of the keys of one part.
type Ledger struct {
	// Part that is being collected. It shrinks when memory runs out.
	Part Part
	// Later are the parts that were given up and are to be collected anew.
	Later  []Part
	budget int64
	used   int64
	keys   map[change.Key]*History
}

// NewLedger collects a part within a budget in bytes.
func NewLedger(part Part, budget int64) *Ledger {
	return &Ledger{Part: part, budget: budget, keys: map[change.Key]*History{}}
}

// AddChange adds a row of the export; keys of other parts are left out.
func (l *Ledger) AddChange(c Change) error {
	if h := l.history(c.Key); h != nil {
		h.Changes = append(h.Changes, c)
		l.used += changeBytes
	}
	return l.shrink()
}

// AddRow adds a row of the table.
func (l *Ledger) AddRow(key change.Key, r Row) error {
	if h := l.history(key); h != nil {
		h.Rows = append(h.Rows, r)
		l.used += rowBytes
	}
	return l.shrink()
}

// AddTombstone adds a delete that the table remembers.
func (l *Ledger) AddTombstone(key change.Key, t Tombstone) error {
	if h := l.history(key); h != nil {
		h.Tombstones = append(h.Tombstones, t)
		l.used += tombBytes
	}
	return l.shrink()
}

// SetAside notes that a row of the key could not be read.
func (l *Ledger) SetAside(key change.Key) error {
	if h := l.history(key); h != nil {
		h.SetAside = true
	}
	return l.shrink()
}

func (l *Ledger) history(key change.Key) *History {
	if !l.Part.Has(key) {
		return nil
	}
	h := l.keys[key]
	if h == nil {
		h = &History{}
		l.keys[key] = h
		l.used += keyBytes
	}
	return h
}

// shrink gives up half of the keys until the rest fits.
func (l *Ledger) shrink() error {
	for l.used > l.budget {
		if l.Part.Modulus >= mostParts {
			return ErrTooLarge
		}
		var later Part
		l.Part, later = l.Part.halves()
		l.Later = append(l.Later, later)
		// A map keeps the room of what was deleted from it.
		kept := map[change.Key]*History{}
		l.used = 0
		for key, h := range l.keys {
			if l.Part.Has(key) {
				kept[key] = h
				l.used += keyBytes + changeBytes*int64(len(h.Changes)) + rowBytes*int64(len(h.Rows)) + tombBytes*int64(len(h.Tombstones))
			}
		}
		l.keys = kept
	}
	return nil
}

// Keys visits the keys in order.
func (l *Ledger) Keys() iter.Seq2[change.Key, *History] {
	return func(yield func(change.Key, *History) bool) {
		for _, key := range slices.SortedFunc(maps.Keys(l.keys), compareKeys) {
			if !yield(key, l.keys[key]) {
				return
			}
		}
	}
}

func compareKeys(a, b change.Key) int { return bytes.Compare(a[:], b[:]) }
