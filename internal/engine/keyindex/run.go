package keyindex

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// run is an open run.
type run struct {
	Run
	file *os.File
	trailer
}

func openRun(dir string, r Run) (*run, error) {
	if r.Name != filepath.Base(r.Name) {
		return nil, damaged("a run is named %q", r.Name)
	}
	file, err := os.Open(filepath.Join(dir, r.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged("run %s is missing", r.Name)
	}
	if err != nil {
		return nil, err
	}
	opened := &run{Run: r, file: file}
	if err := opened.readTrailer(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return opened, nil
}

func (r *run) readTrailer() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != r.Bytes || r.Bytes < trailerBytes {
		return damaged("run %s has %d bytes instead of %d", r.Name, info.Size(), r.Bytes)
	}
	var b [trailerBytes]byte
	if _, err := r.file.ReadAt(b[:], r.Bytes-trailerBytes); err != nil {
		return err
	}
	if r.trailer, err = parseTrailer(b[:]); err != nil {
		return err
	}
	if r.entries != r.Entries || binary.LittleEndian.Uint32(b[trailerBytes-crcBytes:]) != r.CRC {
		return damaged("run %s is another one", r.Name)
	}
	return nil
}

// readPage reads a page into the buffer.
func (r *run) readPage(at ref, buf []byte) ([]byte, error) {
	if at.length < 2+crcBytes || at.length > maxPageBytes || at.offset < 0 || at.offset > r.Bytes-trailerBytes-int64(at.length) {
		return nil, damaged("run %s has a page of %d bytes at %d", r.Name, at.length, at.offset)
	}
	if cap(buf) < at.length {
		buf = make([]byte, maxPageBytes)
	}
	buf = buf[:at.length]
	if n, err := r.file.ReadAt(buf, at.offset); n < len(buf) {
		if errors.Is(err, io.EOF) {
			return nil, damaged("run %s ends early", r.Name)
		}
		return nil, err
	}
	return buf, nil
}
