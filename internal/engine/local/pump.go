package local

import (
	"errors"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/sluicedata/sluice/internal/change"
)

// consumer takes the block of a piece on a worker. It says whether it keeps
// block and piece beyond the call.
type consumer func(worker int, block *change.Block, piece change.Piece) (keep bool, err error)

// pieceShare of the memory is what pieces may take that wait or are in work. A
// single one may be larger, a row of 100 MB for instance: it is then alone.
const pieceShare = 4

// piecesAhead is how many pieces wait for each worker. With the pieces in work
// and the one being read, this bounds the memory of the pump.
const piecesAhead = 1

// pump reads the source, decodes its pieces on the workers and hands them on.
// Pieces go to the workers in turn, so that the same input is cut the same way
// each time. Of several errors it returns that of the first piece.
func (a *attempt) pump(consume consumer) error {
	source, err := a.batch.Open()
	if err != nil {
		return err
	}
	inWork := max(1, a.engine.opts.Memory/pieceShare)
	p := &pumping{consume: consume, progress: a.engine.opts.Progress, first: -1,
		inWork: inWork, room: semaphore.NewWeighted(inWork)}
	group, ctx := errgroup.WithContext(a.ctx)
	queues := make([]chan numbered, a.engine.opts.Workers)
	for w := range queues {
		queues[w] = make(chan numbered, piecesAhead)
		group.Go(func() error {
			p.work(w, queues[w])
			return nil
		})
	}
	group.Go(func() error {
		defer func() {
			for _, q := range queues {
				close(q)
			}
		}()
		for n := 0; !p.failed(n); n++ {
			piece, err := source.Next(ctx)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				p.fail(n, err)
				return nil
			}
			if err := p.room.Acquire(ctx, p.weight(piece)); err != nil {
				piece.Release()
				p.fail(n, err)
				return nil
			}
			queues[n%len(queues)] <- numbered{n, piece}
		}
		return nil
	})
	_ = group.Wait() // all errors are in p
	return errors.Join(p.err, source.Close())
}

type numbered struct {
	n     int
	piece change.Piece
}

type pumping struct {
	consume  consumer
	progress func(int64)

	inWork int64 // bytes
	room   *semaphore.Weighted

	mu    sync.Mutex
	first int // number of the first piece that failed, -1 for none
	err   error
}

// weight of a piece in the room that all share.
func (p *pumping) weight(piece change.Piece) int64 { return min(int64(piece.Size()), p.inWork) }

func (p *pumping) fail(n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first < 0 || n < p.first {
		p.first, p.err = n, err
	}
}

// failed reports whether the piece is behind one that failed.
func (p *pumping) failed(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first >= 0 && n > p.first
}

func (p *pumping) work(worker int, queue <-chan numbered) {
	block := &change.Block{}
	for next := range queue {
		size, weight := int64(next.piece.Size()), p.weight(next.piece)
		if p.failed(next.n) {
			next.piece.Release()
			p.room.Release(weight)
			continue
		}
		keep := false
		err := next.piece.Decode(block)
		if err == nil {
			keep, err = p.consume(worker, block, next.piece)
		}
		if err != nil {
			p.fail(next.n, err)
		}
		if keep {
			block = &change.Block{}
		} else {
			// What the block has of the piece would keep it from being collected.
			block.Rows.Reset(block.Rows.Schema)
			next.piece.Release()
		}
		p.room.Release(weight)
		p.progress(size)
	}
}
