package local

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
)

// ForgetTombstones drops tombstones of folders before one, as digits, from the
// side file of a table without deletion vectors, once at least half of them are
// as old: the file is written whole. The batch says which table it is. It returns
// how many went, and the snapshot with that; base, where none did.
//
// Tables with deletion vectors have no such file; see [Rewrite.Forget].
func (e *Engine) ForgetTombstones(ctx context.Context, b Batch, base *delta.Snapshot, before int64) (int64, *delta.Snapshot, error) {
	if _, ok := base.Txns[tombstoneAppID]; !ok || before == 0 {
		return 0, base, nil
	}
	r, err := e.newRewriting(ctx, Rewrite{Batch: b, Base: base, Forget: before})
	if err != nil {
		return 0, base, err
	}
	defer func() { _ = r.close(context.WithoutCancel(ctx)) }()
	n, after, err := r.forgetSide()
	if err != nil {
		return 0, base, fmt.Errorf("forgetting old deletes of %s: %w", base.URL(), err)
	}
	return n, after, nil
}

func (r *rewriting) forgetSide() (int64, *delta.Snapshot, error) {
	if err := r.loadTombstones(); err != nil {
		return 0, nil, err
	}
	held := r.side.held
	kept := slices.DeleteFunc(slices.Clone(held), func(f change.Fact) bool { return f.Folder != 0 && f.Folder < r.forget })
	if len(kept) == 0 {
		kept = held[len(held)-1:] // the log names a file for good; it has to hold something
	}
	forgotten := int64(len(held) - len(kept))
	if forgotten == 0 || forgotten < int64(len(kept)) {
		return 0, r.base, nil
	}
	last := len(kept) - 1
	r.side.held, r.side.fresh = kept[:last], kept[last:]
	serial, _, err := r.writeSide()
	if err != nil {
		return 0, nil, err
	}
	now := r.engine.opts.Clock()
	millis := now.UnixMilli()
	r.result.Tombstones, r.result.Forgotten = int64(len(kept)), forgotten
	outcome, err := r.commitChanges(r.ctx, delta.Changes{
		Txns: []delta.Txn{{AppID: tombstoneAppID, Version: serial, LastUpdated: &millis}}, Info: r.info(now)})
	r.done = err == nil || errors.Is(err, ErrUnknownOutcome)
	if err != nil {
		return 0, nil, overtaken(err)
	}
	r.checkpoint(outcome.Snapshot)
	return forgotten, outcome.Snapshot, nil
}
