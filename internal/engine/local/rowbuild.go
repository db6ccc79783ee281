package local

import (
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

// buildRows makes row caches of those files that would nearly be read as a whole
// for the rows at these addresses, sorted by file, and have none: files that another
// program or a compaction wrote, or whose cache was lost.
func (a *attempt) buildRows(refs []uint64) {
	if !a.keepsRows() {
		return
	}
	seen := map[int]bool{}
	var group errgroup.Group
	group.SetLimit(int(min(int64(a.engine.opts.Workers), max(1, a.engine.opts.Memory/fetchBytes))))
	for len(refs) > 0 {
		n := 1
		for n < len(refs) && holderOf(refs[n]) == holderOf(refs[0]) {
			n++
		}
		some := refs[:n]
		refs = refs[n:]
		i := holderOf(some[0])
		if h := a.holders[i]; h.file != nil && !seen[i] && fileBytes(a.rowsPath(h.name())) == 0 {
			seen[i] = true
			group.Go(func() error {
				a.buildFileRows(h, some)
				return nil
			})
		}
	}
	_ = group.Wait() // nothing fails: rows that are not kept are read
}

// errGivenUp ends the reading for a cache that goes no further.
var errGivenUp = errors.New("the row cache is given up")

// buildFileRows copies the rows of a file if the addresses touch half of its row
// groups.
func (a *attempt) buildFileRows(h *holder, refs []uint64) {
	file, done, err := a.openFile(h)
	if err != nil {
		return // whoever reads the rows will tell
	}
	defer done()
	if 2*len(partsOf(file, refs)) < file.RowGroups() {
		return
	}
	columns := a.keptColumns(file)
	kept := a.newRows(h.name(), columns)
	if kept == nil {
		return
	}
	for g := range file.RowGroups() {
		each := file.RowGroupBytes(g)/max(1, file.RowGroupRows(g)) + 1
		portion := int(min(max(a.engine.opts.Memory/32/each, 1), copyRows))
		dropped := false
		err := file.ReadChunks(g, columns, portion, func(rows *batch.Batch) error {
			if dropped = !kept.write(rows); dropped {
				return errGivenUp
			}
			return a.ctx.Err()
		})
		if dropped {
			return
		}
		if err != nil {
			kept.abort()
			return
		}
	}
	kept.close()
}

// keptColumns are those of a file that a row may be written again with, in the
// types that the table has for them.
func (a *attempt) keptColumns(file *parquetfile.File) batch.Schema {
	source := a.layout.full[:a.layout.source]
	columns := slices.DeleteFunc(slices.Clone(file.Columns()), func(f batch.Field) bool {
		return source.Index(f.Name) < 0 && (a.layout.full.Index(f.Name) >= 0 || f.Name == modifiedColumn)
	})
	for i := range columns {
		if at := source.Index(columns[i].Name); at >= 0 {
			columns[i].Type = source[at].Type
		}
	}
	return columns
}
