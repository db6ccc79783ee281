package rowcache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"

	"github.com/sluicedata/sluice/internal/batch"
)

// Unfinished is behind the name of a cache that is being written.
const Unfinished = ".new"

// maxBlock is how large a block may be before it is compressed, and maxText a
// text in it. Rows with larger ones are read from their data file: what many
// blocks take at a time could not be bounded.
const (
	maxBlock = 4 << 20
	maxText  = maxBlock / blockRows
)

// ErrTooLarge: rows are larger than a cache is made for.
var ErrTooLarge = errors.New("the rows are too large for the row cache")

// Writer writes a cache. It is for one goroutine, and of no use after an error
// but to be aborted.
type Writer struct {
	path      string
	schema    batch.Schema
	file      *os.File
	offset    int64
	rows      int64
	directory []byte
	rest      batch.Batch // rows that do not fill a block
	values    []int       // by column, those before the row in work
	columns   block
	out       []byte // what waits to be written
}

// Create begins a cache of that schema, which takes its name when it is closed.
func Create(path string, schema batch.Schema) (*Writer, error) {
	header, err := appendHeader(nil, schema)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path+Unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: path, schema: schema, file: file, out: header, offset: int64(len(header)), values: make([]int, len(schema))}
	w.rest.Reset(schema)
	return w, nil
}

// outBytes is how much is written at a time.
const outBytes = 256 << 10

// flush writes what waits.
func (w *Writer) flush() error {
	_, err := w.file.Write(w.out)
	w.out = w.out[:0]
	return err
}

// Bytes is how large the cache is so far.
func (w *Writer) Bytes() int64 { return w.offset }

// Write appends rows. The columns are those of the schema, by position; b may
// have more behind them. Nothing of it is kept.
func (w *Writer) Write(b *batch.Batch) error {
	clear(w.values)
	row := 0
	if w.rest.Rows > 0 {
		row = min(blockRows-w.rest.Rows, b.Rows)
		if err := w.keep(b, 0, row); err != nil {
			return err
		}
		if w.rest.Rows < blockRows {
			return nil
		}
		if err := w.endRest(); err != nil {
			return err
		}
		w.pass(b, row)
	}
	for ; b.Rows-row >= blockRows; row += blockRows {
		if err := w.block(b, row, blockRows); err != nil {
			return err
		}
	}
	if row < b.Rows {
		return w.keep(b, row, b.Rows)
	}
	return nil
}

// pass counts the values of the first rows.
func (w *Writer) pass(b *batch.Batch, rows int) {
	for i := range w.schema {
		if def := b.Cols[i].Def; len(def) > 0 {
			for _, d := range def[:rows] {
				w.values[i] += int(d)
			}
		}
	}
}

// keep copies rows that wait for others.
func (w *Writer) keep(b *batch.Batch, from, to int) error {
	var chosen [blockRows]int
	for i := from; i < to; i++ {
		chosen[i-from] = i
	}
	before := make([]int, len(w.schema)) // texts, by column
	for i := range w.rest.Cols {
		before[i] = len(w.rest.Cols[i].Bytes)
	}
	w.rest.AppendRows(&batch.Batch{Schema: w.schema, Rows: b.Rows, Cols: b.Cols[:len(w.schema)]}, chosen[:to-from])
	for i := range w.rest.Cols {
		texts := w.rest.Cols[i].Bytes[before[i]:]
		for j := range texts {
			if len(texts[j]) > maxText {
				return ErrTooLarge
			}
			texts[j] = bytes.Clone(texts[j])
		}
	}
	return nil
}

func (w *Writer) endRest() error {
	if w.rest.Rows == 0 {
		return nil
	}
	clear(w.values)
	err := w.block(&w.rest, 0, w.rest.Rows)
	clear(w.values)
	w.rest.Reset(w.schema)
	return err
}

// block writes rows of which w.values has the first values.
func (w *Writer) block(b *batch.Batch, row, rows int) error {
	w.columns.reset()
	for i, f := range w.schema {
		w.values[i] += w.columns.column(f.Type, &b.Cols[i], row, rows, w.values[i])
		if w.columns.large || w.columns.size() > maxBlock {
			return ErrTooLarge
		}
	}
	from := len(w.out)
	w.out = seal(w.columns.append(w.out), from)
	w.directory = binary.LittleEndian.AppendUint64(w.directory, uint64(w.offset))
	w.offset += int64(len(w.out) - from)
	w.rows += int64(rows)
	if len(w.out) < outBytes {
		return nil
	}
	return w.flush()
}

// Close ends the cache and gives it its name. It is not flushed to the disk:
// after a power cut its checksums are wrong, and it counts as lost.
func (w *Writer) Close() error {
	err := w.endRest()
	w.directory = binary.LittleEndian.AppendUint64(w.directory, uint64(w.offset))
	t := trailer{rows: w.rows, directory: int64(len(w.directory)), crc: crc32.Checksum(w.directory, castagnoli)}
	if err == nil {
		w.out = t.append(append(w.out, w.directory...))
		err = w.flush()
	}
	if err != nil {
		return errors.Join(err, w.Abort())
	}
	if err := w.file.Close(); err != nil {
		return errors.Join(err, os.Remove(w.path+Unfinished))
	}
	return os.Rename(w.path+Unfinished, w.path)
}

// Abort drops what was written.
func (w *Writer) Abort() error {
	return errors.Join(w.file.Close(), os.Remove(w.path+Unfinished))
}
