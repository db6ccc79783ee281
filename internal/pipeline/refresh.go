package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// refresh rebuilds the table from all folders that are left, in one commit.
func (b *bringing) refresh(ctx context.Context) error {
	if len(b.Parts) == 0 && b.Exists() {
		b.tell(report.RefreshWouldEmpty, "", fmt.Sprintf(
			"no folder that is left has rows of %s, so that a full refresh would empty it; the table stays as it is", b.Spec.SourceTable))
		return nil
	}
	if len(b.Parts) == 0 {
		return b.catchUp(ctx)
	}
	ready := b.Env.Listing.Ready()
	last := ready[len(ready)-1]
	if held, ok := b.Env.Listing.Held(); ok && held.Name.Compare(b.Cursor()) <= 0 {
		return fmt.Errorf("%w: folder %s is not complete (%s), and the table holds what came after it, up to %s; the table stays as it is",
			report.ErrRefreshBehind, held.Name, held.Reason, b.Cursor())
	}
	if err := b.checkRefresh(); err != nil {
		return err
	}
	to := b.step(last)
	if b.Labels != nil {
		to.Marks[b.saidID()] = 0
	}
	return b.apply(ctx, b.Parts, to)
}

// checkRefresh refuses a full refresh that would lose rows, unless the
// configuration takes what is left.
func (b *bringing) checkRefresh() error {
	cursor := b.Cursor()
	if cursor.IsZero() || b.Labels != nil || b.Spec.Settings.OnGap == spec.GapContinues {
		return nil
	}
	skipped := b.Skipped()
	for _, f := range b.Env.Listing.Folders {
		if f.State == synapselink.Abandoned && f.Name.Compare(cursor) <= 0 &&
			!slices.ContainsFunc(skipped, func(s synapselink.FolderName) bool { return s.Digits() == f.Name.Digits() }) {
			return fmt.Errorf("%w: folder %s, which the table holds, cannot be read any more (%s); the table stays as it is, unless on_gap: continue takes what can be read",
				report.ErrRefreshBehind, f.Name, f.Reason)
		}
	}
	if oldest, gone := b.CopyGone(); gone {
		return fmt.Errorf("%w: the folders with the initial copy of %s are gone, the oldest that is left is %s: rows that did not change since then would be lost; "+
			"the table stays as it is; have it exported again (remove it in Synapse Link and add it), or set on_gap: continue to make it of what is left",
			report.ErrRefreshLoses, b.Spec.SourceTable, oldest)
	}
	return nil
}
