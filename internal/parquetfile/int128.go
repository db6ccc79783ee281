package parquetfile

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
)

// int128 is a signed integer of 128 bits: hi*2^64 + lo. It holds the unscaled
// value of every decimal up to 38 digits.
type int128 struct {
	hi int64
	lo uint64
}

func int128Of(v int64) int128 { return int128{hi: v >> 63, lo: uint64(v)} }

// int128FromWide reads 16 bytes, big-endian two's complement.
func int128FromWide(b *[16]byte) int128 {
	return int128{hi: int64(binary.BigEndian.Uint64(b[:8])), lo: binary.BigEndian.Uint64(b[8:])}
}

// int128FromBytes reads big-endian two's complement of any length, which is
// how Parquet stores decimals in byte arrays; false: it needs more than 128 bits.
func int128FromBytes(b []byte) (int128, bool) {
	var wide [16]byte
	sign := byte(0)
	if len(b) > 0 && b[0]&0x80 != 0 {
		sign = 0xFF
	}
	for len(b) > len(wide) {
		if b[0] != sign || (b[1]^sign)&0x80 != 0 {
			return int128{}, false
		}
		b = b[1:]
	}
	for i := range wide[:len(wide)-len(b)] {
		wide[i] = sign
	}
	copy(wide[len(wide)-len(b):], b)
	return int128FromWide(&wide), true
}

func (v int128) wide() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:8], uint64(v.hi))
	binary.BigEndian.PutUint64(b[8:], v.lo)
	return b
}

func (v int128) compare(w int128) int {
	return cmp.Or(cmp.Compare(v.hi, w.hi), cmp.Compare(v.lo, w.lo))
}

// int64 is the value when it fits.
func (v int128) int64() (int64, bool) {
	return int64(v.lo), v.hi == int64(v.lo)>>63
}

func (v int128) neg() int128 {
	lo, borrow := bits.Sub64(0, v.lo, 0)
	hi, _ := bits.Sub64(0, uint64(v.hi), borrow)
	return int128{hi: int64(hi), lo: lo}
}

// times multiplies by a number that is not negative; false: overflow.
func (v int128) times(m uint64) (int128, bool) {
	if v.hi < 0 {
		if v.hi == math.MinInt64 && v.lo == 0 {
			return int128{}, false
		}
		p, ok := v.neg().times(m)
		return p.neg(), ok
	}
	carry, lo := bits.Mul64(v.lo, m)
	over, hi := bits.Mul64(uint64(v.hi), m)
	hi, c := bits.Add64(hi, carry, 0)
	return int128{hi: int64(hi), lo: lo}, over == 0 && c == 0 && int64(hi) >= 0
}

// powerOfTen is 10^n for n from 0 to 38.
func powerOfTen(n int32) int128 {
	p := int128Of(1)
	for range n {
		p, _ = p.times(10)
	}
	return p
}

// inDigits reports whether |v| < limit, the power of ten that follows the
// largest value of a precision.
func (v int128) inDigits(limit int128) bool {
	return v.compare(limit) < 0 && v.compare(limit.neg()) > 0
}
