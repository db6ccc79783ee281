package keyindex

import (
	"encoding/binary"
	"math/bits"
)

// packing is how a column of a leaf is written: value = smallest + code × step,
// modulo 2⁶⁴, with codes of so many bits.
type packing struct {
	smallest int64
	step     uint64
	bits     uint8
}

const packingBytes = 17

// packingOf finds the narrowest packing of a column of entries.
func packingOf(entries []Entry, column int) packing {
	p := packing{smallest: entries[0].Values[column]}
	for i := range entries {
		p.smallest = min(p.smallest, entries[i].Values[column])
	}
	largest := uint64(0)
	for i := range entries {
		distance := uint64(entries[i].Values[column]) - uint64(p.smallest)
		largest = max(largest, distance)
		p.step = divisor(p.step, distance)
	}
	if p.step > 0 {
		p.bits = uint8(bits.Len64(largest / p.step))
	}
	return p
}

// divisor is the greatest one that both have.
func divisor(a, b uint64) uint64 {
	for b != 0 {
		if a == 1 {
			return 1
		}
		a, b = b, a%b
	}
	return a
}

func (p packing) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(p.smallest))
	dst = binary.LittleEndian.AppendUint64(dst, p.step)
	return append(dst, p.bits)
}

func readPacking(b []byte) packing {
	return packing{
		smallest: int64(binary.LittleEndian.Uint64(b)),
		step:     binary.LittleEndian.Uint64(b[8:]),
		bits:     b[16],
	}
}

// bytes that count codes take.
func (p packing) bytes(count int) int { return (count*int(p.bits) + 7) / 8 }

// appendCodes writes the codes of a column.
func (p packing) appendCodes(dst []byte, entries []Entry, column int) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, p.bytes(len(entries)))...)
	if p.bits == 0 {
		return dst
	}
	for i := range entries {
		code := (uint64(entries[i].Values[column]) - uint64(p.smallest)) / p.step
		putBits(dst[at:], i*int(p.bits), code)
	}
	return dst
}

// putBits sets the bits of a code from a bit position on, which must be zero.
func putBits(dst []byte, from int, code uint64) {
	at, shift := from>>3, from&7
	dst[at] |= byte(code << shift)
	for code >>= 8 - shift; code != 0; code >>= 8 {
		at++
		dst[at] |= byte(code)
	}
}

// value is that of a row of a column.
func (p packing) value(codes []byte, row int) int64 {
	if p.bits == 0 {
		return p.smallest
	}
	return int64(uint64(p.smallest) + getBits(codes, row*int(p.bits), int(p.bits))*p.step)
}

// getBits reads a code of so many bits, 1 to 64.
func getBits(src []byte, from, width int) uint64 {
	at, shift := from>>3, from&7
	var word [9]byte
	copy(word[:], src[at:])
	code := binary.LittleEndian.Uint64(word[:]) >> shift
	if shift+width > 64 {
		code |= uint64(word[8]) << (64 - shift)
	}
	if width < 64 {
		code &= 1<<width - 1
	}
	return code
}
