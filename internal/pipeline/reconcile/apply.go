package reconcile

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile/compare"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// The table's log says of each removal of rows that had vanished before a folder:
//
//	<appID>/reconcile/<folder>         version of the table that was compared: the
//	                                   same comparison is applied once, a later one again
//	<appID>/reconciled/<folder>        cursor of the table then
const (
	reconcilePrefix  = "/reconcile/"
	reconciledPrefix = "/reconciled/"
)

// removals lists those that the table went through.
func (c *reconciling) removals() []compare.Removal {
	var list []compare.Removal
	for id, txn := range c.Snapshot.Txns {
		digits, ok := strings.CutPrefix(id, c.AppID()+reconciledPrefix)
		if !ok {
			continue
		}
		if since, err := strconv.ParseInt(digits, 10, 64); err == nil {
			list = append(list, compare.Removal{Since: since, Upto: txn.Version})
		}
	}
	return list
}

// apply removes vanished rows, if that is wanted, in one commit: by deletes
// without version that stand a second before the copy. They end what earlier
// folders brought and nothing that came with the copy or later.
func (c *reconciling) apply(ctx context.Context) error {
	r := c.report
	if !c.q.Apply || r.Vanished == 0 || r.Blocked != "" {
		return nil
	}
	folder := strconv.FormatInt(c.judge.Since, 10)
	to := work.Step{AppID: c.AppID() + reconcilePrefix + folder, Cursor: max(1, c.Snapshot.Version),
		Marks: map[string]int64{c.AppID() + reconciledPrefix + folder: c.cursor.Digits()}}
	if c.Snapshot.Txns[c.CopiedID()].Version != 0 {
		to.Marks[c.CopiedID()] = 0 // what the copy left behind is gone
	}
	task := c.Batch(c.schema, to)
	task.Replace, task.Properties = false, nil // the table stays as it is
	task.Seal = func(context.Context, *delta.Snapshot) (local.Sealed, error) { return local.Sealed{Txns: to.Marks}, nil }
	task.Bytes = int64(len(c.vanished)) * deleteBytes
	task.Parameters["reconciled"] = "rows that vanished before " + r.Since
	task.Open = func() (change.Source, error) {
		return &deletes{keys: c.vanished, schema: c.schema, column: c.schema.Index(task.Columns.Key), folder: c.judge.DeletedAt()}, nil
	}
	result, err := c.engine.Apply(ctx, task)
	if err != nil {
		return err
	}
	if result.Skipped {
		return fmt.Errorf("%w: the same comparison is being applied by another process; run sluice reconcile %s again", report.ErrNotComparable, c.Spec.SourceTable)
	}
	r.Removed = result.Counts.Deleted
	r.InTable = shownTally(c.after)
	r.Version = result.Version
	c.tell(report.VanishedRowsRemoved, r.Since, fmt.Sprintf("%s that the source no longer had when the table was copied again, beginning with folder %s", rowsText(r.Removed), r.Since))
	if r.Verdict == HasVanished {
		r.Verdict = c.agreement()
	}
	return nil
}

// deleteBytes is about what a row of one delete would take in a file.
const deleteBytes = 64

// deletesAtOnce come in one piece.
const deletesAtOnce = 4096

// deletes is a source of deletes without version.
type deletes struct {
	keys   []change.Key
	schema batch.Schema
	column int // of the key
	folder int64
	done   int
}

// Next gives the next deletes.
func (d *deletes) Next(ctx context.Context) (change.Piece, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d.done == len(d.keys) {
		return nil, io.EOF
	}
	first := d.done
	d.done = min(len(d.keys), first+deletesAtOnce)
	return &deletePiece{deletes: d, first: first, keys: d.keys[first:d.done]}, nil
}

// Close has nothing to give up.
func (d *deletes) Close() error { return nil }

type deletePiece struct {
	*deletes
	first int
	keys  []change.Key
}

// Decode makes rows of which only the Id has a value.
func (p *deletePiece) Decode(b *change.Block) error {
	b.Rows.Reset(p.schema)
	b.Rows.Rows = len(p.keys)
	b.Changes = b.Changes[:0]
	for i, key := range p.keys {
		b.Rows.Cols[p.column].Text([]byte(key.String()))
		b.Changes = append(b.Changes, change.Change{Key: key, Modified: change.NoTime, Folder: p.folder,
			Offset: int64(p.first + i), Delete: true, Unversioned: true})
	}
	return nil
}

// Size is what the deletes take.
func (p *deletePiece) Size() int { return len(p.keys) * deleteBytes }

// Release has nothing to give back.
func (p *deletePiece) Release() {}
