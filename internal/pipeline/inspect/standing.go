package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// Standing of a table against its source.
type Standing string

// The standings.
const (
	UpToDate   Standing = "UP_TO_DATE"
	Behind     Standing = "BEHIND"
	NotCreated Standing = "NOT_CREATED"
	Unreadable Standing = "UNREADABLE"
	// RefreshRequired: folders went away unread, see report.ErrGap.
	RefreshRequired Standing = "FULL_REFRESH_REQUIRED"
	// Foreign: something else made the table, or another pipeline keeps it.
	Foreign Standing = "FOREIGN_TABLE"
	// Gone: the export describes the table no longer.
	Gone Standing = "TABLE_GONE"
)

// standing judges a table that the lake has against its source.
func standing(ctx context.Context, t *work.Target) (Standing, error) {
	if err := foreign(t); err != nil {
		return Foreign, err
	}
	text, found := t.Gap()
	switch {
	case found && t.Spec.Settings.OnGap != spec.GapContinues:
		return RefreshRequired, fmt.Errorf("%w: %s", report.ErrGap, text)
	case len(t.Parts)+len(t.Late) > 0:
		return Behind, nil
	case isGone(ctx, t):
		return Gone, nil
	}
	return UpToDate, nil
}

// foreign is why a run would refuse the table as not its own, nil where it would not.
func foreign(t *work.Target) error {
	if err := t.CheckKeeper(); err != nil {
		return err
	}
	if err := local.Check(t.Snapshot, t.Batch(nil, work.Step{})); errors.Is(err, local.ErrForeignTable) {
		return err
	}
	return nil
}

// isGone reports whether the manifest at the export's root describes the table no
// longer. Where that cannot be read whole, nobody can tell.
func isGone(ctx context.Context, t *work.Target) bool {
	if t.Labels != nil {
		return false
	}
	root, err := t.Env.RootManifest(ctx)
	if err != nil || root.Truncated || len(root.Entities) == 0 {
		return false
	}
	_, listed := root.Entity(t.Spec.SourceTable)
	return !listed
}
