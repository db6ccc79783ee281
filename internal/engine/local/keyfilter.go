package local

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"

	"github.com/sluicedata/sluice/internal/change"
)

// keyFilter is a set of keys in fixed memory. It never misses a key that was
// added and sometimes has one that was not. Safe for concurrent use.
type keyFilter struct {
	words []atomic.Uint64
	shift uint
}

// newKeyFilter makes a filter for about that many keys, of at most maxBytes.
// With its 64 bits a key one in 64 answers about other keys is wrong.
func newKeyFilter(keys, maxBytes int64) *keyFilter {
	words := max(16, min(keys, maxBytes/8))
	log := uint(bits.Len64(uint64(words - 1)))
	if int64(8)<<log > maxBytes && log > 4 {
		log--
	}
	return &keyFilter{words: make([]atomic.Uint64, 1<<log), shift: 64 - log - 6}
}

// keyHash mixes all of a key. The halves are multiplied because the Ids of F&O
// rows count upwards.
func keyHash(k *change.Key) uint64 {
	h := binary.LittleEndian.Uint64(k[:8])*0x9E3779B97F4A7C15 ^
		binary.LittleEndian.Uint64(k[8:])*0xC2B2AE3D27D4EB4F
	h ^= h >> 32
	return h * 0xD6E8FEB86659FD93
}

// spot is where a key's bit is.
func (f *keyFilter) spot(hash uint64) (word *atomic.Uint64, mask uint64) {
	at := hash >> f.shift
	return &f.words[at>>6], 1 << (at & 63)
}

// add puts a key in by its hash and reports whether it may have been there.
func (f *keyFilter) add(hash uint64) bool {
	word, mask := f.spot(hash)
	return word.Or(mask)&mask != 0
}

// has reports whether the key of that hash may be there.
func (f *keyFilter) has(hash uint64) bool {
	word, mask := f.spot(hash)
	return word.Load()&mask != 0
}
