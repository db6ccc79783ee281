package local

import (
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
)

// Lookup finds the rows that readers see of a key, whole. It reads the key
// column of the table.
func (e *Engine) Lookup(ctx context.Context, snapshot *delta.Snapshot, table, keyColumn string, key change.Key) (*batch.Batch, error) {
	schema, err := snapshot.BatchSchema()
	if err != nil {
		return nil, err
	}
	found := &batch.Batch{}
	found.Reset(schema)
	for _, add := range snapshot.Files() {
		if err := e.lookupFile(ctx, snapshot, table, add, keyColumn, key, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (e *Engine) lookupFile(ctx context.Context, snapshot *delta.Snapshot, table string, add delta.Add, keyColumn string, key change.Key, found *batch.Batch) error {
	path, err := snapshot.FilePath(add.Path)
	if err != nil {
		return err
	}
	file, done, err := e.openParquet(ctx, path, add.Size)
	if err != nil {
		return err
	}
	defer done()
	dead := orEmpty(nil)
	if add.DeletionVector != nil {
		if dead, err = delta.ReadVector(ctx, e.lake, table, add.DeletionVector); err != nil {
			return err
		}
	}
	before := int64(0)
	for g := range file.RowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := hits(file, g, keyColumn, key, func(row int64) bool { return !dead.Contains(uint64(before + row)) })
		if err == nil && len(rows) > 0 {
			var some batch.Batch
			some.Reset(found.Schema)
			if err = file.ReadRows(g, rows, found.Schema, &some); err == nil {
				all := make([]int, some.Rows)
				for i := range all {
					all[i] = i
				}
				cloneText(&some)
				found.AppendRows(&some, all)
			}
		}
		if err != nil {
			return damage(fmt.Errorf("looking for %s in data file %s: %w", key, e.lake.URL(path), err))
		}
		before += file.RowGroupRows(g)
	}
	return nil
}

// hits are the live rows of a row group that have the key.
func hits(file interface {
	ScanStrings(i int, column string, fn func(first int64, values [][]byte, def []int16) error) error
}, group int, keyColumn string, key change.Key, live func(int64) bool) ([]int64, error) {
	var rows []int64
	err := file.ScanStrings(group, keyColumn, func(first int64, values [][]byte, def []int16) error {
		v := 0
		for i := range def {
			if def[i] == 0 {
				continue
			}
			if k, ok := change.ParseKey(values[v]); ok && k == key && live(first+int64(i)) {
				rows = append(rows, first+int64(i))
			}
			v++
		}
		return nil
	})
	return rows, err
}

// cloneText makes a batch outlive the file that it was read from.
func cloneText(b *batch.Batch) {
	for i := range b.Cols {
		for j, text := range b.Cols[i].Bytes {
			b.Cols[i].Bytes[j] = append([]byte(nil), text...)
		}
	}
}
