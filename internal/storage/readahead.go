package storage

import (
	"context"
	"errors"
	"io"
	"sync"
)

// readAheadBlocks is how many blocks a reader's memory is cut into: one that is
// handed out, the others being filled or waiting.
const readAheadBlocks = 4

// minReadAhead keeps a caller with a tiny budget from reading byte by byte.
const minReadAhead = 4 << 10

// NewReader streams an entry that came from List or Stat, from its beginning,
// while a goroutine of its own reads ahead. Both together hold bufBytes at most
// (4 KiB at least, and no more than the file needs).
//
// Only the listed version is read, and the whole of it: a changed or shortened
// file ends with [ErrChanged] instead of [io.EOF]. Close stops the goroutine and
// waits for it; it must be called. Read and Close are for one goroutine.
func NewReader(ctx context.Context, s Store, e Entry, bufBytes int) io.ReadCloser {
	ctx, cancel := context.WithCancel(ctx)
	block := max(bufBytes, minReadAhead) / readAheadBlocks
	r := &reader{
		ctx: ctx, cancel: cancel, store: s, entry: e,
		blockBytes: int(min(int64(block), max(e.Size, 1))),
		free:       make(chan []byte, readAheadBlocks),
		// One place more for the end, so that sending never waits.
		full: make(chan filled, readAheadBlocks+1),
	}
	for range readAheadBlocks {
		r.free <- nil // allocated when first used
	}
	r.running.Go(r.readAhead)
	return r
}

// filled is a block of content, or the end of it.
type filled struct {
	data []byte
	err  error
}

type reader struct {
	ctx        context.Context
	cancel     context.CancelFunc
	store      Store
	entry      Entry
	blockBytes int

	free    chan []byte
	full    chan filled
	running sync.WaitGroup

	// What the consumer holds.
	block []byte // the whole current block, to be given back
	rest  []byte // what of it is still to be read
	err   error
}

func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.rest) == 0 && r.err == nil {
		r.next()
	}
	if len(r.rest) == 0 {
		return 0, r.err
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next gives the block that was read back and waits for one more.
func (r *reader) next() {
	if r.block != nil {
		r.free <- r.block[:0]
		r.block = nil
	}
	select {
	case f := <-r.full:
		r.block, r.rest, r.err = f.data, f.data, f.err
	case <-r.ctx.Done():
		r.err = r.wrap(r.ctx.Err())
	}
}

func (r *reader) Close() error {
	r.cancel()
	r.running.Wait()
	r.block, r.rest = nil, nil
	if r.err == nil {
		r.err = r.wrap(errors.New("the reader is closed"))
	}
	return nil
}

// readAhead fills blocks until the content or the context ends.
func (r *reader) readAhead() {
	err := r.fill()
	if !atEnd(err) {
		err = r.wrap(err)
	}
	r.full <- filled{err: err}
}

func (r *reader) fill() (err error) {
	body, err := r.store.ReadRange(r.ctx, r.entry.Path, Range{Length: -1, IfMatch: r.entry.ETag})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := body.Close(); atEnd(err) && cerr != nil {
			err = cerr
		}
	}()
	for total := int64(0); ; {
		n, err := r.fillBlock(body)
		total += int64(n)
		switch {
		case atEnd(err) && total != r.entry.Size:
			return endedEarly(total, r.entry.Size)
		case err != nil:
			return err
		}
	}
}

// fillBlock reads one block and hands it over, also when it ends in an error:
// what came before the error is content.
func (r *reader) fillBlock(body io.Reader) (int, error) {
	var block []byte
	select {
	case block = <-r.free:
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
	if block == nil {
		block = make([]byte, 0, r.blockBytes)
	}
	n, err := readFull(body, block[:r.blockBytes])
	if n > 0 {
		r.full <- filled{data: block[:n]}
	}
	return n, err
}

// readFull reads until p is full or the source says why not. Unlike io.ReadFull
// it leaves the two ends apart: io.EOF is where the file ends, and
// io.ErrUnexpectedEOF comes from a source that broke off and may be tried again.
func readFull(source io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = source.Read(p[n:])
		n += k
	}
	if n == len(p) {
		err = nil
	}
	return n, err
}

// atEnd does not look into wrapped errors: a request that fails because the
// server hung up wraps io.EOF, too, and is not the end of a file.
func atEnd(err error) bool {
	return err == io.EOF //nolint:errorlint // as said above
}

func (r *reader) wrap(err error) error {
	return NewError("read", r.store.URL(r.entry.Path), err)
}
