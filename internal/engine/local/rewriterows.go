package local

import (
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

// rewriting is the copying of files in one attempt. It holds one portion of rows
// and the open row group of one file for each kind.
type rewriting struct {
	*attempt

	forget   int64
	progress func(int64)
	schema   batch.Schema // of the new files
	open     [fileKinds]*rewrittenFile
	written  []*rewrittenFile
	chosen   [fileKinds][]int // rows of the portion at hand
	rows     batch.Batch
	result   Rewritten
}

// rewrittenFile is a new file.
type rewrittenFile struct {
	*output

	holder *holder
	kind   FileKind
	newest int64 // folder of tombstones
}

func (r *rewriting) copyFiles(chosen []int) error {
	if err := r.keepModified(chosen); err != nil {
		return err
	}
	for _, i := range chosen {
		if err := r.copyFile(i); err != nil {
			return damage(fmt.Errorf("copying data file %s: %w", r.holderPath(i), err))
		}
		size := r.holders[i].file.add.Size
		r.result.BytesRead += size
		r.progress(size)
	}
	for _, w := range r.open {
		if w != nil {
			if err := w.close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepModified adds the column that files keep from the time before the table
// had it among its own.
func (r *rewriting) keepModified(chosen []int) error {
	if r.layout.hidden {
		return nil
	}
	for _, i := range chosen {
		file, done, err := r.openFile(r.holders[i])
		if err != nil {
			return err
		}
		has := file.Columns().Index(modifiedColumn) >= 0
		done()
		if has {
			r.schema = append(slices.Clip(r.schema),
				batch.Field{Name: modifiedColumn, Type: batch.Type{Kind: batch.Timestamp}})
			return nil
		}
	}
	return nil
}

func (r *rewriting) copyFile(i int) error {
	h := r.holders[i]
	file, done, err := r.openFile(h)
	if err != nil {
		return err
	}
	defer done()
	h.file.rows = file.Rows()
	row := int64(0)
	for g := range file.RowGroups() {
		err := file.ReadChunks(g, r.schema, r.portion(file, g), func(chunk *batch.Batch) error {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			if err := r.sort(h.file, chunk, row); err != nil {
				return err
			}
			row += int64(chunk.Rows)
			return r.write(chunk)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// portion is how many rows of a row group are held: with long texts fewer.
func (r *rewriting) portion(file *parquetfile.File, group int) int {
	each := file.RowGroupBytes(group)/max(1, file.RowGroupRows(group)) + 1
	return int(min(max(r.engine.opts.Memory/32/each, 1), copyRows))
}

// sort tells the rows of a portion apart.
func (r *rewriting) sort(f *tableFile, chunk *batch.Batch, before int64) error {
	l := &r.layout
	tombstone, folder, end := &cursor{column: &chunk.Cols[l.tombst]}, &cursor{column: &chunk.Cols[l.folder]}, &cursor{}
	if l.end >= 0 {
		end.column = &chunk.Cols[l.end]
	}
	for k := range r.chosen {
		r.chosen[k] = r.chosen[k][:0]
	}
	for i := range chunk.Rows {
		_, buried := tombstone.next()
		from := folder.or(0)
		_, closed := end.next()
		dead := f.wasDead(before + int64(i))
		switch {
		case buried && !dead:
			return fmt.Errorf("%w: row %d is a tombstone that readers see", ErrNotRewritable, before+int64(i))
		case buried && from != 0 && from < r.forget:
			r.result.Forgotten++
		case buried:
			r.chosen[Buried] = append(r.chosen[Buried], i)
		case dead:
			r.result.Dead++
		case closed:
			r.chosen[Closed] = append(r.chosen[Closed], i)
		default:
			r.chosen[Current] = append(r.chosen[Current], i)
		}
	}
	return nil
}

// write puts the rows of a portion where they belong.
func (r *rewriting) write(chunk *batch.Batch) error {
	for kind := Current; kind < fileKinds; kind++ {
		chosen := r.chosen[kind]
		if len(chosen) == 0 {
			continue
		}
		rows := chunk
		if len(chosen) < chunk.Rows {
			r.rows.Reset(chunk.Schema)
			r.rows.AppendRows(chunk, chosen)
			rows = &r.rows
		}
		w, err := r.fileOf(kind)
		if err != nil {
			return err
		}
		r.noteCopied(w, rows)
		if kind == Buried {
			r.bury(w, rows)
		} else {
			r.result.Rows += int64(rows.Rows)
		}
		if err := w.write(rows); err != nil {
			return err
		}
	}
	return nil
}

// fileOf is the open file of a kind.
func (r *rewriting) fileOf(kind FileKind) (*rewrittenFile, error) {
	if w := r.open[kind]; w != nil && w.full() {
		if err := w.close(); err != nil {
			return nil, err
		}
		r.open[kind] = nil
	}
	if r.open[kind] == nil {
		out, i, err := r.newOutput(r.schema)
		if err != nil {
			return nil, err
		}
		if kind == Current {
			r.keepRows(out) // as a batch does with rows that may end one day
		}
		r.open[kind] = &rewrittenFile{output: out, holder: r.holders[i], kind: kind}
		r.written = append(r.written, r.open[kind])
	}
	return r.open[kind], nil
}

// bury marks the rows that are about to be written.
func (r *rewriting) bury(w *rewrittenFile, rows *batch.Batch) {
	first := uint64(w.rows)
	w.holder.dead.AddRange(first, first+uint64(rows.Rows))
	w.tombstones = true
	for _, folder := range rows.Cols[r.layout.folder].Ints {
		w.newest = max(w.newest, folder)
	}
	r.result.Tombstones += int64(rows.Rows)
}

// noteCopied notes rows in the key index, as reading the new file would.
func (r *rewriting) noteCopied(w *rewrittenFile, rows *batch.Batch) {
	if r.index == nil {
		return
	}
	l := &r.layout
	at := func(column int) *cursor {
		if column < 0 {
			return &cursor{}
		}
		return &cursor{column: &rows.Cols[column]}
	}
	version, modified, end := at(l.version), at(l.modified), at(l.end)
	folder, first, tombstone := at(l.folder), at(l.first), at(l.tombst)
	keys := textCursor{column: &rows.Cols[l.key]}
	entries := make([]keyindex.Entry, 0, rows.Rows)
	for i := range rows.Rows {
		v, versioned := version.next()
		m, ends := modified.or(change.NoTime), end.or(change.NoEnd)
		in := folder.or(0)
		earlier := first.or(in)
		buried := tombstone.or(0)
		key, ok := change.ParseKey(keys.next())
		if !ok {
			continue // no batch ever looks for it
		}
		f := change.Row(key, v, m, in, earlier, ends, 0)
		if buried != 0 {
			f = change.Tombstone(key, v, versioned, buried == unversionedTombstone, in, earlier)
		}
		entries = append(entries, entryOf(&f, w.ordinal, w.rows+int64(i)))
	}
	r.index.added.Add(entries...)
}

// textCursor reads the texts of a column row by row, nil for null.
type textCursor struct {
	column     *batch.Column
	row, value int
}

func (c *textCursor) next() []byte {
	if len(c.column.Def) == 0 {
		return nil
	}
	c.row++
	if c.column.Def[c.row-1] == 0 {
		return nil
	}
	c.value++
	return c.column.Bytes[c.value-1]
}
