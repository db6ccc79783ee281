package local

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

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

// fetchBytes is what reading a row group takes beside the rows: what its columns
// read ahead, and their pages.
const fetchBytes = 128 << 20

// fetchPart is what is wanted of a row group.
type fetchPart struct {
	group  int
	within []int64 // rows, within the group
	refs   []uint64
	rows   batch.Batch
}

// fetch reads the rows at ascending addresses of one holder, from its row cache
// or some row groups side by side, and hands them on in that order. The batch is good until visit
// returns.
func (a *attempt) fetch(refs []uint64, columns batch.Schema, visit func([]uint64, *batch.Batch) error) error {
	refs, err := a.fetchKept(refs, columns, visit)
	if err != nil || len(refs) == 0 {
		return err
	}
	holder := holderOf(refs[0])
	file, done, err := a.openFile(a.holders[holder])
	if err != nil {
		return err
	}
	defer done()
	for parts := partsOf(file, refs); len(parts) > 0; {
		n := a.sideBySide(parts)
		if n == 0 {
			n, err = 1, readMany(file, &parts[0], columns, visit)
		} else {
			err = readFew(file, parts[:n], columns, visit)
		}
		if err != nil {
			return damage(fmt.Errorf("reading rows of data file %s: %w", a.holderPath(holder), err))
		}
		clear(parts[:n])
		parts = parts[n:]
	}
	return nil
}

// partsOf parts the addresses by row group.
func partsOf(file *parquetfile.File, refs []uint64) []fetchPart {
	var parts []fetchPart
	before := int64(0)
	for i := 0; i < file.RowGroups() && len(refs) > 0; i++ {
		end := before + file.RowGroupRows(i)
		part := fetchPart{group: i}
		for _, ref := range refs {
			if rowOf(ref) >= end {
				break
			}
			part.within = append(part.within, rowOf(ref)-before)
		}
		before = end
		if n := len(part.within); n > 0 {
			part.refs, refs = refs[:n], refs[n:]
			parts = append(parts, part)
		}
	}
	return parts
}

// sideBySide is how many parts are read at the same time, and held whole; 0 if
// not even the first may be.
func (a *attempt) sideBySide(parts []fetchPart) int {
	most := int(min(int64(a.engine.opts.Workers), max(1, a.engine.opts.Memory/fetchBytes)))
	rows := 0
	for n := range parts {
		if rows += len(parts[n].within); n == most || rows > copyRows {
			return n
		}
	}
	return len(parts)
}

// readFew hands on the rows of row groups at once.
func readFew(file *parquetfile.File, parts []fetchPart, columns batch.Schema, visit func([]uint64, *batch.Batch) error) error {
	var group errgroup.Group
	for i := range parts {
		part := &parts[i]
		part.rows.Reset(columns)
		group.Go(func() error { return file.ReadRows(part.group, part.within, columns, &part.rows) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range parts {
		if err := visit(parts[i].refs, &parts[i].rows); err != nil {
			return err
		}
	}
	return nil
}

// readMany hands on the rows of a row group in parts: with all columns it may be
// larger than the memory.
func readMany(file *parquetfile.File, part *fetchPart, columns batch.Schema, visit func([]uint64, *batch.Batch) error) error {
	before := int64(0)
	within, refs, rows := part.within, part.refs, &part.rows
	var chosen []int
	return file.ReadChunks(part.group, columns, copyRows, func(chunk *batch.Batch) error {
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
