package csvscan

import "sync"

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
	if pool != nil && cap(buf) == pool.blockBytes {
		pool.put(buf)
	}
}

// Pool keeps the buffers of released blocks for the next ones. It is safe for
// concurrent use; splitters may share one.
type Pool struct {
	blockBytes int
	free       sync.Pool
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
func (p *Pool) get(size int) []byte {
	if size == p.blockBytes {
		if b, ok := p.free.Get().(*[]byte); ok {
			return (*b)[:0]
		}
	}
	return make([]byte, 0, size)
}

func (p *Pool) put(buf []byte) {
	buf = buf[:0]
	p.free.Put(&buf)
}
