package local

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

// Places are the positions of the columns that [Placed] adds.
type Places struct{ Folder, First, Modified int }

// Placed is a table's schema with the columns behind it that data files keep
// beside what readers see and that tell where a row came from: the digits of the
// folder that brought it, and of an earlier one that brought the same version
// with other columns; and its SinkModifiedOn where the table has no such column.
// They are null in rows that another program wrote, First nearly always.
func Placed(schema batch.Schema, columns Columns) (batch.Schema, Places) {
	at := Places{Folder: len(schema), First: len(schema) + 1, Modified: schema.Index(columns.Modified)}
	all := append(slices.Clone(schema), batch.Field{Name: folderColumn, Type: long}, batch.Field{Name: firstColumn, Type: long})
	if at.Modified < 0 {
		at.Modified = len(all)
		all = append(all, batch.Field{Name: modifiedColumn, Type: batch.Type{Kind: batch.Timestamp}})
	}
	return all, at
}

// Tombstones hands on the deletes that a table remembers, see
// [change.Tombstone], in no order. They are good until visit returns.
func (e *Engine) Tombstones(ctx context.Context, snapshot *delta.Snapshot, columns Columns, visit func([]change.Fact) error) error {
	for _, add := range snapshot.Files() {
		if add.DeletionVector == nil {
			continue // they are dead rows
		}
		path, err := snapshot.FilePath(add.Path)
		if err != nil {
			return err
		}
		if err := e.tombstonesIn(ctx, path, add.Size, columns, visit); err != nil {
			return err
		}
	}
	txn, ok := snapshot.Txns[tombstoneAppID]
	if !ok {
		return nil
	}
	path := join(snapshot.Root, tombstonePath(txn.Version))
	entry, err := e.lake.Stat(ctx, path)
	if err != nil {
		return fmt.Errorf("the table's tombstones: %w", err)
	}
	return e.tombstonesIn(ctx, path, entry.Size, columns, visit)
}

func (e *Engine) tombstonesIn(ctx context.Context, path string, size int64, columns Columns, visit func([]change.Fact) error) error {
	file, done, err := e.openParquet(ctx, path, size)
	if err != nil {
		return err
	}
	defer done()
	for g := range file.RowGroups() {
		if err := tombstonesOfGroup(ctx, file, g, columns, visit); err != nil {
			return fmt.Errorf("reading tombstones of %s: %w", e.lake.URL(path), err)
		}
	}
	return nil
}

func tombstonesOfGroup(ctx context.Context, file *parquetfile.File, group int, columns Columns, visit func([]change.Fact) error) error {
	schema := batch.Schema{
		{Name: columns.Key, Type: batch.Type{Kind: batch.String}}, {Name: columns.Version, Type: long},
		{Name: folderColumn, Type: long}, {Name: firstColumn, Type: long}, {Name: tombstoneColumn, Type: integer},
	}
	var some batch.Batch
	var at []int
	return file.ReadChunks(group, schema, copyRows, func(chunk *batch.Batch) error {
		at = at[:0]
		for row, def := range chunk.Cols[4].Def {
			if def != 0 {
				at = append(at, row)
			}
		}
		if err := ctx.Err(); err != nil || len(at) == 0 {
			return err
		}
		some.Reset(schema)
		some.AppendRows(chunk, at)
		return visit(tombstonesOf(&some))
	})
}
