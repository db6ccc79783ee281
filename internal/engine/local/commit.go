package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/delta"
)

// commit makes the batch part of the table.
func (a *attempt) commit() (int64, error) {
	changes := delta.Changes{Protocol: a.protocol, Metadata: a.metadata}
	if err := a.addOutputs(&changes); err != nil {
		return 0, err
	}
	if err := a.changeFiles(&changes); err != nil {
		return 0, err
	}
	if err := a.mark(&changes); err != nil {
		return 0, err
	}
	now := a.engine.opts.Clock().UnixMilli()
	changes.Txns = append(changes.Txns, delta.Txn{AppID: a.batch.AppID, Version: a.batch.Cursor, LastUpdated: &now})
	serial, changed, err := a.writeSide()
	if err != nil {
		return 0, err
	}
	if changed {
		changes.Txns = append(changes.Txns, delta.Txn{AppID: tombstoneAppID, Version: serial, LastUpdated: &now})
	}
	if err := a.seal(&changes, now); err != nil {
		return 0, err
	}
	changes.Info = a.info(&changes)
	outcome, err := a.commitChanges(a.ctx, changes)
	// What became part of the table, or may have, must stay.
	a.done = err == nil || errors.Is(err, ErrUnknownOutcome)
	if err != nil {
		return 0, err
	}
	a.updateIndex(outcome.Snapshot, &changes)
	a.checkpoint(outcome.Snapshot)
	for _, path := range a.unused {
		// It is in no commit; what stays goes with the next vacuum.
		_ = a.engine.lake.Delete(a.ctx, path)
	}
	return outcome.Version, nil
}

// seal adds what the caller has to say in the same commit.
func (a *attempt) seal(changes *delta.Changes, now int64) error {
	if a.batch.Seal == nil {
		return nil
	}
	sealed, err := a.batch.Seal(a.ctx, a.base)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(sealed.Txns)) {
		changes.Txns = append(changes.Txns, delta.Txn{AppID: id, Version: sealed.Txns[id], LastUpdated: &now})
	}
	a.counts.Quarantined = sealed.Quarantined
	a.counts.Read += sealed.Quarantined
	return nil
}

// commitChanges turns the outcomes of a commit into what Apply does about them.
func (a *attempt) commitChanges(ctx context.Context, changes delta.Changes) (delta.Outcome, error) {
	outcome, err := delta.Commit(ctx, a.base, changes, delta.CommitOptions{Clock: a.engine.opts.Clock, EngineInfo: a.engine.opts.Software})
	switch outcome.Kind {
	case delta.Committed:
		return outcome, nil // with an error it has no snapshot, but committed it is
	case delta.Conflicted:
		if outcome.Reason.Kind == delta.AppIDMoved {
			return outcome, fmt.Errorf("%w: %s; only one may run at a time", ErrConcurrent, a.base.URL())
		}
		return outcome, &conflictError{outcome.Reason.String()}
	case delta.Unknown:
		return outcome, fmt.Errorf("%w: %s: %w; run again, the table tells then", ErrUnknownOutcome, a.base.URL(), err)
	default:
		return outcome, err
	}
}

// checkpoint writes one where it is due. The table is right without it, so
// failing to write one fails nothing.
func (a *attempt) checkpoint(s *delta.Snapshot) {
	if s == nil || s.Version == 0 || s.Version%a.engine.opts.CheckpointEvery != 0 {
		return
	}
	if err := delta.WriteCheckpoint(a.ctx, s, a.engine.opts.Clock()); err != nil {
		a.engine.opts.Log.Warn("no checkpoint was written", "table", a.batch.Table, "version", s.Version, "error", err)
	}
}

// addOutputs adds the data files of this batch that have something to tell.
func (a *attempt) addOutputs(changes *delta.Changes) error {
	for _, h := range a.holders {
		o := h.output
		if o == nil {
			continue
		}
		a.written += o.info.Bytes
		if int64(h.dead.GetCardinality()) == o.rows && !o.tombstones {
			a.unused = append(a.unused, o.path)
			continue
		}
		add, err := a.addOf(o)
		if err != nil {
			return err
		}
		if h.dead.IsEmpty() {
			changes.Adds = append(changes.Adds, add)
		} else {
			a.marks = append(a.marks, mark{add, h.dead})
		}
	}
	return nil
}

// mark is a file that the commit adds with a vector of its dead rows.
type mark struct {
	add  delta.Add
	dead *roaring64.Bitmap
}

// mark writes the vectors of the commit, all into one file.
func (a *attempt) mark(changes *delta.Changes) error {
	if len(a.marks) == 0 {
		return nil
	}
	dead := make([]*roaring64.Bitmap, len(a.marks))
	for i := range a.marks {
		dead[i] = a.marks[i].dead
	}
	id := uuid.New()
	a.willCreate(a.path(delta.VectorFileName(id)))
	vectors, err := delta.WriteVectors(a.ctx, a.engine.lake, a.batch.Table, id, dead)
	if err != nil {
		return err
	}
	for i := range a.marks {
		add, err := a.marks[i].add.WithVector(&vectors[i])
		if err != nil {
			return err
		}
		changes.Adds = append(changes.Adds, add)
	}
	return nil
}

func (a *attempt) addOf(o *output) (delta.Add, error) {
	text, err := delta.NewStats(a.layout.table, o.info.Rows, o.info.Columns, a.indexedColumns()).Encode()
	if err != nil {
		return delta.Add{}, err
	}
	return delta.Add{
		Path: o.name, PartitionValues: map[string]*string{}, Size: o.info.Bytes,
		ModificationTime: a.engine.opts.Clock().UnixMilli(), DataChange: true, Stats: text,
	}, nil
}

// indexedColumns is how many columns have bounds in the stats.
func (a *attempt) indexedColumns() int {
	if a.metadata != nil {
		return a.metadata.StatsColumns()
	}
	return a.base.Metadata.StatsColumns()
}

// changeFiles removes the files that end with this batch, and gives those that
// lost rows their new vectors.
func (a *attempt) changeFiles(changes *delta.Changes) error {
	now := a.engine.opts.Clock()
	if a.batch.Replace {
		for _, add := range a.base.Files() {
			changes.Removes = append(changes.Removes, delta.NewRemove(add, now, true))
		}
		return nil
	}
	for i, h := range a.holders {
		if h.file == nil || h.dead.IsEmpty() {
			continue
		}
		changes.Removes = append(changes.Removes, delta.NewRemove(h.file.add, now, true))
		all := roaring64.Or(h.dead, orEmpty(h.file.vector))
		if int64(all.GetCardinality()) == h.file.rows {
			if stays, err := a.hasTombstones(i); err != nil || !stays {
				if err != nil {
					return err
				}
				continue
			}
		}
		add, err := readdable(h.file)
		if err != nil {
			return err
		}
		a.marks = append(a.marks, mark{add, all})
	}
	return nil
}

func orEmpty(b *roaring64.Bitmap) *roaring64.Bitmap {
	if b == nil {
		return roaring64.New()
	}
	return b
}

// readdable is the add of a file of the table for another vector. A file that
// another program added without statistics gets the number of its rows, which a
// vector needs.
func readdable(f *tableFile) (delta.Add, error) {
	add := f.add
	add.DataChange = true
	if stats, err := delta.ParseStats(add.Stats); err == nil && stats.NumRecords > 0 {
		return add, nil
	}
	text, err := delta.Stats{NumRecords: f.rows}.Encode()
	add.Stats = text
	return add, err
}

// hasTombstones reports whether a file of the table holds any. A file that does
// must stay although none of its rows is alive.
func (a *attempt) hasTombstones(holder int) (bool, error) {
	h := a.holders[holder]
	if !a.vectors {
		return false, nil // they have moved to the side file
	}
	if h.file.tombstones {
		return true, nil
	}
	file, done, err := a.openFile(h)
	if err != nil {
		return false, err
	}
	defer done()
	column := batch.Schema{a.layout.full[a.layout.tombst]}
	found := errors.New("found")
	for g := range file.RowGroups() {
		err := file.ReadChunks(g, column, copyRows, func(rows *batch.Batch) error {
			if len(rows.Cols[0].Ints) > 0 {
				return found
			}
			return nil
		})
		if errors.Is(err, found) {
			return true, nil
		}
		if err != nil {
			return false, fmt.Errorf("looking for tombstones in data file %s: %w", a.holderPath(holder), err)
		}
	}
	return false, nil
}

// Keys of a commit's operationMetrics, for those who read them back.
const (
	MetricRead        = "numSourceRows"
	MetricUpserted    = "numUpsertedRows"
	MetricDeleted     = "numDeletedRows"
	MetricSuperseded  = "numSupersededRows"
	MetricQuarantined = "numQuarantinedRows"
)

// info says in the log what the commit did.
func (a *attempt) info(changes *delta.Changes) delta.CommitInfo {
	operation := "MERGE"
	if a.batch.Replace {
		operation = "REPLACE TABLE"
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return delta.CommitInfo{Operation: operation, Parameters: a.parameters(), Metrics: map[string]string{
		MetricRead:         number(a.counts.Read),
		MetricUpserted:     number(a.counts.Upserted),
		MetricDeleted:      number(a.counts.Deleted),
		MetricSuperseded:   number(a.counts.Superseded),
		MetricQuarantined:  number(a.counts.Quarantined),
		"numAddedFiles":    number(int64(len(changes.Adds))),
		"numRemovedFiles":  number(int64(len(changes.Removes))),
		"numOutputBytes":   number(a.written),
		"executionTimeMs":  number(a.engine.opts.Clock().Sub(a.started).Milliseconds()),
		"numRewrittenRows": number(a.rewritten),
	}}
}

// parameters say in the log what the commit was asked to do.
func (a *attempt) parameters() map[string]string {
	parameters := map[string]string{"scdType": "SCD_TYPE_" + strconv.Itoa(int(a.batch.Type))}
	maps.Copy(parameters, a.batch.Parameters)
	return parameters
}
