package synapselink

import (
	"sync"

	"github.com/sluicedata/sluice/internal/csvscan"
)

// fileWidths holds the rows of one file to the rule that widths never
// decrease. Blocks are decoded in any order, each checks its own rows; here
// the last row of each is compared with the first of the next.
type fileWidths struct {
	mu     sync.Mutex
	blocks []blockWidths
}

// blockWidths is what neighbours need to know of a decoded block.
type blockWidths struct {
	decoded     bool
	first, last int // cells; 0 in a block without rows
	// decreased makes the error of the first row, given the width before it.
	decreased func(before int) *RowError
}

// add notes a decoded block and returns the error, if one shows now, of the
// first row of this block or of a later one that was decoded before it.
func (f *fileWidths) add(seq int, b blockWidths) *RowError {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.blocks) <= seq {
		f.blocks = append(f.blocks, blockWidths{})
	}
	b.decoded = true
	f.blocks[seq] = b
	before, after := f.neighbour(seq, -1), f.neighbour(seq, +1)
	if b.first == 0 {
		return compareWidths(before, after)
	}
	if err := compareWidths(before, &b); err != nil {
		return err
	}
	return compareWidths(&b, after)
}

// neighbour is the next block with rows in a direction, nil where it is not
// decoded yet.
func (f *fileWidths) neighbour(seq, step int) *blockWidths {
	for i := seq + step; i >= 0 && i < len(f.blocks) && f.blocks[i].decoded; i += step {
		if f.blocks[i].first > 0 {
			return &f.blocks[i]
		}
	}
	return nil
}

func compareWidths(before, after *blockWidths) *RowError {
	if before == nil || after == nil || after.first >= before.last {
		return nil
	}
	return after.decreased(before.last)
}

// widestIn is the width of the widest legal row of a block. To tell which rows
// to leave out, a piece has to know it of all before it, and they may be decoded
// later: so the rows are counted while the file is cut.
func (f *tableFile) widestIn(block *csvscan.Block) int {
	scanner := scanners.Get().(*csvscan.Scanner)
	defer scanners.Put(scanner)
	scanner.Reset(block)
	widest := 0
	for {
		n, err := scanner.NextWidth()
		if err != nil {
			return widest // the end, or what the decoder will tell of
		}
		if n >= f.least && n <= f.greatest {
			widest = max(widest, n)
		}
	}
}
