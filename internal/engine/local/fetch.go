package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/storage"
)

// openParquet opens a data file of the lake. The func closes it.
func (e *Engine) openParquet(ctx context.Context, path string, size int64) (*parquetfile.File, func(), error) {
	r := storage.NewReaderAt(ctx, e.lake, storage.Entry{Path: path, Size: size})
	file, err := parquetfile.Open(r, size)
	if err != nil {
		_ = r.Close()
		return nil, nil, damage(fmt.Errorf("opening data file %s: %w", e.lake.URL(path), err))
	}
	return file, func() { _ = r.Close() }, nil
}

// damage classes what a table should hold and does not.
func damage(err error) error {
	if errors.Is(err, storage.ErrNotExist) || errors.Is(err, parquetfile.ErrCorrupt) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func (a *attempt) holderPath(i int) string {
	if h := a.holders[i]; h.file != nil {
		return a.engine.lake.URL(h.file.path)
	}
	return a.engine.lake.URL(a.holders[i].output.path)
}

// fetch reads the rows at ascending addresses of one holder, row group by row
// group, and hands them on in that order. The batch is good until visit returns.
func (a *attempt) fetch(refs []uint64, columns batch.Schema, visit func([]uint64, *batch.Batch) error) error {
	holder := holderOf(refs[0])
	file, done, err := a.openFile(a.holders[holder])
	if err != nil {
		return err
	}
	defer done()
	var rows batch.Batch
	var within []int64
	before := int64(0)
	for i := 0; i < file.RowGroups() && len(refs) > 0; i++ {
		within = within[:0]
		end := before + file.RowGroupRows(i)
		for _, ref := range refs {
			if rowOf(ref) >= end {
				break
			}
			within = append(within, rowOf(ref)-before)
		}
		before = end
		if len(within) == 0 {
			continue
		}
		read := a.readFew
		if len(within) > copyRows {
			read = a.readMany
		}
		if err := read(file, i, within, refs[:len(within)], columns, &rows, visit); err != nil {
			return damage(fmt.Errorf("reading rows of data file %s: %w", a.holderPath(holder), err))
		}
		refs = refs[len(within):]
	}
	return nil
}

// readFew hands on the rows of a row group at once.
func (a *attempt) readFew(file *parquetfile.File, group int, within []int64, refs []uint64, columns batch.Schema,
	rows *batch.Batch, visit func([]uint64, *batch.Batch) error,
) error {
	rows.Reset(columns)
	if err := file.ReadRows(group, within, columns, rows); err != nil {
		return err
	}
	return visit(refs, rows)
}

// readMany hands them on in parts: with all columns a row group may be larger
// than the memory.
func (a *attempt) readMany(file *parquetfile.File, group int, within []int64, refs []uint64, columns batch.Schema,
	rows *batch.Batch, visit func([]uint64, *batch.Batch) error,
) error {
	before := int64(0)
	var chosen []int
	return file.ReadChunks(group, columns, copyRows, func(chunk *batch.Batch) error {
		end := before + int64(chunk.Rows)
		chosen = chosen[:0]
		for len(chosen) < len(within) && within[len(chosen)] < end {
			chosen = append(chosen, int(within[len(chosen)]-before))
		}
		before = end
		if len(chosen) == 0 {
			return nil
		}
		rows.Reset(columns)
		rows.AppendRows(chunk, chosen)
		now := refs[:len(chosen)]
		within, refs = within[len(chosen):], refs[len(chosen):]
		return visit(now, rows)
	})
}
