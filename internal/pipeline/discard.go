package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// Discarded says what became of a quarantine.
type Discarded struct {
	Table     string `json:"table"`
	Discarded int64  `json:"discarded"`
	Left      int64  `json:"left"`
	Version   int64  `json:"table_version"`
}

// DiscardQuarantine drops rows of a table's quarantine for good. The commit says
// how many.
func DiscardQuarantine(ctx context.Context, p *work.Pipeline, table string, place quarantine.Place) (*Discarded, error) {
	u := &update{Survey: p.Survey(work.Request{Tables: []string{table}})}
	t, err := u.OneInLake(ctx, table)
	if err != nil {
		return nil, err
	}
	d := &Discarded{Table: t.Name(), Left: quarantine.StateOf(t.Snapshot).Rows, Version: t.Snapshot.Version}
	if d.Left == 0 {
		if place.IsAll() {
			return d, nil
		}
		return nil, fmt.Errorf("%w: %s has none", quarantine.ErrNoRow, t.Name())
	}
	b := &bringing{update: u, Target: t, engine: u.Engine(1)}
	if err := b.CheckKeeper(); err != nil {
		return nil, err
	}
	if d.Discarded, err = b.discard(ctx, place); err != nil {
		return nil, err
	}
	d.Left, d.Version = d.Left-d.Discarded, b.result.Version
	u.forget(ctx)
	return d, nil
}

// apartFromRuns is a commit that leaves the cursor alone. Its own cursor is the
// version that it makes: others that do the same at the same time are told apart.
func (b *bringing) apartFromRuns() work.Step {
	return work.Step{AppID: b.AppID() + "/quarantine", Cursor: b.Snapshot.Version + 1, Reached: b.Cursor()}
}

// discard commits nothing but the quarantine without the rows that a place means.
func (b *bringing) discard(ctx context.Context, place quarantine.Place) (discarded int64, err error) {
	columns, err := b.Schema()
	if err != nil {
		return 0, err
	}
	before := quarantine.StateOf(b.Snapshot)
	file := b.quarantineFile()
	task := b.Batch(columns, b.apartFromRuns())
	task.Parameters["quarantine"] = "discard"
	task.Seal = func(ctx context.Context, base *delta.Snapshot) (local.Sealed, error) {
		if quarantine.StateOf(base) != before {
			return local.Sealed{}, errQuarantineMoved
		}
		keep := func(e *quarantine.Entry) bool { return !place.Means(e) }
		if place.IsAll() {
			keep = nil // it may be damaged
		}
		after, err := file.write(ctx, before, keep, nil)
		if err == nil && after.Rows == before.Rows {
			err = fmt.Errorf("%w: rows in the quarantine of %s: %d", quarantine.ErrNoRow, b.Name(), before.Rows)
		}
		discarded = before.Rows - after.Rows
		task.Parameters["discardedRows"] = strconv.FormatInt(discarded, 10)
		return local.Sealed{Txns: withTxns(nil, after)}, err
	}
	result, err := b.engine.Apply(ctx, task)
	if err == nil && result.Skipped {
		err = errQuarantineMoved
	}
	file.settle(ctx, err)
	b.note(result.Version, b.Cursor())
	return discarded, err
}

// errQuarantineMoved: a run added to the quarantine meanwhile.
var errQuarantineMoved = fmt.Errorf("%w: the quarantine changed meanwhile; run again", local.ErrConcurrent)
