package csvscan

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
)

// DefaultMaxRecord is the largest record read unless told otherwise.
const DefaultMaxRecord = 256 << 20

var bom = []byte("\xef\xbb\xbf")

// Options of a [Splitter].
type Options struct {
	// Pool gives the buffers and with them the size of a block. A block is
	// larger only when a single record is.
	Pool *Pool
	// MaxRecord is the limit of one record in bytes, DefaultMaxRecord if zero.
	MaxRecord int
	// FileSize, where known, keeps small files in small buffers.
	FileSize int64
}

// Splitter cuts a stream into blocks of whole records. Use it from one
// goroutine; the blocks are independent of it and of each other.
type Splitter struct {
	r         io.Reader
	pool      *Pool
	maxRecord int
	fileSize  int64

	offset int64  // in the file, of the next block's first byte
	line   int64  // likewise
	carry  []byte // bytes behind the last cut; part of no block yet
	opened bool
	done   bool
}

// NewSplitter cuts what r gives, from the start of a file.
func NewSplitter(r io.Reader, opts Options) *Splitter {
	pool := opts.Pool
	if pool == nil {
		pool = NewPool(0)
	}
	return &Splitter{
		r: r, pool: pool, line: 1, fileSize: opts.FileSize,
		maxRecord: cmp.Or(max(opts.MaxRecord, 0), DefaultMaxRecord),
	}
}

// Next returns the next block, io.EOF after the last. Other errors are those
// of the reader, of the context while it waits (see [Pool.OneLarge]), and
// [ErrRecordTooLarge]; broken quotes are found by the [Scanner].
func (s *Splitter) Next(ctx context.Context) (*Block, error) {
	if s.done {
		return nil, io.EOF
	}
	buf, err := s.pool.get(ctx, s.bufferSize())
	if err != nil {
		return nil, err
	}
	buf = append(buf, s.carry...)
	if cap(s.carry) > s.pool.blockBytes {
		s.carry = nil
	}
	var seen quoteState
	for {
		var cut int
		if buf, cut, err = s.fillAndCut(buf, &seen); err != nil {
			s.pool.release(buf)
			return nil, err
		}
		if cut > 0 {
			return s.emit(buf, cut), nil
		}
		larger, err := s.pool.grow(ctx, buf, s.larger(cap(buf)))
		if err != nil {
			s.pool.release(buf)
			return nil, err
		}
		buf = larger
	}
}

// fillAndCut fills the buffer and says where its records end; 0: the first one
// goes on behind it.
func (s *Splitter) fillAndCut(buf []byte, seen *quoteState) ([]byte, int, error) {
	buf, err := s.fill(buf)
	if err != nil {
		return buf, 0, err
	}
	if s.done {
		if len(buf) == 0 {
			return buf, 0, io.EOF
		}
		return buf, len(buf), nil
	}
	if cut := seen.cut(buf); cut > 0 {
		return buf, cut, nil
	}
	if brokenQuotes(buf) {
		s.done = true
		return buf, len(buf), nil
	}
	if len(buf) >= s.maxRecord {
		s.done = true
		return buf, 0, &SyntaxError{Record: s.offset, Offset: s.offset, Line: s.line, Column: 1, Err: ErrRecordTooLarge}
	}
	return buf, 0, nil
}

// larger is the size of the buffer after one of that size. It grows in few steps,
// each of which is copied and leaves garbage, and not beyond the end of the file.
func (s *Splitter) larger(size int) int {
	next := min(4*size, s.maxRecord)
	if rest := s.fileSize - s.offset + 1; rest > int64(size) && rest < int64(next) {
		next = int(rest)
	}
	return next
}

// bufferSize is the pool's, doubled until the bytes carried over leave room;
// one byte more than a small file needs, so that its end is met before the
// buffer is full. The first buffer always has room for a BOM.
func (s *Splitter) bufferSize() int {
	size := s.pool.blockBytes
	if n := s.fileSize + 1; !s.opened && n > 1 && n < int64(size) {
		size = int(n)
	}
	if !s.opened {
		size = max(size, len(bom)+1)
	}
	for size <= len(s.carry) {
		size *= 2
	}
	return size
}

// fill reads until the buffer is full or the stream ends, then sets done. The
// BOM is dropped here: it belongs to the file and to no record.
func (s *Splitter) fill(buf []byte) ([]byte, error) {
	for len(buf) < cap(buf) {
		n, err := s.r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			s.done = true
			break
		}
		if err != nil {
			return buf, err
		}
	}
	if !s.opened && (s.done || len(buf) >= len(bom)) {
		s.opened = true
		if bytes.HasPrefix(buf, bom) {
			s.offset = int64(len(bom))
			buf = buf[:copy(buf, buf[len(bom):])]
		}
	}
	return buf, nil
}

func (s *Splitter) emit(buf []byte, cut int) *Block {
	b := &Block{Data: buf[:cut:cut], Offset: s.offset, Line: s.line, buf: buf, pool: s.pool}
	s.offset += int64(cut)
	s.line += int64(bytes.Count(b.Data, newline))
	s.carry = append(s.carry[:0], buf[cut:]...)
	return b
}

var (
	newline = []byte{'\n'}
	quote   = []byte{'"'}
)

// quoteState remembers a searched prefix without a cut. The parity of a byte
// does not depend on what follows, so a grown buffer is searched only where it
// is new: a huge cell costs one pass, not one for each doubling.
type quoteState struct {
	searched int
	odd      bool // inside quotes at searched
}

// cut is the position behind the last newline outside quotes, or 0.
func (q *quoteState) cut(data []byte) int {
	from, end := q.searched, len(data)
	oddAtEnd := q.odd != (bytes.Count(data[from:], quote)%2 == 1)
	odd := oddAtEnd
	for {
		i := bytes.LastIndexByte(data[from:end], '\n')
		if i < 0 {
			q.searched, q.odd = len(data), oddAtEnd
			return 0
		}
		i += from
		odd = odd != (bytes.Count(data[i:end], quote)%2 == 1)
		if !odd {
			return i + 1
		}
		end = i
	}
}

// brokenQuotes reports whether the record at the start of data, of which more
// may follow, is malformed already. Without this look a stray quote early in
// a file would make the buffer grow to the limit before it is reported.
func brokenQuotes(data []byte) bool {
	var s Scanner
	s.Reset(&Block{Data: data})
	err := s.scan()
	return err != nil && !errors.Is(err, ErrUnterminated) && !errors.Is(err, io.EOF)
}
