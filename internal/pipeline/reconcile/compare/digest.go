package compare

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/sluicedata/sluice/internal/batch"
)

// Digest stands for the content of a row: 128 bits, the same in every process.
type Digest struct{ Hi, Lo uint64 }

// at is the digest of a row of a Type2 table with its interval.
func (d Digest) at(start, end int64) Digest {
	var b [32]byte
	binary.LittleEndian.PutUint64(b[0:], d.Hi)
	binary.LittleEndian.PutUint64(b[8:], d.Lo)
	binary.LittleEndian.PutUint64(b[16:], uint64(start))
	binary.LittleEndian.PutUint64(b[24:], uint64(end))
	return Digest(xxh3.Hash128(b[:]))
}

// Checksum is the sum of the digests of rows: their order does not matter, and
// that of a part of the rows can be added to that of the rest.
type Checksum Digest

// Add adds the digest of one row.
func (c *Checksum) Add(d Digest) {
	var carry uint64
	c.Lo, carry = bits.Add64(c.Lo, d.Lo, 0)
	c.Hi, _ = bits.Add64(c.Hi, d.Hi, carry)
}

// String is 32 hexadecimal digits.
func (c Checksum) String() string { return fmt.Sprintf("%016x%016x", c.Hi, c.Lo) }

// Hasher makes digests. It keeps memory between calls and is not safe for
// concurrent use.
type Hasher struct {
	hash  xxh3.Hasher
	value []int // by column: where the next value stands
}

// Rows visits the rows that are wanted, each with the digest of its first
// columns: as many as the batch has, of which those from width(row) on count as
// null. What goes into a digest is, for each column, 0 for null, or 1 and the
// value: texts with their length before them, numbers as little-endian, wide
// decimals as the batch has them.
func (h *Hasher) Rows(b *batch.Batch, columns int, width func(row int) int, want func(row int) bool, visit func(row int, d Digest)) {
	h.value = append(h.value[:0], make([]int, columns)...)
	for row := range b.Rows {
		wanted := want(row)
		if wanted {
			h.hash.Reset()
		}
		known := width(row)
		for i := range columns {
			c := &b.Cols[i]
			has := len(c.Def) > 0 && c.Def[row] != 0
			if wanted {
				h.cell(c, b.Schema[i].Type, h.value[i], has && i < known)
			}
			if has {
				h.value[i]++
			}
		}
		if wanted {
			visit(row, Digest(h.hash.Sum128()))
		}
	}
}

func (h *Hasher) cell(c *batch.Column, t batch.Type, at int, has bool) {
	var b [9]byte
	if !has {
		h.write(b[:1])
		return
	}
	b[0] = 1
	switch {
	case t.Kind == batch.String:
		binary.LittleEndian.PutUint64(b[1:], uint64(len(c.Bytes[at])))
		h.write(b[:])
		h.write(c.Bytes[at])
		return
	case t.IsWide():
		h.write(b[:1])
		h.write(c.Wide[at][:])
		return
	case t.Kind == batch.Boolean:
		if c.Bools[at] {
			b[1] = 1
		}
	case t.Kind == batch.Double:
		binary.LittleEndian.PutUint64(b[1:], math.Float64bits(c.Doubles[at]))
	default:
		binary.LittleEndian.PutUint64(b[1:], uint64(c.Ints[at]))
	}
	h.write(b[:])
}

// write never fails.
func (h *Hasher) write(b []byte) { _, _ = h.hash.Write(b) }
