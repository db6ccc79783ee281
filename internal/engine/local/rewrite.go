package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
)

// Rewrite puts the rows of some data files of a table into new ones, without the
// dead.
type Rewrite struct {
	// Batch says which table it is. Nothing of it is applied.
	Batch Batch
	// Base is the version in which Files are.
	Base *delta.Snapshot
	// Files by their paths in the log.
	Files []string
	// Forget leaves out tombstones of folders before this one, as digits; 0 keeps
	// all.
	Forget int64
	// Progress is told of bytes of data files as they are done with. Optional.
	Progress func(bytes int64)
}

// Rewritten is what came of a Rewrite.
type Rewritten struct {
	// Snapshot of the table with it.
	Snapshot *delta.Snapshot `json:"-"`
	Files    int             `json:"files_removed"`
	Written  int             `json:"files_written"`
	// Bytes of data files that were read and written.
	BytesRead    int64 `json:"bytes_read"`
	BytesWritten int64 `json:"bytes_written"`
	// Rows that are in new files, dead rows that are gone, tombstones that were
	// kept, and that were left out.
	Rows       int64 `json:"rows"`
	Dead       int64 `json:"dead_rows_removed"`
	Tombstones int64 `json:"tombstones"`
	Forgotten  int64 `json:"tombstones_expired"`
}

// ErrOvertaken: another writer changed the files, or the table, while they were
// written anew. Nothing was changed; what was overtaken can be done on the newest
// version, or later.
var ErrOvertaken = errors.New("another writer changed the table meanwhile")

// ErrNotRewritable: a file, or the table, is in a state that is for the next
// batch to put right.
var ErrNotRewritable = errors.New("the files cannot be written anew")

// Rewrite writes data files of a table anew in one commit that changes no row
// (dataChange is false). Readers see the same rows before and after. The rows of
// the files stay in their order, with all physical columns; current rows, closed
// rows of a Type2 table and tombstones go to files of their own. The key index,
// where there is one, learns of the new files.
//
// A batch that marks rows of the files meanwhile wins: the error is then
// [ErrOvertaken]. One that only adds files does not matter.
func (e *Engine) Rewrite(ctx context.Context, q Rewrite) (Rewritten, error) {
	r, err := e.newRewriting(ctx, q)
	if err != nil {
		return Rewritten{}, err
	}
	result, err := r.run(q.Files)
	if cerr := r.close(context.WithoutCancel(ctx)); cerr != nil {
		e.opts.Log.Warn("temporary files could not be removed", "table", q.Batch.Table, "error", cerr)
	}
	if err != nil {
		return Rewritten{}, fmt.Errorf("writing files of %s anew: %w", q.Base.URL(), err)
	}
	return result, nil
}

func (e *Engine) newRewriting(ctx context.Context, q Rewrite) (*rewriting, error) {
	b := q.Batch
	schema, err := SourceSchema(q.Base)
	if err != nil {
		return nil, err
	}
	// The table as it is: what the configuration wants of it is for a batch.
	b.Schema, b.Properties, b.Origin, b.Open, b.Seal, b.Replace = schema, nil, "", nil, nil, false
	a, err := newAttempt(e, b, q.Base)
	if err != nil {
		return nil, err
	}
	a.ctx = ctx
	a.metadata = nil
	if a.protocol != nil {
		return nil, fmt.Errorf("%w: %s is to have deletion vectors, and its protocol does not allow them yet", ErrNotRewritable, q.Base.URL())
	}
	r := &rewriting{attempt: a, forget: q.Forget, progress: q.Progress, schema: a.layout.full}
	if r.progress == nil {
		r.progress = func(int64) {}
	}
	return r, nil
}

func (r *rewriting) run(files []string) (Rewritten, error) {
	if err := r.holdTable(); err != nil {
		return Rewritten{}, err
	}
	r.openIndex()
	chosen, err := r.choose(files)
	if err != nil {
		return Rewritten{}, err
	}
	if err := r.copyFiles(chosen); err != nil {
		return Rewritten{}, err
	}
	changes, err := r.changes(chosen)
	if err != nil {
		return Rewritten{}, err
	}
	outcome, err := r.commitChanges(r.ctx, changes)
	r.done = err == nil || errors.Is(err, ErrUnknownOutcome)
	if err != nil {
		return Rewritten{}, overtaken(err)
	}
	r.updateIndex(outcome.Snapshot, &changes)
	r.checkpoint(outcome.Snapshot)
	r.result.Snapshot = outcome.Snapshot
	return r.result, nil
}

// overtaken classes conflicts as what they mean here.
func overtaken(err error) error {
	var conflict *conflictError
	if errors.As(err, &conflict) || errors.Is(err, ErrConcurrent) || errors.Is(err, delta.ErrLostRaces) {
		return fmt.Errorf("%w: %w", ErrOvertaken, err)
	}
	return err
}

// choose finds the files among the holders of the table, in the order in which
// they were written.
func (r *rewriting) choose(files []string) ([]int, error) {
	var chosen []int
	for i, h := range r.holders {
		if h.file == nil || !slices.Contains(files, h.file.add.Path) {
			continue
		}
		if !r.vectors && h.file.vector != nil {
			// Its tombstones belong into the side file, with the cursor of a batch.
			return nil, fmt.Errorf("%w: %s has dead rows, and the table no deletion vectors", ErrNotRewritable, h.file.add.Path)
		}
		chosen = append(chosen, i)
	}
	if len(chosen) != len(files) {
		return nil, fmt.Errorf("%w: version %d has %d of %d files", ErrOvertaken, r.base.Version, len(chosen), len(files))
	}
	slices.SortStableFunc(chosen, func(a, b int) int {
		return int(r.holders[a].file.add.ModificationTime - r.holders[b].file.add.ModificationTime)
	})
	return chosen, nil
}

// changes are what the commit does: all that was read goes, all that was written
// comes, and no row is another.
func (r *rewriting) changes(chosen []int) (delta.Changes, error) {
	var changes delta.Changes
	now := r.engine.opts.Clock()
	for _, i := range chosen {
		changes.Removes = append(changes.Removes, delta.NewRemove(r.holders[i].file.add, now, false))
	}
	for _, w := range r.written {
		add, err := r.addOf(w.output)
		if err != nil {
			return changes, err
		}
		add = tagged(add, w.kind, w.newest)
		if w.kind == Buried {
			r.marks = append(r.marks, mark{add, w.holder.dead})
		} else {
			changes.Adds = append(changes.Adds, add)
		}
		r.result.BytesWritten += w.output.info.Bytes
	}
	if err := r.mark(&changes); err != nil {
		return changes, err
	}
	for i := range changes.Adds {
		changes.Adds[i].DataChange = false
	}
	r.result.Files, r.result.Written = len(changes.Removes), len(changes.Adds)
	changes.Info = r.info(now)
	return changes, nil
}

// info says in the log what was done, in the words of other engines.
func (r *rewriting) info(now time.Time) delta.CommitInfo {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return delta.CommitInfo{Operation: OptimizeOperation, Parameters: r.parameters(), Metrics: map[string]string{
		"numRemovedFiles":      number(int64(r.result.Files)),
		"numAddedFiles":        number(int64(r.result.Written)),
		"numRemovedBytes":      number(r.result.BytesRead),
		"numAddedBytes":        number(r.result.BytesWritten),
		"numDeadRows":          number(r.result.Dead),
		"numTombstones":        number(r.result.Tombstones),
		"numExpiredTombstones": number(r.result.Forgotten),
		"executionTimeMs":      number(now.Sub(r.started).Milliseconds()),
	}}
}

// OptimizeOperation is what commits of [Engine.Rewrite] call themselves.
const OptimizeOperation = "OPTIMIZE"
