package azure

import (
	"context"
	"errors"
	"io"
)

// widest is how many blocks a reader asks for ahead at most.
const widest = 8

// body is an open range. It is for one goroutine; those that fetch its blocks
// end with Close, or with the context.
type body struct {
	ctx    context.Context
	cancel context.CancelFunc
	store  *Store
	path   string
	etag   string

	rest []byte // what is left of the block that is being read
	next int64  // where the block after the pending ones begins
	end  int64  // where the range ends

	pending []*block // asked for, in the order of the file
	window  int      // how many may be pending
	current *block   // whose memory rest is, if it counts as read ahead
	err     error
}

// block is a piece of the range that is on its way.
type block struct {
	offset, length int64
	counted        bool // takes its length from the store's read-ahead
	done           chan struct{}
	piece          piece
	err            error
}

func (s *Store) newBody(ctx context.Context, path string, first piece, next, end int64) *body {
	b := &body{store: s, path: path, etag: first.etag, rest: first.data, next: next, end: end, window: 1}
	b.ctx, b.cancel = context.WithCancel(ctx)
	return b
}

// Read hands out the current block. When it begins one, those behind it are
// asked for.
func (b *body) Read(p []byte) (int, error) {
	if b.err == nil {
		b.err = b.ctx.Err()
	}
	if b.err == nil && len(p) > 0 {
		b.askAhead()
		b.err = b.ensure()
	}
	if b.err != nil {
		if b.err == io.EOF { //nolint:errorlint // set by ensure, never wrapped
			return 0, io.EOF
		}
		return 0, b.store.fail(opRead, b.path, b.err)
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// ensure waits until there is something to read, or none any more.
func (b *body) ensure() error {
	for len(b.rest) == 0 {
		b.drop()
		if len(b.pending) == 0 {
			if b.next >= b.end {
				return io.EOF
			}
			// The room for reading ahead is taken: this one block is due anyway.
			b.ask(false)
		}
		k := b.pending[0]
		b.pending = b.pending[1:]
		b.current = k
		b.askAhead()
		select {
		case <-k.done:
		case <-b.ctx.Done():
			return b.ctx.Err()
		}
		if k.err != nil {
			return b.store.goneOrChanged(b.ctx, b.path, k.err)
		}
		b.rest = k.piece.data
		b.window = min(2*b.window, widest)
	}
	return nil
}

// askAhead fills the window as far as the store has room.
func (b *body) askAhead() {
	for len(b.pending) < b.window && b.next < b.end {
		if !b.store.ahead.TryAcquire(b.nextLength()) {
			return
		}
		b.ask(true)
	}
}

func (b *body) nextLength() int64 { return min(readBlock, b.end-b.next) }

func (b *body) ask(counted bool) {
	k := &block{offset: b.next, length: b.nextLength(), counted: counted, done: make(chan struct{})}
	b.next += k.length
	b.pending = append(b.pending, k)
	ctx, store, path, etag := b.ctx, b.store, b.path, b.etag
	go func() {
		defer close(k.done)
		k.piece, k.err = store.fetch(ctx, path, k.offset, k.length, etag)
	}()
}

// drop gives the memory of the block that was read back.
func (b *body) drop() {
	if b.current != nil && b.current.counted {
		b.store.ahead.Release(b.current.length)
	}
	b.current = nil
}

// Close ends the requests under way and waits for them.
func (b *body) Close() error {
	b.cancel()
	for _, k := range b.pending {
		<-k.done
		if k.counted {
			b.store.ahead.Release(k.length)
		}
	}
	if b.current != nil {
		<-b.current.done
	}
	b.drop()
	b.pending, b.rest = nil, nil
	if b.err == nil {
		b.err = errors.New("the reader is closed")
	}
	return nil
}
