package synapselink

import (
	"context"
	"errors"
	"io"

	"github.com/sluicedata/sluice/internal/csvscan"
	"github.com/sluicedata/sluice/internal/storage"
)

// CountRows counts the rows of CSV files without looking into them.
func (e *Export) CountRows(ctx context.Context, files []File) (int64, error) {
	rows := int64(0)
	pool := csvscan.NewPool(0)
	pool.OneLarge(0)
	for _, f := range files {
		r := storage.NewReader(ctx, e.Store, storage.Entry{Path: f.Path, Size: f.Size, ETag: f.ETag}, defaultReadAhead)
		n, err := countRows(ctx, csvscan.NewSplitter(r, csvscan.Options{Pool: pool}))
		rows += n
		if err = errors.Join(err, r.Close()); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func countRows(ctx context.Context, splitter *csvscan.Splitter) (rows int64, err error) {
	var scanner csvscan.Scanner
	for {
		block, err := splitter.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		scanner.Reset(block)
		for {
			_, err := scanner.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return rows, err
			}
			rows++
		}
		block.Release()
	}
}
