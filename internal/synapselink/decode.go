package synapselink

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"unicode/utf8"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/csvscan"
)

// piece is a block of one file, see [change.Piece].
type piece struct {
	file  *tableFile
	seq   int // of the block in the file
	block *csvscan.Block
	// copied bytes of texts stand outside of the block.
	copied int
	// widest row before the piece, 0 where it was not looked for.
	widest int
}

func (p *piece) Size() int { return p.block.Size() + p.copied }
func (p *piece) Release()  { p.block.Release() }

// scanners keep the cells' slices from one piece to the next.
var scanners = sync.Pool{New: func() any { return new(csvscan.Scanner) }}

// Decode fills the block with the piece's rows; after an error, with those
// before it. A piece is decoded once.
func (p *piece) Decode(block *change.Block) error {
	block.Rows.Reset(p.file.binding.Target)
	block.Changes = block.Changes[:0]
	scanner := scanners.Get().(*csvscan.Scanner)
	scanner.Reset(p.block)
	defer func() {
		scanner.Forget()
		scanners.Put(scanner)
	}()
	d := decoder{file: p.file, scanner: scanner, block: block, widths: blockWidths{last: p.widest}}
	if err := d.rows(); err != nil {
		return err
	}
	if err := p.file.widths.add(p.seq, d.widths); err != nil {
		return err
	}
	p.file.cuts.add(block.Rows.Schema, d.cut.cells)
	if d.cut.dropped > p.block.Size()/2 {
		p.compact(&block.Rows)
	}
	return nil
}

// decoder turns the records of one piece into rows and changes.
type decoder struct {
	file    *tableFile
	scanner *csvscan.Scanner
	block   *change.Block
	widths  blockWidths
	key     change.Key // of the current row
	cut     cutCells

	sinkText []byte // the last date with slashes
	sinkTime int64
}

func (d *decoder) rows() error {
	for {
		cells, err := d.scanner.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.file.syntaxError(err, d.scanner.AppendBroken(nil, rawKept))
		}
		bad := d.row(cells)
		d.cut.endRow(bad == nil, len(d.block.Rows.Schema))
		if bad != nil {
			bad.Key, bad.Keyed = d.keyOf(cells)
			d.rollback()
			if d.file.badRow == nil || !d.file.badRow(bad) {
				return bad
			}
		}
	}
}

func (d *decoder) row(cells [][]byte) *RowError {
	if d.file.binding.Entity.Labels != nil {
		return d.labelRow(cells)
	}
	if bad := d.width(len(cells)); bad != nil {
		return bad
	}
	if at, err := d.values(cells); err != nil {
		return d.cellError(cells, at, err)
	}
	return d.change(cells)
}

// width checks the number of cells. Only good widths count for the rows after.
func (d *decoder) width(n int) *RowError {
	switch {
	case n < d.file.least:
		return d.rowError(ErrRowTooShort, widthReason(n, d.file.least, d.file.greatest))
	case n > d.file.greatest:
		return d.rowError(ErrRowTooLong, widthReason(n, d.file.least, d.file.greatest))
	case n < d.widths.last:
		return d.decreased(d.widths.last, n)
	}
	if d.widths.first == 0 {
		d.firstWidth(n)
	}
	d.widths.last = n
	return nil
}

// firstWidth keeps what an error of the first row says, for the case that a
// block decoded later shows it: this block's memory is gone then.
func (d *decoder) firstWidth(n int) {
	d.widths.first = n
	if d.file.least == d.file.greatest {
		return // no other width is possible
	}
	bad := d.decreased(0, n)
	d.widths.decreased = func(before int) *RowError {
		bad.Reason = decreasedReason(before, n)
		return bad
	}
}

func (d *decoder) decreased(before, n int) *RowError {
	return d.rowError(ErrWidthDecreased, decreasedReason(before, n))
}

func decreasedReason(before, n int) string {
	return fmt.Sprintf("%d cells after a row of %d: widths never decrease in a file", n, before)
}

// values appends the row's cells to the columns. On an error it returns the
// source position of the cell; the columns then are of different lengths.
//
// It is the program's busiest loop: the frequent kinds are read here, without
// another call per cell.
func (d *decoder) values(cells [][]byte) (at int, err error) {
	cols := d.block.Rows.Cols
	bound, maxText := d.file.binding.cells, d.file.binding.maxText
	for i := range bound {
		c := &bound[i]
		col := &cols[c.target]
		if c.source >= len(cells) || len(cells[c.source]) == 0 {
			col.Def = append(col.Def, 0)
			continue
		}
		cell := cells[c.source]
		var n int64
		null := false
		switch c.read {
		case readString:
			if len(cell) > maxText {
				if cell = d.cut.text(cell, c.target, maxText); len(cell) == 0 {
					col.Def = append(col.Def, 0)
					continue
				}
			}
			if !utf8.Valid(cell) {
				return c.source, ErrUTF8
			}
			col.Bytes = append(col.Bytes, cell)
			col.Def = append(col.Def, 1)
			continue
		case readLong:
			n, err = parseLong(cell)
		case readTimestamp:
			n, null, err = d.timestamp(cell)
		case readDate:
			n, null, err = parseDate(cell)
		case readInteger:
			n, err = parseInteger(cell)
		case readKey, readGUID:
			err = d.guid(c.read, col, cell)
		default:
			err = c.appendOther(col, cell)
		}
		switch {
		case err != nil:
			return c.source, err
		case null:
			col.Def = append(col.Def, 0)
			continue
		case c.read <= lastReadAsInt:
			col.Ints = append(col.Ints, n)
		}
		col.Def = append(col.Def, 1)
	}
	return 0, nil
}

// timestamp remembers the last date with slashes: that is how the Sink columns
// are written, both are the same in nearly all rows, and rows that were
// exported together share the second.
func (d *decoder) timestamp(cell []byte) (micros int64, null bool, err error) {
	if len(cell) > 4 && cell[4] == '-' {
		return parseTimestamp(cell)
	}
	if !bytes.Equal(cell, d.sinkText) {
		micros, null, err = parseTimestamp(cell)
		if err != nil || null {
			return 0, null, err
		}
		d.sinkText, d.sinkTime = cell, micros
	}
	return d.sinkTime, false, nil
}

func (d *decoder) guid(read reading, col *batch.Column, cell []byte) error {
	key, text, err := parseGUID(cell)
	if err != nil {
		return err
	}
	if read == readKey {
		d.key = key
	}
	col.Bytes = append(col.Bytes, text)
	return nil
}

// appendOther appends the value of the less frequent kinds.
func (c *boundCell) appendOther(col *batch.Column, cell []byte) error {
	switch c.read {
	case readBoolean:
		v, err := parseBoolean(cell)
		if err != nil {
			return err
		}
		col.Bools = append(col.Bools, v)
	case readDouble:
		v, err := parseDouble(cell)
		if err != nil {
			return err
		}
		col.Doubles = append(col.Doubles, v)
	default:
		v, negative, err := parseDecimal(cell, c.precision, c.scale)
		switch {
		case err != nil:
			return err
		case c.read == readWideDecimal:
			col.Wide = append(col.Wide, v.bytes(negative))
		case negative:
			col.Ints = append(col.Ints, -int64(v.lo))
		default:
			col.Ints = append(col.Ints, int64(v.lo))
		}
	}
	return nil
}

// change appends what the row means. Its columns have been appended already,
// so key, version and time are read from there.
func (d *decoder) change(cells [][]byte) *RowError {
	b, rows := d.file.binding, &d.block.Rows
	c := change.Change{
		Key: d.key, Folder: d.file.folder, File: d.file.rank,
		Offset: d.scanner.Offset(), Modified: change.NoTime,
	}
	if len(cells[b.ID]) == 0 {
		return d.cellError(cells, b.ID, ErrGUID)
	}
	if b.Delete >= 0 && len(cells[b.Delete]) > 0 {
		deleted, err := parseBoolean(cells[b.Delete])
		if err != nil {
			return d.cellError(cells, b.Delete, err)
		}
		c.Delete = deleted
	}
	version := &rows.Cols[b.versionColumn]
	switch {
	case version.Def[len(version.Def)-1] == 1:
		c.Version = version.Ints[len(version.Ints)-1]
		if c.Version == math.MinInt64 || c.Version == math.MaxInt64 {
			// No sequence gets there, and the ends of rows must have room.
			return d.cellError(cells, b.Version, ErrNumber)
		}
	case c.Delete:
		c.Unversioned = true
	default:
		return d.cellError(cells, b.Version, ErrNoVersion)
	}
	switch at := b.Modified; {
	case b.modifiedColumn >= 0:
		if m := &rows.Cols[b.modifiedColumn]; m.Def[len(m.Def)-1] == 1 {
			c.Modified = m.Ints[len(m.Ints)-1]
		}
	case at >= 0 && at < len(cells) && len(cells[at]) > 0:
		// Not selected, but the order needs it all the same.
		micros, null, err := d.timestamp(cells[at])
		if err != nil {
			return d.cellError(cells, at, err)
		}
		if !null {
			c.Modified = micros
		}
	}
	rows.Rows++
	d.block.Changes = append(d.block.Changes, c)
	return nil
}

// rollback takes a bad row's values out of the columns again.
func (d *decoder) rollback() {
	rows := &d.block.Rows
	for i := range rows.Cols {
		c := &rows.Cols[i]
		if len(c.Def) <= rows.Rows {
			continue
		}
		if c.Def[rows.Rows] == 1 {
			c.Ints = c.Ints[:max(len(c.Ints)-1, 0)]
			c.Doubles = c.Doubles[:max(len(c.Doubles)-1, 0)]
			c.Bools = c.Bools[:max(len(c.Bools)-1, 0)]
			c.Bytes = c.Bytes[:max(len(c.Bytes)-1, 0)]
			c.Wide = c.Wide[:max(len(c.Wide)-1, 0)]
		}
		c.Def = c.Def[:rows.Rows]
	}
}

func (d *decoder) rowError(err error, reason string) *RowError {
	f := d.file
	e := &RowError{
		Table: f.binding.Entity.Name, Folder: f.folderName, File: f.url, Name: f.file.Name, Rank: f.rank,
		Line: d.scanner.Line(), Offset: d.scanner.Offset(),
		Reason: reason, Raw: d.scanner.AppendRaw(nil, rawKept+1), Err: err,
		Hint:   rowHint(err, f.binding.Entity.Name, ""),
		Entity: &f.binding.Entity, Least: max(f.least, d.widths.last),
	}
	if len(e.Raw) > rawKept {
		e.Raw, e.Truncated = e.Raw[:rawKept], true
	}
	return e
}

// keyOf is the Id of a row that is bad in another way.
func (d *decoder) keyOf(cells [][]byte) (change.Key, bool) {
	id := d.file.binding.ID
	if id >= len(cells) {
		return change.Key{}, false
	}
	key, _, err := parseGUID(cells[id])
	return key, err == nil
}

func (d *decoder) cellError(cells [][]byte, at int, err error) *RowError {
	b := d.file.binding
	attribute := b.Entity.Attributes[at]
	e := d.rowError(err, cellReason(b, at, cells, err))
	e.Column, e.ColumnName = at+1, attribute.Name
	e.Hint = rowHint(err, b.Entity.Name, attribute.Name)
	return e
}

func cellReason(b *Binding, at int, cells [][]byte, err error) string {
	if at >= len(cells) || len(cells[at]) == 0 {
		return err.Error() + ": the cell is empty"
	}
	kind := b.Entity.Attributes[at].Type
	for _, c := range b.cells {
		if c.source == at && c.read != readKey && c.read != readGUID {
			kind = b.Target[c.target].Type.String()
		}
	}
	return fmt.Sprintf("cannot read %s as %s: %v", excerpt(cells[at], cellShown), kind, err)
}
