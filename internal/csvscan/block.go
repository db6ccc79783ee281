package csvscan

import (
	"context"
	"sync"
)

// DefaultBlockBytes is the size of a block unless told otherwise: large enough
// that the work per block does not show, small enough for many in flight.
const DefaultBlockBytes = 4 << 20

// Block is a run of whole records of one file.
type Block struct {
	Data   []byte
	Offset int64 // of Data's first byte in the file, a BOM counted
	Line   int64 // physical line of Data's first byte, from 1

	buf  []byte // Data and the room behind it
	pool *Pool
}

// NewBlock is a block of text that is in memory already, from that place of a
// file. The block keeps the text.
func NewBlock(data []byte, offset, line int64) *Block {
	return &Block{Data: data, Offset: offset, Line: line, buf: data}
}

// Size is the memory that the block holds, in bytes.
func (b *Block) Size() int { return cap(b.buf) }

// Release gives the block's memory back. Cells scanned from it end there.
func (b *Block) Release() {
	buf, pool := b.buf, b.pool
	b.Data, b.buf, b.pool = nil, nil, nil
	if pool != nil {
		pool.release(buf)
	}
}

// Pool keeps the buffers of released blocks for the next ones. It is safe for
// concurrent use; splitters may share one.
type Pool struct {
	blockBytes int
	free       sync.Pool
	large      *largeBuffer // nil: any number of large blocks may be out
}

// NewPool makes a pool of buffers of that many bytes, [DefaultBlockBytes] if
// it is not positive.
func NewPool(blockBytes int) *Pool {
	if blockBytes <= 0 {
		blockBytes = DefaultBlockBytes
	}
	return &Pool{blockBytes: blockBytes}
}

// get returns an empty buffer with room for at least size bytes. Only buffers
// of the pool's own size come from the pool and return to it: larger ones are
// rare, smaller ones (of small files) are cheap.
func (p *Pool) get(ctx context.Context, size int) ([]byte, error) {
	if p.large.holds(size) {
		return p.large.take(ctx, size)
	}
	if size == p.blockBytes {
		if b, ok := p.free.Get().(*[]byte); ok {
			return (*b)[:0], nil
		}
	}
	return make([]byte, 0, size), nil
}

// grow moves a record that did not fit to a buffer of that size. Where it cannot,
// the buffer is still the caller's.
func (p *Pool) grow(ctx context.Context, buf []byte, size int) ([]byte, error) {
	if p.large.holds(cap(buf)) {
		return append(makeLarge(size), buf...), nil // the turn goes with it
	}
	larger, err := p.get(ctx, size)
	return append(larger, buf...), err
}

// release takes back a buffer from get or grow.
func (p *Pool) release(buf []byte) {
	switch {
	case p.large.holds(cap(buf)):
		p.large.put(buf)
	case cap(buf) == p.blockBytes:
		p.put(buf)
	}
}

func (p *Pool) put(buf []byte) {
	buf = buf[:0]
	p.free.Put(&buf)
}
