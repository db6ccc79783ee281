package keyindex

import (
	"bytes"
	"errors"
	"fmt"
)

// Columns is how many numbers an entry has.
const Columns = 7

// Key is what entries are sorted by.
type Key = [16]byte

// Entry is a key and what is known of it.
type Entry struct {
	Key    Key
	Values [Columns]int64
}

// ErrDamaged: the index does not hold what it was given.
var ErrDamaged = errors.New("the key index is damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrDamaged, fmt.Errorf(format, args...))
}

func compareKeys(a, b *Key) int { return bytes.Compare(a[:], b[:]) }

// Compare orders entries: by key, and those of one key by their numbers, so that
// equal sets of entries give equal runs.
func Compare(a, b *Entry) int {
	if c := compareKeys(&a.Key, &b.Key); c != 0 {
		return c
	}
	for i := range a.Values {
		switch {
		case a.Values[i] < b.Values[i]:
			return -1
		case a.Values[i] > b.Values[i]:
			return 1
		}
	}
	return 0
}
