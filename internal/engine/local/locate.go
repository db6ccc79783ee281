package local

import (
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/parquetfile"
)

// locator finds the rows and tombstones that data files hold of the keys in a
// filter, and adds them to the facts. Implementations: [scanLocator],
// [indexLocator].
type locator interface {
	locate(a *attempt, wanted *keyFilter, holders []int) error
}

// locate adds what the table holds of the keys of the batch, and then those
// rows of a large batch that cannot be judged alone.
func (a *attempt) locate() error {
	scanner := scanLocator{}
	var finder locator = scanner
	if a.index != nil && a.small() {
		finder = indexLocator{}
	}
	var old, fresh []int
	for i, h := range a.holders {
		switch {
		case h.file != nil:
			old = append(old, i)
		case h.output != nil:
			fresh = append(fresh, i)
		}
	}
	if err := finder.locate(a, a.touched, old); err != nil {
		return err
	}
	if err := a.locateTombstones(); err != nil {
		return err
	}
	if a.joint == nil {
		return nil
	}
	a.findRepeats()
	if !a.joined.Load() {
		return nil
	}
	return scanner.locate(a, a.joint, fresh)
}

// scanLocator reads the key column of the files: its cost follows the table.
type scanLocator struct{}

// scanRows is how many rows of a file one worker scans at a time.
const scanRows = 1 << 20

func (scanLocator) locate(a *attempt, wanted *keyFilter, holders []int) error {
	group, ctx := errgroup.WithContext(a.ctx)
	group.SetLimit(a.engine.opts.Workers)
	for _, i := range holders {
		file, done, err := a.openFile(a.holders[i])
		if err != nil {
			return err
		}
		if f := a.holders[i].file; f != nil {
			f.rows = file.Rows()
		}
		parts := rowGroupParts(file, scanRows)
		done()
		for _, part := range parts {
			if ctx.Err() != nil {
				break
			}
			group.Go(func() error { return a.scanPart(i, part, wanted) })
		}
	}
	return group.Wait()
}

// rowGroups is a run of row groups of a file, and the row before them.
type rowGroups struct {
	from, to int
	row      int64
}

func rowGroupParts(file *parquetfile.File, rows int64) []rowGroups {
	var parts []rowGroups
	part, row := rowGroups{}, int64(0)
	for i := range file.RowGroups() {
		row += file.RowGroupRows(i)
		part.to = i + 1
		if row-part.row >= rows {
			parts = append(parts, part)
			part = rowGroups{from: i + 1, to: i + 1, row: row}
		}
	}
	if part.to > part.from {
		parts = append(parts, part)
	}
	return parts
}

func (a *attempt) scanPart(holder int, part rowGroups, wanted *keyFilter) error {
	file, done, err := a.openFile(a.holders[holder])
	if err != nil {
		return err
	}
	defer done()
	s := scan{attempt: a, holder: holder, file: file, wanted: wanted, columns: a.layout.factSchema()}
	for i := part.from; i < part.to; i++ {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		if err := s.rowGroup(i, part.row); err != nil {
			return damage(fmt.Errorf("looking for keys in data file %s: %w", a.holderPath(holder), err))
		}
		part.row += file.RowGroupRows(i)
	}
	return nil
}

// scan looks through row groups of one file.
type scan struct {
	attempt *attempt
	holder  int
	file    *parquetfile.File
	wanted  *keyFilter
	columns batch.Schema

	rows  []int64 // hits, within the row group
	keys  []change.Key
	found batch.Batch
	facts []change.Fact
}

func (s *scan) rowGroup(i int, before int64) error {
	s.rows, s.keys = s.rows[:0], s.keys[:0]
	key := s.attempt.batch.Columns.Key
	err := s.file.ScanStrings(i, key, func(first int64, values [][]byte, def []int16) error {
		v := 0
		for row := range def {
			if def[row] == 0 {
				continue
			}
			k, ok := change.ParseKey(values[v])
			v++
			if ok && s.wanted.has(keyHash(&k)) {
				s.rows = append(s.rows, first+int64(row))
				s.keys = append(s.keys, k)
			}
		}
		return nil
	})
	if err != nil || len(s.rows) == 0 {
		return err
	}
	s.found.Reset(s.columns)
	if err := s.file.ReadRows(i, s.rows, s.columns, &s.found); err != nil {
		return err
	}
	s.factsOf(before)
	return s.attempt.facts.add(s.facts...)
}

// factsOf turns the rows that were found into facts.
func (s *scan) factsOf(before int64) {
	a, h := s.attempt, s.attempt.holders[s.holder]
	l := &a.layout
	read := func(column int) *cursor {
		if column < 0 {
			return &cursor{}
		}
		return &cursor{column: &s.found.Cols[s.columns.Index(l.full[column].Name)]}
	}
	version, modified, end := read(l.version), read(l.modified), read(l.end)
	folder, first, tombstone := read(l.folder), read(l.first), read(l.tombst)
	s.facts = s.facts[:0]
	for i, row := range s.rows {
		v, versioned := version.next()
		m, ends := modified.or(change.NoTime), end.or(change.NoEnd)
		in := folder.or(0)
		earlier := first.or(in)
		buried := tombstone.or(0)
		at := before + row
		ref := address(s.holder, at)
		switch {
		case h.output != nil:
			s.facts = append(s.facts, h.output.fact(s.keys[i], v, m, at, ref))
		case buried != 0:
			h.file.noteTombstones(a)
			f := change.Tombstone(s.keys[i], v, versioned, buried == unversionedTombstone, in, earlier)
			f.Ref = ref
			s.facts = append(s.facts, f)
		case !h.file.wasDead(at):
			s.facts = append(s.facts, change.Row(s.keys[i], v, m, in, earlier, ends, ref))
		default:
			continue
		}
		if h.file != nil {
			a.join(keyHash(&s.keys[i]))
		}
	}
}

// fact of a row that this batch wrote.
func (o *output) fact(key change.Key, version, modified, row int64, ref uint64) change.Fact {
	folder, file, offset := o.place(row)
	return change.New(change.Change{Key: key, Version: version, Modified: modified,
		Folder: folder, File: file, Offset: offset}, ref)
}

// noteTombstones remembers that the file has tombstones. They are looked for
// only where keys match; a file whose rows all die is looked at as a whole, see
// [attempt.hasTombstones].
func (f *tableFile) noteTombstones(a *attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.tombstones = true
}

// cursor reads the Ints of a column row by row.
type cursor struct {
	column     *batch.Column
	row, value int
}

func (c *cursor) next() (int64, bool) {
	if c.column == nil || len(c.column.Def) == 0 {
		return 0, false
	}
	c.row++
	if c.column.Def[c.row-1] == 0 {
		return 0, false
	}
	c.value++
	return c.column.Ints[c.value-1], true
}

func (c *cursor) or(null int64) int64 {
	if v, ok := c.next(); ok {
		return v
	}
	return null
}
