package rows

import (
	"time"

	"github.com/sluicedata/sluice/internal/synapselink/exporter/dice"
)

// Row is what the cells of one CSV row are computed from.
type Row struct {
	Index    int64
	Rev      uint32 // 0 as inserted, +1 with every later version
	Version  int64
	Created  int64 // seconds since 1970 UTC
	Modified int64
	Sink     string // text of the Sink columns, from QuotedSink
	Offset   bool   // times of day are written with their offset from UTC

	table *Table
	hash  uint64 // of seed, table and Index: the root of the row's random numbers
}

// cell appends the text of one cell to b.
type cell func(b []byte, r *Row) []byte

// draw is a random source of the rows of one table.
type draw struct {
	salt     uint64
	percent  uint64
	volatile bool
}

func (f fill) draw() draw {
	return draw{salt: dice.Salt(f.salt), percent: f.percent, volatile: f.volatile}
}

// fixed is a draw that every row takes and no update changes.
func fixed(name string) draw { return draw{salt: dice.Salt(name), percent: 100} }

// get gives the row's 48 random bits of this source, and whether the row has a
// value there. Of a volatile source about every third update changes them.
func (d draw) get(r *Row) (uint64, bool) {
	h := dice.Mix(r.hash ^ d.salt)
	if d.volatile && r.Rev > 0 {
		phase := (uint32(h&0xff) + r.Rev) % 3
		if since := r.Rev - min(r.Rev, phase); since > 0 {
			h = dice.Mix(h + uint64(since)*dice.Golden)
		}
	}
	return h & (1<<48 - 1), (h>>48)%100 < d.percent
}

// Program writes rows of one kind: filled cells, and the commas of empty ones
// between them as ready text.
type Program struct {
	cells []cell // one a column; nil is empty
	steps []step
	tail  string // commas behind the last filled cell, line feed
}

type step struct {
	before string
	put    cell
}

func compileProgram(cells []cell) *Program {
	p := &Program{cells: cells}
	var gap []byte
	for i, c := range cells {
		if i > 0 {
			gap = append(gap, ',')
		}
		if c == nil {
			continue
		}
		p.steps = append(p.steps, step{before: string(gap), put: c})
		gap = gap[:0]
	}
	p.tail = string(append(gap, '\n'))
	return p
}

// Append writes the row, line feed included.
func (p *Program) Append(b []byte, r *Row) []byte {
	for i := range p.steps {
		s := &p.steps[i]
		b = s.put(append(b, s.before...), r)
	}
	return append(b, p.tail...)
}

// values are the row's cells without quotes, empty for null.
func (p *Program) values(r *Row) []string {
	out := make([]string, len(p.cells))
	var buf []byte
	for i, c := range p.cells {
		if c == nil {
			continue
		}
		buf = c(buf[:0], r)
		out[i] = unquote(buf)
	}
	return out
}

func unquote(b []byte) string {
	if len(b) < 2 || b[0] != '"' {
		return string(b)
	}
	b = b[1 : len(b)-1]
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		out = append(out, b[i])
		if b[i] == '"' {
			i++ // the second of two
		}
	}
	return string(out)
}

// QuotedSink is the cell of the Sink columns of a folder.
func QuotedSink(t time.Time) string { return `"` + SinkTime(t) + `"` }
