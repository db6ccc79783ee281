package pipeline

import (
	"context"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// farTime is the age of its cursor at which a table that has nothing new gets a
// commit with the cursor alone. Retention takes folders that are a day old; a
// cursor whose folder is gone could not be told from one that missed folders.
const farTime = 12 * time.Hour

// catchUp creates a table that has no rows yet, and moves the cursor of one
// that has had none for long.
func (b *bringing) catchUp(ctx context.Context) error {
	ready := b.Env.Listing.Ready()
	if len(ready) == 0 {
		return b.markGone(ctx)
	}
	last := ready[len(ready)-1]
	fresh := b.result.Version < 0
	if !fresh && !b.isFar(last) {
		return b.markGone(ctx)
	}
	schema := b.columns
	if fresh {
		m, err := b.Env.Manifest(ctx)
		if err != nil {
			return err
		}
		entity, ok := m.Entity(b.Spec.SourceTable)
		if !ok {
			return nil // known by the root's manifest alone: its first folder is still open
		}
		merged, err := synapselink.MergeSchema(nil, entity, b.Selection())
		if err != nil {
			return err
		}
		schema = merged.Schema
	}
	if err := b.moveCursor(ctx, schema, b.step(last)); err != nil {
		return err
	}
	if fresh {
		b.tellCreated()
	}
	return b.markGone(ctx)
}

// moveCursor is a commit without rows.
func (b *bringing) moveCursor(ctx context.Context, schema batch.Schema, to work.Step) error {
	task := b.Batch(schema, to)
	task.Replace = false
	began := b.Options.Clock()
	result, err := b.engine.Apply(ctx, task)
	if err != nil {
		return err
	}
	b.note(result.Version, to.Reached)
	if !result.Skipped {
		b.tellGoneFolders(to)
		b.Options.Listener.Commit(b.tableInfo(), report.CommitInfo{Version: result.Version, Began: began, Ended: b.Options.Clock()})
	}
	return nil
}

// isFar reports whether the table has been without rows for so long that its
// cursor is to be moved.
func (b *bringing) isFar(last synapselink.FolderName) bool {
	at, err := synapselink.ParseFolderName(b.result.Cursor)
	if err != nil || b.gapped {
		return true
	}
	return last.Compare(at) > 0 && b.Options.Clock().Sub(at.Time()) >= farTime
}
