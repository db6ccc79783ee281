package local

import (
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
)

// Lookup finds the rows that readers see of a key, whole, and hands them on one row
// group after the other. The batch is good until visit returns. It reads the key
// column of the table.
func (e *Engine) Lookup(ctx context.Context, snapshot *delta.Snapshot, table, keyColumn string, key change.Key,
	visit func(*batch.Batch) error,
) error {
	schema, err := snapshot.BatchSchema()
	if err != nil {
		return err
	}
	l := lookup{engine: e, snapshot: snapshot, table: table, schema: schema, keyColumn: keyColumn, key: key, visit: visit}
	for _, add := range snapshot.Files() {
		if err := l.file(ctx, add); err != nil {
			return err
		}
	}
	return nil
}

type lookup struct {
	engine    *Engine
	snapshot  *delta.Snapshot
	table     string
	schema    batch.Schema
	keyColumn string
	key       change.Key
	visit     func(*batch.Batch) error
}

func (l *lookup) file(ctx context.Context, add delta.Add) error {
	e, snapshot, table := l.engine, l.snapshot, l.table
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
		rows, err := hits(file, g, l.keyColumn, l.key, func(row int64) bool { return !dead.Contains(uint64(before + row)) })
		var some batch.Batch
		if err == nil && len(rows) > 0 {
			some.Reset(l.schema)
			err = file.ReadRows(g, rows, l.schema, &some)
		}
		if err != nil {
			return damage(fmt.Errorf("looking for %s in data file %s: %w", l.key, e.lake.URL(path), err))
		}
		if some.Rows > 0 {
			if err := l.visit(&some); err != nil {
				return err
			}
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
