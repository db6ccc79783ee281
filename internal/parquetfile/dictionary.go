package parquetfile

import (
	"encoding/binary"
	"math"

	"github.com/sluicedata/sluice/internal/batch"
)

const (
	// sampleValues is how many values of a column are looked at.
	sampleValues = 4 << 10
	// dictionaryBytes is how large a dictionary may grow before the library
	// goes over to plain pages.
	dictionaryBytes = 1 << 20
)

// sampler counts distinct values. One is shared by the columns of a writer,
// so that sampling allocates nothing.
type sampler struct {
	slots [2 * sampleValues]uint64 // open addressing, 0 = free
}

// wantsDictionary decides from values lo to hi of a column whether they repeat
// enough. A column of ids with a dictionary costs a hash and a copy for each
// value, only to be thrown away when it outgrows dictionaryBytes.
func (s *sampler) wantsDictionary(typ batch.Type, c *batch.Column, lo, hi int) bool {
	if typ.Kind == batch.Boolean || lo == hi {
		return false
	}
	hi = min(hi, lo+sampleValues)
	clear(s.slots[:])
	limit, distinct := (hi-lo)/2, 0
	for i := lo; i < hi && distinct <= limit; i++ {
		if s.add(hashOf(typ, c, i)) {
			distinct++
		}
	}
	return distinct <= limit
}

// add reports whether the hash is new.
func (s *sampler) add(h uint64) bool {
	h |= 1
	for at := h >> 1; ; at++ {
		slot := &s.slots[at%uint64(len(s.slots))]
		if *slot == h {
			return false
		}
		if *slot == 0 {
			*slot = h
			return true
		}
	}
}

func hashOf(typ batch.Type, c *batch.Column, i int) uint64 {
	switch {
	case typ.Kind == batch.String:
		return hashBytes(c.Bytes[i])
	case typ.Kind == batch.Double:
		return mix(math.Float64bits(c.Doubles[i]))
	case typ.IsWide():
		return hashBytes(c.Wide[i][:])
	}
	return mix(uint64(c.Ints[i]))
}

// hashBytes is the same on every run, so that equal rows make equal files.
func hashBytes(b []byte) uint64 {
	h := uint64(len(b)) + 1
	for ; len(b) >= 8; b = b[8:] {
		h = mix(h ^ binary.LittleEndian.Uint64(b))
	}
	var tail [8]byte
	copy(tail[:], b)
	return mix(h ^ binary.LittleEndian.Uint64(tail[:]))
}

// mix is the finaliser of splitmix64: every bit of x moves every bit of the result.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
