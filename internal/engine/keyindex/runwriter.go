package keyindex

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
)

const (
	runMagic     = "SLUICEKI"
	runVersion   = 1
	trailerBytes = 40
	maxDepth     = 10
	runSuffix    = ".run"
)

// Run names a run in the manifest.
type Run struct {
	Name    string `json:"name"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"`
	CRC     uint32 `json:"crc"` // of the trailer
}

// runWriter writes a run from sorted entries.
type runWriter struct {
	file    *os.File
	out     *bufio.Writer
	offset  int64
	entries int64
	leaf    []Entry
	levels  [][]ref // references that wait for their node, from the leaves up
	page    []byte
}

func newRunWriter(dir string) (*runWriter, error) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	name := filepath.Join(dir, hex.EncodeToString(random[:])+runSuffix)
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &runWriter{file: file, out: bufio.NewWriterSize(file, 256<<10), leaf: make([]Entry, 0, pageEntries)}, nil
}

func (w *runWriter) add(e *Entry) error {
	w.leaf = append(w.leaf, *e)
	w.entries++
	if len(w.leaf) < pageEntries {
		return nil
	}
	return w.endLeaf()
}

func (w *runWriter) endLeaf() error {
	first := w.leaf[0].Key
	w.page = appendLeaf(w.page[:0], w.leaf)
	w.leaf = w.leaf[:0]
	return w.put(0, first)
}

// put writes the page at hand and refers to it from the level above.
func (w *runWriter) put(level int, first Key) error {
	r := ref{first: first, offset: w.offset, length: len(w.page)}
	if _, err := w.out.Write(w.page); err != nil {
		return err
	}
	w.offset += int64(len(w.page))
	if level == len(w.levels) {
		w.levels = append(w.levels, nil)
	}
	w.levels[level] = append(w.levels[level], r)
	if len(w.levels[level]) < pageEntries {
		return nil
	}
	return w.endNode(level)
}

func (w *runWriter) endNode(level int) error {
	refs := w.levels[level]
	w.page = appendNode(w.page[:0], refs)
	w.levels[level] = refs[:0]
	return w.put(level+1, refs[0].first)
}

// close ends the run. Without entries there is none.
func (w *runWriter) close() (Run, error) {
	if w.entries == 0 {
		return Run{}, w.abort()
	}
	run, err := w.finish()
	if err != nil {
		return Run{}, errors.Join(err, w.abort())
	}
	return run, w.file.Close()
}

func (w *runWriter) finish() (Run, error) {
	if len(w.leaf) > 0 {
		if err := w.endLeaf(); err != nil {
			return Run{}, err
		}
	}
	// Levels grow while the ones below them end.
	for level := 0; level < len(w.levels)-1 || len(w.levels[level]) > 1; level++ {
		if len(w.levels[level]) > 0 {
			if err := w.endNode(level); err != nil {
				return Run{}, err
			}
		}
	}
	top := len(w.levels) - 1
	trailer := appendTrailer(nil, trailer{root: w.levels[top][0], depth: top + 1, entries: w.entries})
	if _, err := w.out.Write(trailer); err != nil {
		return Run{}, err
	}
	return Run{
		Name: filepath.Base(w.file.Name()), Entries: w.entries, Bytes: w.offset + trailerBytes,
		CRC: binary.LittleEndian.Uint32(trailer[trailerBytes-crcBytes:]),
	}, w.out.Flush()
}

func (w *runWriter) abort() error {
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

// trailer is the end of a run.
type trailer struct {
	root    ref
	depth   int
	entries int64
}

func appendTrailer(dst []byte, t trailer) []byte {
	start := len(dst)
	dst = append(dst, runMagic...)
	dst = binary.LittleEndian.AppendUint16(dst, runVersion)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(t.depth))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.root.offset))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.root.length))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(t.entries))
	dst = append(dst, 0, 0, 0, 0)
	return seal(dst, start)
}

func parseTrailer(b []byte) (t trailer, err error) {
	body, err := unseal(b)
	if err != nil {
		return t, err
	}
	if len(b) != trailerBytes || string(body[:8]) != runMagic || binary.LittleEndian.Uint16(body[8:]) != runVersion {
		return t, damaged("a run has another format")
	}
	t.depth = int(binary.LittleEndian.Uint16(body[10:]))
	t.root.offset = int64(binary.LittleEndian.Uint64(body[12:]))
	t.root.length = int(binary.LittleEndian.Uint32(body[20:]))
	t.entries = int64(binary.LittleEndian.Uint64(body[24:]))
	if t.depth < 1 || t.depth > maxDepth {
		return t, damaged("a run of depth %d", t.depth)
	}
	return t, nil
}
