package maintain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/storage"
)

// Keeper maintains the tables of one lake.
type Keeper struct {
	Engine *local.Engine
	Lake   storage.Store
	Clock  func() time.Time
}

// Table maintains one table within limits. The batch says which table it is;
// nothing of it is applied. What was done before an error is in the report.
func (k *Keeper) Table(ctx context.Context, b local.Batch, l Limits) (Report, error) {
	l.Policy = l.Policy.withDefaults()
	w := &work{Keeper: k, batch: b, limits: l, report: Report{Version: -1, Oldest: -1, Checkpoint: -1}}
	err := w.run(ctx)
	if w.snapshot != nil && w.snapshot.Version >= 0 {
		w.report.Version = w.snapshot.Version
		w.report.After = l.Policy.shapeOf(filesOf(w.snapshot))
	}
	if err != nil {
		err = fmt.Errorf("maintaining %s: %w", k.Lake.URL(b.Table), err)
	}
	return w.report, err
}

// work is the maintenance of one table.
type work struct {
	*Keeper

	batch    local.Batch
	limits   Limits
	snapshot *delta.Snapshot
	report   Report
	now      time.Time // by the clock of the store, or ours if that is behind
}

func (w *work) run(ctx context.Context) error {
	var err error
	if w.snapshot, err = w.Engine.Snapshot(ctx, w.batch.Table); err != nil {
		return err
	}
	if w.snapshot.Version < 0 {
		return nil
	}
	w.report.Before = w.limits.Policy.shapeOf(filesOf(w.snapshot))
	for _, step := range []struct {
		wanted bool
		do     func(context.Context) error
	}{
		{w.limits.Compact, w.compact},
		{w.limits.Compact && w.limits.Vacuum && !w.limits.DryRun, w.forget},
		{w.limits.Checkpoint > 0, w.checkpoint},
		{w.limits.Vacuum, w.vacuum},
		{w.limits.Log, w.cleanLog},
	} {
		if !step.wanted {
			continue
		}
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// compact writes files anew until nothing is due, or the limit is reached.
func (w *work) compact(ctx context.Context) error {
	left, tries := w.limits.RewriteBytes, w.limits.Tries
	for {
		due := w.due(w.limits.RewriteBytes)
		if len(due) == 0 || w.limits.DryRun || w.limits.RewriteBytes > 0 && left < bytesOf(due) && w.report.Commits > 0 {
			break
		}
		if running, err := w.loadRuns(ctx); err != nil {
			return err
		} else if running {
			w.report.Postponed = "a load is writing to the table"
			w.noteDue()
			return nil
		}
		result, err := w.rewrite(ctx, due)
		switch {
		case errors.Is(err, local.ErrNotRewritable):
			w.report.Postponed = err.Error()
			w.noteDue()
			return nil
		case errors.Is(err, local.ErrOvertaken) && tries == 0:
			w.report.Postponed = "another writer was faster"
			w.noteDue()
			return nil
		case errors.Is(err, local.ErrOvertaken):
			tries--
			if w.snapshot, err = w.Engine.Snapshot(ctx, w.batch.Table); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		left -= result.BytesRead
		w.note(&result)
		if result.Written >= result.Files && result.Dead+result.Forgotten == 0 {
			break // a limit left too few of them to be fewer files afterwards
		}
	}
	if w.noteDue(); w.report.Due > 0 && !w.limits.DryRun {
		w.report.Postponed = "the rest exceeds the limit of this run"
	}
	return nil
}

// forget drops tombstones of a table without vectors. Its file of them has to be
// read for it, so it is done along with the vacuum.
func (w *work) forget(ctx context.Context) error {
	n, after, err := w.Engine.ForgetTombstones(ctx, w.batch, w.snapshot, w.limits.Forget)
	w.snapshot = after
	w.report.Merged.Forgotten += n
	if errors.Is(err, local.ErrOvertaken) || errors.Is(err, local.ErrNotRewritable) {
		return nil // there is a next time
	}
	return err
}

// due are the files that are to be written anew next.
func (w *work) due(limit int64) []file {
	// Without vectors the dead rows of a file are for the next batch to take out.
	files := filesOf(w.snapshot)
	if w.snapshot.Metadata.Configuration[local.VectorsProperty] != "true" {
		files = slices.DeleteFunc(files, func(f file) bool { return f.marked })
	}
	return w.limits.Policy.due(files, w.limits.Forget, limit)
}

// DueBytes are the bytes of data files that are to be written anew next, as far
// as the limit allows (0: no limit), under the default policy.
func DueBytes(s *delta.Snapshot, forget, limit int64) int64 {
	p := Policy{}.withDefaults()
	return bytesOf(p.due(filesOf(s), forget, limit))
}

func (w *work) noteDue() {
	due := w.due(0)
	w.report.Due, w.report.DueBytes = len(due), bytesOf(due)
}

func bytesOf(files []file) int64 {
	sum := int64(0)
	for i := range files {
		sum += files[i].bytes
	}
	return sum
}

func (w *work) rewrite(ctx context.Context, due []file) (local.Rewritten, error) {
	paths := make([]string, len(due))
	for i := range due {
		paths[i] = due[i].path
	}
	return w.Engine.Rewrite(ctx, local.Rewrite{
		Batch: w.batch, Base: w.snapshot, Files: paths, Forget: w.limits.Forget, Progress: w.limits.Progress,
	})
}

// note adds what a commit did to the report.
func (w *work) note(r *local.Rewritten) {
	w.report.Commits++
	m := &w.report.Merged
	m.Files += r.Files
	m.Written += r.Written
	m.BytesRead += r.BytesRead
	m.BytesWritten += r.BytesWritten
	m.Rows += r.Rows
	m.Dead += r.Dead
	m.Tombstones += r.Tombstones
	m.Forgotten += r.Forgotten
	w.snapshot = r.Snapshot
}

// checkpoint writes one where the last is far behind: readers replay what is
// between.
func (w *work) checkpoint(ctx context.Context) error {
	newest, err := delta.NewestCheckpoint(ctx, w.snapshot)
	if err != nil || w.snapshot.Version-max(newest, 0) < w.limits.Checkpoint {
		return err
	}
	if !w.limits.DryRun {
		if err := delta.WriteCheckpoint(ctx, w.snapshot, w.Clock()); err != nil {
			return err
		}
	}
	w.report.Checkpoint = w.snapshot.Version
	return nil
}
