package rowcache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/sluicedata/sluice/internal/batch"
)

// File is a cache that is open for reading. Its methods may be called from
// several goroutines.
type File struct {
	src       io.ReaderAt
	closer    io.Closer
	schema    batch.Schema
	rows      int64
	directory []byte
}

// Open opens a cache. Its blocks are checked as they are read.
func Open(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{src: file, closer: file}
	info, err := file.Stat()
	if err == nil {
		err = f.load(info.Size())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), file.Close())
	}
	return f, nil
}

func (f *File) load(size int64) error {
	head, err := f.read(0, headerBytes, size)
	if err != nil {
		return err
	}
	length, err := schemaBytes(head)
	if err != nil {
		return err
	}
	header, err := f.read(0, headerBytes+length+crcBytes, size)
	if err != nil {
		return err
	}
	if f.schema, err = parseHeader(header); err != nil {
		return err
	}
	return f.loadDirectory(size)
}

func (f *File) loadDirectory(size int64) error {
	end, err := f.read(size-trailerBytes, trailerBytes, size)
	if err != nil {
		return err
	}
	t, err := parseTrailer(end)
	if err != nil {
		return err
	}
	if f.directory, err = f.read(size-trailerBytes-t.directory, t.directory, size); err != nil {
		return err
	}
	blocks := (t.rows + blockRows - 1) / blockRows
	if t.rows < 0 || t.directory != 8*(blocks+1) || crc32.Checksum(f.directory, castagnoli) != t.crc {
		return damaged("its directory is not that of %d rows", t.rows)
	}
	f.rows = t.rows
	return nil
}

// read reads a part of a file of that size.
func (f *File) read(offset, length, size int64) ([]byte, error) {
	if offset < 0 || length < 0 || length > size-offset {
		return nil, damaged("%d bytes at %d of %d are not there", length, offset, size)
	}
	part := make([]byte, length)
	_, err := f.src.ReadAt(part, offset)
	return part, err
}

// Rows is how many rows there are.
func (f *File) Rows() int64 { return f.rows }

// Serves reports whether the columns can be read. Those that the data file does
// not have are null.
func (f *File) Serves(columns batch.Schema) bool {
	for _, c := range columns {
		if i := f.schema.Index(c.Name); i >= 0 && f.schema[i].Type != c.Type {
			return false
		}
	}
	return true
}

// Close closes the file.
func (f *File) Close() error { return f.closer.Close() }

// place of a block in the file.
func (f *File) place(block int64) (offset, length int64) {
	at := f.directory[8*block:]
	offset = int64(binary.LittleEndian.Uint64(at))
	return offset, int64(binary.LittleEndian.Uint64(at[8:])) - offset
}
