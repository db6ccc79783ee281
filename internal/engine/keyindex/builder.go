package keyindex

import (
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Builder takes entries in any order and makes runs of them, within a bound of
// memory. Add is safe for concurrent use.
type Builder struct {
	dir   string
	limit int

	mu      sync.Mutex
	entries []Entry
	runs    []Run
	err     error
}

const (
	entryBytes = 16 + 8*Columns
	// sortBytes is what an entry takes while it is sorted: itself, copied once
	// while its slice grows, or the order.
	sortBytes = 2 * entryBytes
)

// NewBuilder makes a builder of runs of the index, which holds about maxBytes.
func (x *Index) NewBuilder(maxBytes int64) *Builder {
	return &Builder{dir: x.dir, limit: int(max(16, maxBytes/sortBytes))}
}

// Add takes entries. Errors are told by the update that uses the builder: an
// index that cannot be built is no reason to stop what it is built for.
func (b *Builder) Add(entries ...Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return
	}
	b.entries = append(b.entries, entries...)
	if len(b.entries) >= b.limit {
		b.err = b.spill(func(*Entry) bool { return true })
	}
}

// spill writes what is held as a run.
func (b *Builder) spill(keep func(*Entry) bool) error {
	w, err := newRunWriter(b.dir)
	if err != nil {
		return err
	}
	for _, o := range b.order(keep) {
		if err := w.add(&b.entries[o.at]); err != nil {
			return errors.Join(err, w.abort())
		}
	}
	run, err := w.close()
	if err != nil {
		return err
	}
	if run.Entries > 0 {
		b.runs = append(b.runs, run)
	}
	b.entries = b.entries[:0]
	return nil
}

// ordered stands for an entry while entries are sorted: these are large, and
// most keys differ in their first half.
type ordered struct {
	first uint64 // half of the key, big-endian
	at    int
}

// order sorts the entries that are worth keeping.
func (b *Builder) order(keep func(*Entry) bool) []ordered {
	list := make([]ordered, 0, len(b.entries))
	for i := range b.entries {
		if e := &b.entries[i]; keep(e) {
			list = append(list, ordered{binary.BigEndian.Uint64(e.Key[:]), i})
		}
	}
	slices.SortFunc(list, func(x, y ordered) int {
		if c := cmp.Compare(x.first, y.first); c != 0 {
			return c
		}
		return Compare(&b.entries[x.at], &b.entries[y.at])
	})
	return list
}

// Discard gives up what was built.
func (b *Builder) Discard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = nil
	for _, r := range b.runs {
		// What stays is no part of the index and goes when it is opened next.
		_ = os.Remove(filepath.Join(b.dir, r.Name))
	}
	b.runs = nil
}
