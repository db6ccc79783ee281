package local

import (
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

// holder is something that has rows. Exactly one of file, output and block is
// set.
type holder struct {
	file   *tableFile
	output *output
	block  *keptBlock
	// dead are the rows that this batch takes away.
	dead *roaring64.Bitmap
	// ordinal of the file in the key index, 0 while it is not in there.
	ordinal int64
}

// tableFile is a data file of the table as it was before the batch.
type tableFile struct {
	add    delta.Add
	path   string            // in the lake
	vector *roaring64.Bitmap // rows that were dead before; nil for none
	rows   int64             // physical rows, known once it was opened
	// tombstones: the file has some, so that it stays when all rows are dead.
	tombstones bool
}

// keptBlock is a block of a small batch, in memory until it is written.
type keptBlock struct {
	change.Block
	piece  change.Piece
	stay   []bool
	ends   []int64
	firsts []int64
}

// address of a row: 24 bits for the holder, 40 for the row.
func address(holder int, row int64) uint64 { return uint64(holder)<<rowBits | uint64(row) }

// rowBits of an address are for the row.
const rowBits = 40

func holderOf(ref uint64) int { return int(ref >> rowBits) }
func rowOf(ref uint64) int64  { return int64(ref & (1<<rowBits - 1)) }

func (a *attempt) addHolder(h holder) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	h.dead = roaring64.New()
	if a.index != nil && h.output != nil {
		h.ordinal = a.index.NewFile()
		h.output.ordinal = h.ordinal
		a.index.holders[h.ordinal] = len(a.holders)
	}
	a.holders = append(a.holders, &h)
	return len(a.holders) - 1
}

// wasDead reports whether the row was dead before the batch.
func (f *tableFile) wasDead(row int64) bool {
	return f.vector != nil && f.vector.Contains(uint64(row))
}

// openFile opens the Parquet file behind a holder.
func (a *attempt) openFile(h *holder) (*parquetfile.File, func(), error) {
	if h.file != nil {
		return a.engine.openParquet(a.ctx, h.file.path, h.file.add.Size)
	}
	return a.engine.openParquet(a.ctx, h.output.path, h.output.info.Bytes)
}
