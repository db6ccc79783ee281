package parquetfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/sluicedata/sluice/internal/batch"
)

const (
	trailerBytes = 8        // footer length and magic
	tailBytes    = 64 << 10 // read at once, so that most files open with one request
)

// File is a Parquet file that is open for reading. Its methods may be called
// from several goroutines if the io.ReaderAt may.
type File struct {
	src    io.ReaderAt
	size   int64
	meta   *metadata.FileMetaData
	groups []*metadata.RowGroupMetaData
	rows   int64
	leaves map[string]leaf
	known  batch.Schema
}

// leaf is a top-level column that is not nested.
type leaf struct {
	index  int // among all leaf columns of the file
	descr  *schema.Column
	reason string // why it cannot be read, or ""
}

// Open reads the footer of a file of that size.
func Open(r io.ReaderAt, size int64) (_ *File, err error) {
	footer, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	f := &File{src: r, size: size, leaves: map[string]leaf{}}
	if err := f.parse(footer); err != nil {
		return nil, fmt.Errorf("%w: read footer: %w", ErrCorrupt, err)
	}
	return f, nil
}

func readFooter(r io.ReaderAt, size int64) ([]byte, error) {
	if size < int64(len(magic))+trailerBytes {
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrCorrupt, size)
	}
	tail, err := readAt(r, max(0, size-tailBytes), min(size, tailBytes))
	if err != nil {
		return nil, err
	}
	trailer := tail[len(tail)-trailerBytes:]
	length := int64(binary.LittleEndian.Uint32(trailer))
	switch mark := string(trailer[4:]); {
	case mark == "PARE":
		return nil, fmt.Errorf("%w: the file is encrypted", ErrType)
	case mark != magic:
		return nil, fmt.Errorf("%w: it ends with %q instead of %q", ErrCorrupt, mark, magic)
	case length > size-trailerBytes:
		return nil, fmt.Errorf("%w: a footer of %d bytes in a file of %d", ErrCorrupt, length, size)
	}
	if body := int64(len(tail)) - trailerBytes; length <= body {
		return tail[body-length : body], nil
	}
	return readAt(r, size-trailerBytes-length, length)
}

func readAt(r io.ReaderAt, off, n int64) ([]byte, error) {
	buf := make([]byte, n)
	if got, err := r.ReadAt(buf, off); got < len(buf) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read parquet footer at %d: %w", off, err)
	}
	return buf, nil
}

func (f *File) parse(footer []byte) (err error) {
	defer recovered(&err)
	if f.meta, err = metadata.NewFileMetaData(footer, nil); err != nil {
		return err
	}
	f.meta.SetSourceFileSize(f.size)
	for i := range f.meta.NumRowGroups() {
		g := f.meta.RowGroup(i)
		if g.NumRows() < 0 || g.NumColumns() != f.meta.Schema.NumColumns() {
			return fmt.Errorf("row group %d has %d rows and %d of %d columns", i, g.NumRows(), g.NumColumns(), f.meta.Schema.NumColumns())
		}
		f.rows += g.NumRows()
		f.groups = append(f.groups, g)
	}
	if f.rows != f.meta.GetNumRows() {
		return fmt.Errorf("%d rows are announced, the row groups have %d", f.meta.GetNumRows(), f.rows)
	}
	f.findColumns()
	return nil
}

func (f *File) findColumns() {
	for i := range f.meta.Schema.NumColumns() {
		d := f.meta.Schema.Column(i)
		name := d.ColumnPath()[0]
		l := leaf{index: i, descr: d}
		typ, ok := naturalType(d)
		_, twice := f.leaves[name]
		switch {
		case len(d.ColumnPath()) > 1 || d.MaxRepetitionLevel() > 0:
			l.reason = "it is nested"
		case twice:
			l.reason = "there are two of that name"
		case ok:
			f.known = append(f.known, batch.Field{Name: name, Type: typ})
		}
		f.leaves[name] = l
	}
}

// Rows is the number of rows in the file.
func (f *File) Rows() int64 { return f.rows }

// RowGroups is the number of row groups.
func (f *File) RowGroups() int { return len(f.groups) }

// RowGroupRows is the number of rows of row group i.
func (f *File) RowGroupRows(i int) int64 { return f.groups[i].NumRows() }

// ColumnBytes is about what the columns of row group i take when they are read:
// their pages, not compressed.
func (f *File) ColumnBytes(i int, columns batch.Schema) int64 {
	sum := int64(0)
	for _, c := range columns {
		l, ok := f.leaves[c.Name]
		if !ok {
			continue
		}
		sum += f.leafBytes(i, l.index)
	}
	return sum
}

// leafBytes of a chunk whose metadata cannot be read are none; that is found when
// it is opened.
func (f *File) leafBytes(group, leaf int) int64 {
	bytes, err := func() (bytes int64, err error) {
		defer recovered(&err)
		chunk, err := f.groups[group].ColumnChunk(leaf)
		if err != nil {
			return 0, err
		}
		return chunk.TotalUncompressedSize(), nil
	}()
	if err != nil {
		return 0
	}
	return max(0, bytes)
}

// Columns lists the columns that can be read, with the types that fit them
// best. Nested columns and types unknown to [batch.Kind] are left out.
func (f *File) Columns() batch.Schema { return f.known }
