package rowcache

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/sluicedata/sluice/internal/batch"
)

// parser takes wanted rows out of a block, column by column. Where a block ends
// too early, short is set and what it gives is of no use.
type parser struct {
	data   []byte
	raw    []byte
	rows   int
	wanted []uint8
	texts  arena
	short  bool

	values   [blockRows]int // of the wanted rows that have one, its number
	unwanted batch.Column
}

// column reads a column into a target; nil passes over it.
func (p *parser) column(t batch.Type, target *batch.Column) {
	mask := p.mask()
	count := bits.OnesCount64(mask)
	found := p.values[:0]
	for _, row := range p.wanted {
		there := mask >> row & 1
		if there == 1 {
			found = append(found, bits.OnesCount64(mask&(1<<row-1)))
		}
		if target != nil {
			target.Def = append(target.Def, int16(there))
		}
	}
	if target == nil {
		target, found = &p.unwanted, nil
	}
	if count > 0 && !p.short {
		p.read(t, count, found, target)
	}
}

// mask has a bit for each row with a value.
func (p *parser) mask() uint64 {
	all := uint64(math.MaxUint64) >> (64 - p.rows)
	switch p.byte() {
	case allNull:
		return 0
	case noNull:
		return all
	case someNull:
		if b := p.take(8); b != nil {
			return binary.LittleEndian.Uint64(b) & all
		}
	}
	p.short = true
	return 0
}

func (p *parser) read(t batch.Type, count int, found []int, target *batch.Column) {
	switch {
	case t.Kind == batch.String:
		p.readTexts(count, found, target)
	case t.Kind == batch.Boolean:
		if data := p.take(count); data != nil {
			for _, i := range found {
				target.Bools = append(target.Bools, data[i] != 0)
			}
		}
	case t.Kind == batch.Double:
		if data := p.take(8 * count); data != nil {
			for _, i := range found {
				target.Doubles = append(target.Doubles, math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
			}
		}
	case t.IsWide():
		p.readWide(count, found, target)
	default:
		n := p.numbers(count)
		for _, i := range found {
			target.Ints = append(target.Ints, n.at(i))
		}
	}
}

func (p *parser) readWide(count int, found []int, target *batch.Column) {
	if p.byte() == wideWhole {
		if data := p.take(16 * count); data != nil {
			for _, i := range found {
				target.Wide = append(target.Wide, [16]byte(data[16*i:]))
			}
		}
		return
	}
	n := p.numbers(count)
	for _, i := range found {
		v := n.at(i)
		var wide [16]byte
		binary.BigEndian.PutUint64(wide[:8], uint64(v>>63))
		binary.BigEndian.PutUint64(wide[8:], uint64(v))
		target.Wide = append(target.Wide, wide)
	}
}

func (p *parser) readTexts(count int, found []int, target *batch.Column) {
	switch p.byte() {
	case textSame:
		p.readSame(found, target)
	case textGUID:
		if data := p.takeRaw(16 * count); data != nil {
			for _, i := range found {
				target.Bytes = append(target.Bytes, appendGUID(p.texts.room(guidText), data[16*i:16*i+16]))
			}
		}
	case textPlain:
		p.readPlain(count, found, target)
	default:
		p.short = true
	}
}

func (p *parser) readSame(found []int, target *batch.Column) {
	head := p.take(4)
	if head == nil {
		return
	}
	text := p.take(int(binary.LittleEndian.Uint32(head)))
	if len(found) == 0 || p.short {
		return
	}
	text = append(p.texts.room(len(text)), text...)
	for range found {
		target.Bytes = append(target.Bytes, text)
	}
}

func (p *parser) readPlain(count int, found []int, target *batch.Column) {
	lengths := p.numbers(count)
	var ends [blockRows + 1]int // ends[i] is where text i begins
	for i := range count {
		length := lengths.at(i)
		if length < 0 || length > int64(len(p.data)-ends[i]) {
			p.short = true
			return
		}
		ends[i+1] = ends[i] + int(length)
	}
	data := p.take(ends[count])
	for _, i := range found {
		text := data[ends[i]:ends[i+1]]
		target.Bytes = append(target.Bytes, append(p.texts.room(len(text)), text...))
	}
}

// numbers reads integers of a width.
type numbers struct {
	smallest uint64
	width    int
	data     []byte
}

func (n *numbers) at(i int) int64 {
	v := uint64(0)
	for j, b := range n.data[i*n.width : (i+1)*n.width] {
		v |= uint64(b) << (8 * j)
	}
	return int64(n.smallest + v)
}

// take cuts bytes off the front; short says that there were not enough.
func (p *parser) take(n int) []byte { return p.cut(&p.data, n) }

// takeRaw does so with what was not compressed.
func (p *parser) takeRaw(n int) []byte { return p.cut(&p.raw, n) }

func (p *parser) cut(from *[]byte, n int) []byte {
	if n < 0 || n > len(*from) {
		p.short = true
		*from = nil
		return nil
	}
	part := (*from)[:n]
	*from = (*from)[n:]
	return part
}

func (p *parser) byte() byte {
	if b := p.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) numbers(count int) numbers {
	head := p.take(9)
	if head == nil || head[8] > 8 {
		p.short = true
		return numbers{}
	}
	n := numbers{smallest: binary.LittleEndian.Uint64(head), width: int(head[8])}
	if n.width < rawWidth {
		n.data = p.take(count * n.width)
	} else {
		n.data = p.takeRaw(count * n.width)
	}
	if n.data == nil {
		n.width = 0
	}
	return n
}
