package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
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
func (r *Runner) DiscardQuarantine(ctx context.Context, table string, place Place) (*Discarded, error) {
	u, t, err := r.oneInLake(ctx, table)
	if err != nil {
		return nil, err
	}
	d := &Discarded{Table: t.name(), Left: quarantine.StateOf(t.snapshot).Rows, Version: t.snapshot.Version}
	if d.Left == 0 {
		if place.IsAll() {
			return d, nil
		}
		return nil, fmt.Errorf("%w: %s has none", ErrNoRow, t.name())
	}
	b := &bringing{update: u, target: t, engine: u.engine(1)}
	if err := b.checkKeeper(); err != nil {
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
func (b *bringing) apartFromRuns() step {
	return step{appID: b.appID(b.target) + "/quarantine", cursor: b.snapshot.Version + 1, reached: b.cursor(b.target)}
}

// discard commits nothing but the quarantine without the rows that a place means.
func (b *bringing) discard(ctx context.Context, place Place) (discarded int64, err error) {
	columns, err := b.schema()
	if err != nil {
		return 0, err
	}
	before := quarantine.StateOf(b.snapshot)
	file := b.quarantineFile()
	work := b.newBatch(columns, b.apartFromRuns())
	work.Parameters["quarantine"] = "discard"
	work.Seal = func(ctx context.Context, base *delta.Snapshot) (local.Sealed, error) {
		if quarantine.StateOf(base) != before {
			return local.Sealed{}, errQuarantineMoved
		}
		keep := func(e *quarantine.Entry) bool { return !place.is(e) }
		if place.IsAll() {
			keep = nil // it may be damaged
		}
		after, err := file.write(ctx, before, keep, nil)
		if err == nil && after.Rows == before.Rows {
			err = fmt.Errorf("%w: %s has %d rows in it", ErrNoRow, b.name(), before.Rows)
		}
		discarded = before.Rows - after.Rows
		work.Parameters["discardedRows"] = strconv.FormatInt(discarded, 10)
		return local.Sealed{Txns: withTxns(nil, after)}, err
	}
	result, err := b.engine.Apply(ctx, work)
	if err == nil && result.Skipped {
		err = errQuarantineMoved
	}
	file.settle(ctx, err)
	b.note(result.Version, b.cursor(b.target))
	return discarded, err
}

// errQuarantineMoved: a run added to the quarantine meanwhile.
var errQuarantineMoved = fmt.Errorf("%w: the quarantine changed meanwhile; run again", local.ErrConcurrent)
