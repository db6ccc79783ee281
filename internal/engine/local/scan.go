package local

import (
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/delta"
)

// Scan hands on the rows that readers see, some at a time, file by file. The
// batch is good until visit returns.
func (e *Engine) Scan(ctx context.Context, snapshot *delta.Snapshot, columns batch.Schema, visit func(*batch.Batch) error) error {
	for _, add := range snapshot.Files() {
		if err := e.scanFile(ctx, snapshot, add, columns, visit); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) scanFile(ctx context.Context, snapshot *delta.Snapshot, add delta.Add, columns batch.Schema, visit func(*batch.Batch) error) error {
	path, err := snapshot.FilePath(add.Path)
	if err != nil {
		return err
	}
	dead := orEmpty(nil)
	if add.DeletionVector != nil {
		if dead, err = delta.ReadVector(ctx, e.lake, snapshot.Root, add.DeletionVector); err != nil {
			return err
		}
	}
	file, done, err := e.openParquet(ctx, path, add.Size)
	if err != nil {
		return err
	}
	defer done()
	row := uint64(0)
	var live batch.Batch
	var alive []int
	for g := range file.RowGroups() {
		err := file.ReadChunks(g, columns, copyRows, func(chunk *batch.Batch) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			alive = alive[:0]
			for i := range chunk.Rows {
				if !dead.Contains(row + uint64(i)) {
					alive = append(alive, i)
				}
			}
			row += uint64(chunk.Rows)
			live.Reset(columns)
			live.AppendRows(chunk, alive)
			return visit(&live)
		})
		if err != nil {
			return fmt.Errorf("reading data file %s: %w", e.lake.URL(path), err)
		}
	}
	return nil
}
