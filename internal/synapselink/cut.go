package synapselink

import (
	"maps"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/batch"
)

// maxText is the most bytes of a text that are kept.
func (s Selection) maxText() int {
	if s.MaxCellBytes == nil || *s.MaxCellBytes > math.MaxInt32 {
		return math.MaxInt
	}
	return int(max(0, *s.MaxCellBytes))
}

// cutText is the beginning of a text of more than limit bytes, up to the last
// character that ends within them. Bytes that are no UTF-8 belong to no character
// and stay, so that they are found.
func cutText(text []byte, limit int) []byte {
	end := limit
	for start := limit - 1; start >= max(0, limit-utf8.UTFMax); start-- {
		if !utf8.RuneStart(text[start]) {
			continue
		}
		if _, size := utf8.DecodeRune(text[start:]); start+size > limit {
			end = start
		}
		break
	}
	return text[:end:end]
}

// cutCounter counts the cells that were cut, by column of the target. Pieces add
// to it as they are decoded.
type cutCounter struct {
	mu      sync.Mutex
	columns map[string]int64
}

func (c *cutCounter) add(schema batch.Schema, cells []int64) {
	if cells == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for column, n := range cells {
		if n == 0 {
			continue
		}
		if c.columns == nil {
			c.columns = map[string]int64{}
		}
		c.columns[schema[column].Name] += n
	}
}

// Cut is how many cells were longer than Selection.MaxCellBytes so far and were
// cut there, by the target's columns. Only rows that were understood count.
func (s *Source) Cut() map[string]int64 {
	if s == nil {
		return nil
	}
	s.cuts.mu.Lock()
	defer s.cuts.mu.Unlock()
	return maps.Clone(s.cuts.columns)
}

// cutCells is what a decoder cuts in one piece.
type cutCells struct {
	row     []int   // columns of the target that were cut in the current row
	cells   []int64 // by column of the target, nil while there are none
	dropped int     // bytes of all rows, also of bad ones
}

// text is the part of a cell that is kept for a column.
func (c *cutCells) text(cell []byte, column, limit int) []byte {
	kept := cutText(cell, limit)
	c.row = append(c.row, column)
	c.dropped += len(cell) - len(kept)
	return kept
}

// endRow counts the cells of the row, unless the row was a bad one.
func (c *cutCells) endRow(good bool, columns int) {
	if good && len(c.row) > 0 {
		if c.cells == nil {
			c.cells = make([]int64, columns)
		}
		for _, column := range c.row {
			c.cells[column]++
		}
	}
	c.row = c.row[:0]
}

// compact copies the texts of the rows and gives the block's memory back. A small
// batch keeps its pieces until the commit, and where cells of many megabytes were
// cut, hardly any of a piece's bytes are still needed.
func (p *piece) compact(rows *batch.Batch) {
	size := 0
	for i := range rows.Cols {
		for _, text := range rows.Cols[i].Bytes {
			size += len(text)
		}
	}
	texts := make([]byte, 0, size)
	for i := range rows.Cols {
		column := rows.Cols[i].Bytes
		for n, text := range column {
			from := len(texts)
			texts = append(texts, text...)
			column[n] = texts[from:len(texts):len(texts)]
		}
	}
	p.copied = size
	p.block.Release()
}
