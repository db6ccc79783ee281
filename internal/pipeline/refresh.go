package pipeline

import (
	"context"
	"fmt"

	"github.com/sluicedata/sluice/internal/pipeline/report"
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
	if err := b.CheckRefresh(); err != nil {
		return err
	}
	to := b.step(last)
	if b.Labels != nil {
		to.Marks[b.saidID()] = 0
	}
	if behind, is := b.Holed(); is {
		b.tell(report.FolderGap, behind.String(), b.HoleText(behind)+"; the table is made of what is left")
	}
	return b.apply(ctx, b.Parts, to)
}
