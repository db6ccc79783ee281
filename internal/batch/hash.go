package batch

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
)

// Digest stands for the content of a row: equal rows have equal digests, and
// different rows of one process practically never.
type Digest [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// Digests gives one digest for each row, over the first n columns. They hold
// within this process alone.
func (b *Batch) Digests(n int) []Digest {
	digests := make([]Digest, b.Rows)
	var scratch [8]byte
	for i := range min(n, len(b.Cols)) {
		c := &b.Cols[i]
		value := 0
		for row := range digests {
			if len(c.Def) == 0 || c.Def[row] == 0 {
				digests[row].mixNull()
				continue
			}
			digests[row].mix(c.encoded(value, &scratch))
			value++
		}
	}
	return digests
}

// encoded is the value at i of the dense values, in bytes.
func (c *Column) encoded(i int, scratch *[8]byte) []byte {
	switch {
	case len(c.Bytes) > 0:
		return c.Bytes[i]
	case len(c.Wide) > 0:
		return c.Wide[i][:]
	case len(c.Ints) > 0:
		binary.LittleEndian.PutUint64(scratch[:], uint64(c.Ints[i]))
	case len(c.Doubles) > 0:
		binary.LittleEndian.PutUint64(scratch[:], math.Float64bits(c.Doubles[i]))
	default:
		scratch[0] = 0
		if c.Bools[i] {
			scratch[0] = 1
		}
		return scratch[:1]
	}
	return scratch[:]
}

const spread = 0x9E3779B97F4A7C15

func (d *Digest) mix(value []byte) {
	for i, seed := range seeds {
		d[i] = bits.RotateLeft64(d[i], 7)*spread ^ maphash.Bytes(seed, value)
	}
}

func (d *Digest) mixNull() {
	for i := range d {
		d[i] = bits.RotateLeft64(d[i], 7)*spread ^ 0x5D1C_0F7A_83E2_46B9
	}
}
