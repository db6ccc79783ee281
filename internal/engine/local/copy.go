package local

import (
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
)

// copyRows is how many rows are held while a file is copied.
const copyRows = 8192

// copyAlive is the way of tables without deletion vectors: each file that lost
// rows is written again without them.
func (a *attempt) copyAlive() error {
	for i, h := range slices.Clone(a.holders) {
		if h.block != nil || h.dead.IsEmpty() && (h.file == nil || h.file.vector == nil) {
			continue
		}
		if err := a.copyHolder(i, h); err != nil {
			return err
		}
	}
	return nil
}

// copyHolder copies the rows of a file that are not dead. Tombstones in it move
// to the side file.
func (a *attempt) copyHolder(i int, h *holder) error {
	file, done, err := a.openFile(h)
	if err != nil {
		return err
	}
	defer done()
	var out *output
	row := int64(0)
	var rows batch.Batch
	for g := range file.RowGroups() {
		err := file.ReadChunks(g, a.layout.full, copyRows, func(chunk *batch.Batch) error {
			alive := a.aliveRows(h, chunk, row)
			row += int64(chunk.Rows)
			if len(alive) == 0 {
				return nil
			}
			if out == nil {
				if out, _, err = a.newOutput(a.layout.full); err != nil {
					return err
				}
			}
			rows.Reset(chunk.Schema)
			rows.AppendRows(chunk, alive)
			return out.write(&rows)
		})
		if err != nil {
			return damage(fmt.Errorf("copying data file %s: %w", a.holderPath(i), err))
		}
	}
	h.dead.AddRange(0, uint64(row)) // the copy takes its place
	if out == nil {
		return nil
	}
	return out.close()
}

// aliveRows are the positions in the chunk of the rows that are not dead. Dead
// ones that are tombstones go to the side file.
func (a *attempt) aliveRows(h *holder, chunk *batch.Batch, before int64) []int {
	var alive, buried []int
	tombstone := &cursor{column: &chunk.Cols[a.layout.tombst]}
	for i := range chunk.Rows {
		_, isTombstone := tombstone.next()
		switch at := before + int64(i); {
		case isTombstone:
			buried = append(buried, i)
		case h.dead.Contains(uint64(at)), h.file != nil && h.file.wasDead(at):
		default:
			alive = append(alive, i)
		}
	}
	if len(buried) > 0 {
		l := &a.layout
		var rows, columns batch.Batch
		rows.Reset(chunk.Schema)
		rows.AppendRows(chunk, buried)
		columns.Rows = rows.Rows
		for _, c := range []int{l.key, l.version, l.folder, l.first, l.tombst} {
			columns.Cols = append(columns.Cols, rows.Cols[c])
		}
		a.side.fresh = append(a.side.fresh, tombstonesOf(&columns)...)
	}
	return alive
}
