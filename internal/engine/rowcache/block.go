package rowcache

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/sluicedata/sluice/internal/batch"
)

// blockRows is how many rows are compressed together: as many as a mask has bits.
// Fewer would be read sooner and compress worse.
const blockRows = 64

// Nulls of a column in a block.
const (
	allNull = iota
	noNull
	someNull
)

// Forms of wide integers and of texts.
const (
	wideNarrow = iota
	wideWhole
)

const (
	textPlain = iota
	textGUID
	textSame
)

// block gathers the columns of some rows. What no compression makes smaller, as
// keys and times, is kept apart from the rest, so that none is tried.
type block struct {
	plain []byte
	raw   []byte
	large bool // a text is larger than a block may have
}

func (b *block) reset() { b.plain, b.raw, b.large = b.plain[:0], b.raw[:0], false }

func (b *block) size() int { return len(b.plain) + len(b.raw) }

// append writes the block without its checksum.
func (b *block) append(dst []byte) []byte {
	dst = append(binary.LittleEndian.AppendUint32(dst, uint32(len(b.raw))), b.raw...)
	at, bound := len(dst), s2.MaxEncodedLen(len(b.plain))
	dst = slices.Grow(dst, bound+crcBytes)
	return dst[:at+len(s2.Encode(dst[at:at+bound], b.plain))]
}

// column appends rows from a row on of a column, of which value is the first
// value, and says how many values they have.
func (b *block) column(t batch.Type, c *batch.Column, row, rows, value int) (values int) {
	if len(c.Def) == 0 {
		b.plain = append(b.plain, allNull)
		return 0
	}
	def := c.Def[row : row+rows]
	if rows == blockRows && *(*[blockRows]int16)(def) == allValues {
		b.plain = append(b.plain, noNull)
		b.values(t, c, value, value+rows)
		return rows
	}
	mask := uint64(0)
	for i, d := range def {
		mask |= uint64(d) << i
		values += int(d)
	}
	switch values {
	case 0:
		b.plain = append(b.plain, allNull)
		return 0
	case rows:
		b.plain = append(b.plain, noNull)
	default:
		b.plain = binary.LittleEndian.AppendUint64(append(b.plain, someNull), mask)
	}
	b.values(t, c, value, value+values)
	return values
}

// allValues are the definition levels of a block without nulls.
var allValues = func() (def [blockRows]int16) {
	for i := range def {
		def[i] = 1
	}
	return def
}()

func (b *block) values(t batch.Type, c *batch.Column, value, end int) {
	switch {
	case t.Kind == batch.String:
		b.texts(c.Bytes[value:end])
	case t.Kind == batch.Boolean:
		for _, v := range c.Bools[value:end] {
			b.plain = append(b.plain, boolByte(v))
		}
	case t.Kind == batch.Double:
		for _, v := range c.Doubles[value:end] {
			b.plain = binary.LittleEndian.AppendUint64(b.plain, math.Float64bits(v))
		}
	case t.IsWide():
		b.wide(c.Wide[value:end])
	default:
		b.ints(c.Ints[value:end])
	}
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func (b *block) ints(values []int64) {
	smallest, largest := values[0], values[0]
	for _, v := range values {
		smallest, largest = min(smallest, v), max(largest, v)
	}
	width := widthOf(uint64(largest) - uint64(smallest))
	b.plain = append(binary.LittleEndian.AppendUint64(b.plain, uint64(smallest)), byte(width))
	if width < rawWidth {
		b.plain = appendNumbers(b.plain, values, uint64(smallest), width)
	} else {
		b.raw = appendNumbers(b.raw, values, uint64(smallest), width)
	}
}

// rawWidth is that of numbers that are not compressed.
const rawWidth = 3

func appendNumbers(dst []byte, values []int64, smallest uint64, width int) []byte {
	if width == 0 {
		return dst
	}
	for _, v := range values {
		// Eight bytes are written, and all but the width given back.
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v)-smallest)
		dst = dst[:len(dst)-8+width]
	}
	return dst
}

// widthOf is how many bytes a number takes.
func widthOf(v uint64) int { return (bits.Len64(v) + 7) / 8 }

func (b *block) wide(values [][16]byte) {
	var narrow [blockRows]int64
	for i := range values {
		high, low := int64(binary.BigEndian.Uint64(values[i][:8])), int64(binary.BigEndian.Uint64(values[i][8:]))
		if high != low>>63 {
			b.plain = append(b.plain, wideWhole)
			for j := range values {
				b.plain = append(b.plain, values[j][:]...)
			}
			return
		}
		narrow[i] = low
	}
	b.plain = append(b.plain, wideNarrow)
	b.ints(narrow[:len(values)])
}

func (b *block) texts(values [][]byte) {
	if b.large = b.large || len(values[0]) > maxText; b.large {
		return
	}
	if allEqual(values) {
		b.plain = binary.LittleEndian.AppendUint32(append(b.plain, textSame), uint32(len(values[0])))
		b.plain = append(b.plain, values[0]...)
		return
	}
	if raw, ok := appendGUIDs(b.raw, values); ok {
		b.plain, b.raw = append(b.plain, textGUID), raw
		return
	}
	var lengths [blockRows]int64
	for i, v := range values {
		if b.large = b.large || len(v) > maxText; b.large {
			return
		}
		lengths[i] = int64(len(v))
	}
	b.plain = append(b.plain, textPlain)
	b.ints(lengths[:len(values)])
	for _, v := range values {
		b.plain = append(b.plain, v...)
	}
}

func allEqual(values [][]byte) bool {
	for _, v := range values[1:] {
		if !bytes.Equal(v, values[0]) {
			return false
		}
	}
	return true
}
