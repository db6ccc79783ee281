package local

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/engine/rowcache"
)

// openRows opens the row cache of a holder, if it has one with these columns.
func (a *attempt) openRows(h *holder, columns batch.Schema) *rowcache.File {
	if !a.keepsRows() || h.physicalRows() < 0 {
		return nil
	}
	path := a.rowsPath(h.name())
	f, err := rowcache.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		if f.Rows() == h.physicalRows() && f.Serves(columns) {
			return f
		}
		err = errors.Join(fmt.Errorf("%s has not the rows of its file as they are wanted", path), f.Close())
	}
	a.rowsLost(err)
	a.dropRows(path)
	return nil
}

// keptBytes is what a row may take that is read from a cache; more is for data
// files.
const keptBytes = 64 << 10

// fetchKept hands on rows of one holder from its cache, and returns the addresses
// that are still to be read: all without a cache, and those behind damage.
func (a *attempt) fetchKept(refs []uint64, columns batch.Schema, visit func([]uint64, *batch.Batch) error) ([]uint64, error) {
	h := a.holders[holderOf(refs[0])]
	f := a.openRows(h, columns)
	if f == nil {
		return refs, nil
	}
	defer func() { _ = f.Close() }()
	workers := a.engine.opts.Workers
	each := int(max(1, min(copyRows, a.engine.opts.Memory/8/keptBytes)/int64(workers)))
	for len(refs) > 0 {
		parts := keptParts(refs, workers, each, columns)
		if err := readKept(f, parts, columns); err != nil {
			a.rowsLost(err)
			a.dropRows(a.rowsPath(h.name()))
			return refs, nil
		}
		for i := range parts {
			if err := visit(parts[i].refs, &parts[i].rows); err != nil {
				return nil, err
			}
			refs = refs[len(parts[i].refs):]
		}
	}
	return nil, nil
}

// keptParts parts the next rows among workers.
func keptParts(refs []uint64, workers, each int, columns batch.Schema) []fetchPart {
	now := refs[:min(len(refs), workers*each)]
	each = (len(now) + workers - 1) / workers
	var parts []fetchPart
	for len(now) > 0 {
		n := min(each, len(now))
		part := fetchPart{refs: now[:n], within: make([]int64, n)}
		for i, ref := range part.refs {
			part.within[i] = rowOf(ref)
		}
		part.rows.Reset(columns)
		parts, now = append(parts, part), now[n:]
	}
	return parts
}

func readKept(f *rowcache.File, parts []fetchPart, columns batch.Schema) error {
	var group errgroup.Group
	for i := range parts {
		part := &parts[i]
		group.Go(func() error { return f.Read(part.within, columns, &part.rows) })
	}
	return group.Wait()
}
