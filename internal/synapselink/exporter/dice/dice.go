// Package dice is the simulator's randomness: formulas of 64-bit numbers, the
// same on every machine and with every Go release.
package dice

import "math/bits"

// Golden is the increment of SplitMix64, and tells derived numbers apart.
const Golden = 0x9e3779b97f4a7c15

// Mix is the finaliser of SplitMix64: a bijection, so distinct row numbers
// give distinct Ids.
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Salt turns a name into a number (FNV-1a, mixed).
func Salt(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return Mix(h)
}

// Source is a stream of random numbers (SplitMix64). It is its own because the
// bytes of an export must not change with a Go release.
type Source struct{ State uint64 }

// Next is the next number.
func (s *Source) Next() uint64 {
	s.State += Golden
	return Mix(s.State)
}

// Below is uniform in [0,n); n > 0.
func (s *Source) Below(n int64) int64 {
	hi, _ := bits.Mul64(s.Next(), uint64(n))
	return int64(hi)
}
