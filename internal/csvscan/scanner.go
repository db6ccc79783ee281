package csvscan

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
)

// Scanner cuts a [Block] into records and cells. The zero Scanner has nothing
// to scan; Reset gives it a block and keeps its memory.
//
// A block is scanned once: cells with escaped quotes are shortened in place,
// which keeps them valid as long as the block without memory of their own.
type Scanner struct {
	block  *Block
	data   []byte
	start  int // of the current record
	pos    int // behind the current record
	cells  [][]byte
	quoted []bool
	// escaped lists the cells of the current record that hold "".
	escaped []int
	// counted bytes of the block hold so many line ends.
	counted int
	lines   int64
}

// Reset begins with the first record of the block.
func (s *Scanner) Reset(b *Block) {
	s.block, s.data, s.start, s.pos = b, b.Data, 0, 0
	s.counted, s.lines = 0, 0
}

// Forget drops what the scanner has of its block, which a collector would keep
// for it.
func (s *Scanner) Forget() {
	s.block, s.data = nil, nil
	clear(s.cells[:cap(s.cells)])
}

// Next returns the cells of the next record, io.EOF after the last, or a
// [*SyntaxError], behind which there is no going on. Empty lines are skipped.
//
// The slice of cells is good until the next call, the bytes of each cell as
// long as the block.
func (s *Scanner) Next() ([][]byte, error) {
	if err := s.scan(); err != nil {
		return nil, err
	}
	for _, i := range s.escaped {
		s.cells[i] = unescape(s.cells[i])
	}
	return s.cells, nil
}

// NextWidth is the number of cells of the next record. It leaves the block as it
// is, so that another scanner can still be given it.
func (s *Scanner) NextWidth() (int, error) {
	if err := s.scan(); err != nil {
		return 0, err
	}
	return len(s.cells), nil
}

// Quoted reports whether the cell was written in quotes.
func (s *Scanner) Quoted(cell int) bool { return s.quoted[cell] }

// Offset of the current record's first byte in the file.
func (s *Scanner) Offset() int64 { return s.block.Offset + int64(s.start) }

// Line is the physical line of the current record's first byte, from 1. Line ends
// are counted when it is asked for.
func (s *Scanner) Line() int64 { return s.lineAt(s.start) }

func (s *Scanner) lineAt(pos int) int64 {
	if pos < s.counted {
		s.counted, s.lines = 0, 0
	}
	// A file may have a bad row, whose line is asked for, in every few.
	s.lines += int64(bytes.Count(s.data[s.counted:pos], newline))
	s.counted = pos
	return s.block.Line + s.lines
}

// AppendRaw appends the text of the current record as it was written, without
// its line end and at most limit bytes of it. The dialect has one way to write
// a cell once it is known whether it was quoted, so nothing is lost by
// unescaping in place.
func (s *Scanner) AppendRaw(dst []byte, limit int) []byte {
	room := len(dst) + limit
	for i, cell := range s.cells {
		if len(dst) >= room {
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		cell = cell[:min(len(cell), limit)]
		if s.quoted[i] {
			dst = append(dst, '"')
			dst = append(dst, bytes.ReplaceAll(cell, quote, []byte(`""`))...)
			dst = append(dst, '"')
		} else {
			dst = append(dst, cell...)
		}
	}
	return dst[:min(len(dst), room)]
}

// AppendBroken appends the bytes of a record that Next refused, from its first
// byte on, at most limit of them.
func (s *Scanner) AppendBroken(dst []byte, limit int) []byte {
	rest := s.data[s.start:]
	return append(dst, rest[:min(len(rest), limit)]...)
}

// scan finds the cells of the next record without changing the block.
func (s *Scanner) scan() error {
	data, pos := s.data, skipBlank(s.data, s.pos)
	s.start, s.pos = pos, pos
	cells, quoted := s.cells[:0], s.quoted[:0]
	s.escaped = s.escaped[:0]
	if pos == len(data) {
		return io.EOF
	}
	for {
		if pos < len(data) && data[pos] == '"' {
			end, escaped := closingQuote(data, pos+1)
			if end < 0 {
				return s.syntaxError(pos, len(cells), ErrUnterminated)
			}
			if escaped {
				s.escaped = append(s.escaped, len(cells))
			}
			cells, quoted = append(cells, data[pos+1:end:end]), append(quoted, true)
			pos = end + 1
			if pos < len(data) && data[pos] == '\r' && (pos+1 == len(data) || data[pos+1] == '\n') {
				pos++
			}
		} else {
			end := bareEnd(data, pos)
			cells, quoted = append(cells, data[pos:end:end]), append(quoted, false)
			pos = end
		}
		if pos < len(data) && data[pos] == ',' {
			pos++
			continue
		}
		s.cells, s.quoted = cells, quoted
		return s.endRecord(pos)
	}
}

// endRecord stands behind a cell that no comma follows.
func (s *Scanner) endRecord(pos int) error {
	last := len(s.cells) - 1
	if pos < len(s.data) && s.data[pos] != '\n' {
		if s.quoted[last] {
			return s.syntaxError(pos, last, ErrAfterQuote)
		}
		return s.syntaxError(pos, last, ErrBareQuote)
	}
	if c := s.cells[last]; !s.quoted[last] && len(c) > 0 && c[len(c)-1] == '\r' {
		s.cells[last] = c[:len(c)-1]
	}
	s.pos = min(pos+1, len(s.data))
	return nil
}

func (s *Scanner) syntaxError(pos, cell int, err error) error {
	return &SyntaxError{
		Record: s.Offset(), Offset: s.block.Offset + int64(pos),
		Line: s.lineAt(pos), Column: cell + 1, Err: err,
	}
}

// skipBlank is the position of the next byte that is not an empty line.
func skipBlank(data []byte, pos int) int {
	for pos < len(data) {
		switch {
		case data[pos] == '\n':
			pos++
		case data[pos] == '\r' && pos+1 == len(data):
			pos++
		case data[pos] == '\r' && data[pos+1] == '\n':
			pos += 2
		default:
			return pos
		}
	}
	return pos
}

// closingQuote is the position of the quote that ends the cell whose content
// begins at pos, or -1, and whether escaped quotes lie before it.
func closingQuote(data []byte, pos int) (end int, escaped bool) {
	for {
		i := indexQuote(data[pos:])
		if i < 0 {
			return -1, escaped
		}
		pos += i
		if pos+1 >= len(data) || data[pos+1] != '"' {
			return pos, escaped
		}
		pos, escaped = pos+2, true
	}
}

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// indexQuote is bytes.IndexByte for a quote that is expected soon: most quoted
// cells are date-times of 20 to 33 bytes, where the call costs more than the
// search.
func indexQuote(data []byte) int {
	i := 0
	for ; i < 40 && i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:]) ^ lowBits*'"'
		if hit := (w - lowBits) & ^w & highBits; hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	if j := bytes.IndexByte(data[i:], '"'); j >= 0 {
		return i + j
	}
	return -1
}

// bareEnd is the position of the first comma, newline or quote from pos on, or
// the end. All three, and little else that occurs in bare cells, lie below
// '-', so eight bytes are tested by one subtraction; the lowest byte that it
// marks is exact, those above it need not be.
func bareEnd(data []byte, pos int) int {
	for pos+8 <= len(data) {
		w := binary.LittleEndian.Uint64(data[pos:])
		hit := (w - lowBits*'-') & ^w & highBits
		if hit == 0 {
			pos += 8
			continue
		}
		pos += bits.TrailingZeros64(hit) >> 3
		if c := data[pos]; c == ',' || c == '\n' || c == '"' {
			return pos
		}
		pos++
	}
	for pos < len(data) && data[pos] != ',' && data[pos] != '\n' && data[pos] != '"' {
		pos++
	}
	return pos
}

// unescape shortens a cell in place, "" to ", and blanks what is left over: a
// newline must not be counted twice when lines are.
func unescape(cell []byte) []byte {
	n := bytes.IndexByte(cell, '"')
	for i := n; i < len(cell); {
		cell[n] = '"'
		n, i = n+1, i+2
		run := bytes.IndexByte(cell[i:], '"')
		if run < 0 {
			run = len(cell) - i
		}
		n += copy(cell[n:], cell[i:i+run])
		i += run
	}
	rest := cell[n:]
	for i := range rest {
		rest[i] = ' '
	}
	return cell[:n:n]
}
