package local

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
)

// attempt is one try to bring a batch to a snapshot of its table.
type attempt struct {
	engine *Engine
	ctx    context.Context //nolint:containedctx // an attempt is one call
	batch  Batch
	base   *delta.Snapshot
	layout layout
	// vectors: rows are taken away by deletion vectors, not by copying files.
	vectors  bool
	protocol *delta.Protocol // to be written, nil for none
	metadata *delta.Metadata
	started  time.Time

	mu      sync.Mutex
	holders []*holder
	created []string   // paths that are dropped when the attempt fails
	touched *keyFilter // keys of the batch
	// joint has the keys of which more is known than one upsert: rows of them
	// that a large batch has written have to be looked at again. repeats may
	// be some of them; see [attempt.findRepeats].
	joint   *keyFilter
	joined  atomic.Bool // joint is not empty
	repeats *repeats
	facts   *factLog
	index   *tableIndex // nil: keys are found by a scan

	counts   Counts
	rewrites []change.Fact
	rest     *holder // rows that have ended, and tombstones; of a Type1 table all rows
	current  *holder // of a Type2 table, rows that have not
	buried   []change.Fact
	side     *tombstoneFile // where the table has no vectors
	written  int64
	// rewritten rows were in the table and are there again with another end.
	rewritten int64
	done      bool
	marks     []mark
	// unused outputs were written and copied again; no commit has them.
	unused []string
}

func newAttempt(e *Engine, b Batch, base *delta.Snapshot) (*attempt, error) {
	a := &attempt{engine: e, batch: b, base: base, layout: newLayout(&b), started: e.opts.Clock(), side: &tombstoneFile{}}
	if err := a.planTable(); err != nil {
		return nil, err
	}
	a.facts = newFactLog(cmp.Or(e.opts.Temp, os.TempDir()), e.opts.Memory/4)
	return a, nil
}

func (a *attempt) run(ctx context.Context) (Result, error) {
	a.ctx = ctx
	if err := a.holdTable(); err != nil {
		return Result{}, err
	}
	if a.batch.Open != nil {
		a.openIndex()
		if err := a.collect(); err != nil { //nolint:contextcheck // it is a.ctx, for the whole attempt
			return Result{}, err
		}
		if err := a.locate(); err != nil {
			return Result{}, err
		}
		if err := a.resolve(); err != nil {
			return Result{}, err
		}
		if err := a.write(); err != nil {
			return Result{}, err
		}
	}
	version, err := a.commit()
	if err != nil {
		return Result{}, err
	}
	return Result{Version: version, Counts: a.counts, BytesWritten: a.written}, nil
}

// holdTable makes a holder of each data file of the table. A batch that
// replaces the table has nothing to do with them.
func (a *attempt) holdTable() error {
	if a.batch.Replace {
		return nil
	}
	for _, add := range a.base.Files() {
		path, err := a.base.FilePath(add.Path)
		if err != nil {
			return err
		}
		f := &tableFile{add: add, path: path, rows: -1}
		if add.DeletionVector != nil {
			vector, err := delta.ReadVector(a.ctx, a.engine.lake, a.batch.Table, add.DeletionVector)
			if err != nil {
				return damage(err)
			}
			f.vector = vector
		}
		a.addHolder(holder{file: f})
	}
	return a.loadTombstones()
}

// small reports whether the batch is resolved in memory before anything is
// written.
func (a *attempt) small() bool { return a.batch.Bytes <= a.engine.opts.Memory/16 }

// path of a file of the table, in the lake.
func (a *attempt) path(name string) string { return join(a.batch.Table, name) }

func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// close gives up what the attempt holds, and drops its files if they did not
// become part of the table.
func (a *attempt) close(ctx context.Context) error {
	var errs []error
	for _, h := range a.holders {
		if h.block != nil && h.block.piece != nil {
			h.block.piece.Release()
			h.block.piece = nil
		}
	}
	errs = append(errs, a.facts.close(), a.closeIndex())
	if a.done {
		return errors.Join(errs...)
	}
	for _, h := range a.holders {
		if h.output != nil {
			h.output.abort()
		}
	}
	for _, path := range a.created {
		// What cannot be dropped is not part of the table and goes with the
		// next vacuum; the error that ended the attempt is the one to tell.
		_ = a.engine.lake.Delete(ctx, path)
	}
	return errors.Join(errs...)
}

// willCreate notes a path that is dropped unless the attempt succeeds.
func (a *attempt) willCreate(path string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.created = append(a.created, path)
}

// join notes that a key has to be judged as a whole.
func (a *attempt) join(hash uint64) {
	if a.joint != nil {
		a.joint.add(hash)
		a.joined.Store(true)
	}
}
