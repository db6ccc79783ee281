package csvscan

import (
	"context"
	"runtime"
	"sync"
)

// largeBuffer is the one buffer of a pool for blocks that are much larger than
// the others, because a single record is. It stays when it is released: a record
// of 50 MB seldom comes alone, and as garbage several buffers of them would be
// there before the collector has looked.
type largeBuffer struct {
	above int           // bytes; larger blocks are large
	turn  chan struct{} // has an element while a block is out

	mu     sync.Mutex
	kept   []byte
	closed bool
}

// OneLarge makes blocks of more than that many bytes go out one at a time: a
// splitter that comes to another one waits until the one before was released. A
// caller that keeps such blocks would wait for itself.
func (p *Pool) OneLarge(above int) {
	p.large = &largeBuffer{above: max(above, p.blockBytes), turn: make(chan struct{}, 1)}
}

// Close gives up what the pool keeps. Blocks that are out stay valid, and no new
// ones should follow.
func (p *Pool) Close() {
	if l := p.large; l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.kept, l.closed = nil, true
	}
}

// holds reports whether a buffer of that size is the large one.
func (l *largeBuffer) holds(size int) bool { return l != nil && size > l.above }

// take waits for the turn and returns an empty buffer of at least that size.
func (l *largeBuffer) take(ctx context.Context, size int) ([]byte, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	buf := l.kept
	l.kept = nil
	if cap(buf) < size {
		return makeLarge(size), nil
	}
	return buf[:0], nil
}

func (l *largeBuffer) put(buf []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.kept = buf
	}
	<-l.turn
}

// makeLarge makes a buffer when what others left behind has been collected. The
// collector by itself begins when the memory is nearly used up, and a buffer of
// this size takes the rest before it is done.
func makeLarge(size int) []byte {
	runtime.GC()
	return make([]byte, 0, size)
}
