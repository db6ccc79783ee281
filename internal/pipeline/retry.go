package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// RetryQuarantine reads the rows that were set aside again, as the configuration
// now wants them, and applies those that can be read: in one commit to each table,
// which takes them out of the quarantine. Changes are ordered for each key, so it
// does not matter how late a row comes. Of tables without rows set aside there is
// no result. The export is not read.
func (r *Runner) RetryQuarantine(ctx context.Context, request Request) Result {
	result := Result{Name: r.Pipeline.Name, Source: []Source{}, Tables: []TableResult{}, Events: []Event{}}
	u, targets, err := r.inLake(ctx, request)
	if err != nil {
		result.Error = failure(err)
		result.settle()
		return result
	}
	u.info = RunInfo{Pipeline: r.Pipeline.Name, UpdateID: u.opts.NewID(), At: u.opts.Clock()}
	result.UpdateID = u.info.UpdateID
	u.opts.Listener.RunBegan(u.info)
	engine := u.engine(1)
	for _, t := range targets {
		if t.err != nil || quarantine.StateOf(t.snapshot).Rows > 0 {
			result.Tables = append(result.Tables, u.retry(ctx, t, engine))
		}
	}
	result.settle()
	u.forget(ctx)
	ended := u.info
	ended.At = u.opts.Clock()
	u.opts.Listener.RunDone(ended, result)
	return result
}

// retry tries the rows of one table.
func (u *update) retry(ctx context.Context, t *target, engine *local.Engine) TableResult {
	began := u.opts.Clock()
	b := &bringing{update: u, target: t, engine: engine}
	b.result = TableResult{
		Table: t.name(), SourceTable: t.spec.SourceTable, SCDType: string(t.spec.Settings.SCDType),
		State: Completed, Path: u.Lake.URL(t.path()), Version: -1, Events: []Event{},
	}
	info := b.tableInfo()
	u.opts.Listener.TableBegan(info)
	err := t.err
	if err == nil {
		b.note(t.snapshot.Version, u.cursor(t))
		err = b.retryRows(ctx)
	}
	if err != nil {
		b.result.State, b.result.Error = Failed, failure(err)
		b.add(u.failureEvent(b.name(), b.result.Error))
	}
	b.result.columns = columnsOf(b.columns)
	b.result.duration = u.opts.Clock().Sub(began)
	b.result.DurationMS = b.result.duration.Milliseconds()
	info.At = u.opts.Clock()
	u.opts.Listener.Table(info, b.result)
	return b.result
}

func (b *bringing) retryRows(ctx context.Context) error {
	if err := b.checkKeeper(); err != nil {
		return err
	}
	r := &retrying{bringing: b, ctx: ctx, before: quarantine.StateOf(b.snapshot), file: b.quarantineFile(), spool: b.spool()}
	if err := r.look(ctx); err != nil {
		return err
	}
	r.result.SetAside = r.before.Rows
	if r.tried == 0 {
		r.tell(QuarantineRowsLeft, "", rowsWere(r.before.Rows, "not tried")+r.untriedText())
		return nil
	}
	work := b.newBatch(r.schema, b.apartFromRuns())
	work.Bytes, work.Open, work.Seal = r.bytes, r.open, r.seal
	work.Parameters["quarantine"] = "retry"
	r.parameters = work.Parameters
	began := b.opts.Clock()
	result, err := b.engine.Apply(ctx, work)
	if err == nil && result.Skipped {
		err = errQuarantineMoved
	}
	first := r.spool.First()
	r.file.settle(ctx, err)
	if cerr := r.spool.Close(); cerr != nil {
		b.opts.Log.Warn("bad rows that were kept aside could not be removed", "table", b.name(), "error", cerr)
	}
	if err != nil && !errors.Is(err, errNoneSolved) {
		return err
	}
	rows := Rows{Read: result.Counts.Read, Upserted: result.Counts.Upserted, Deleted: result.Counts.Deleted,
		Superseded: result.Counts.Superseded, Quarantined: result.Counts.Quarantined}
	if err != nil {
		rows = Rows{Read: r.tried, Quarantined: r.tried}
	} else {
		b.columns = r.schema
		b.note(result.Version, b.cursor(b.target))
		b.opts.Listener.Commit(b.tableInfo(), CommitInfo{Version: result.Version, Rows: rows,
			BytesWritten: result.BytesWritten, Began: began, Ended: b.opts.Clock()})
	}
	b.result.Rows.add(rows)
	b.result.BytesWrote += result.BytesWritten
	r.report(rows, first)
	return nil
}

// report tells what became of the rows.
func (r *retrying) report(rows Rows, first *quarantine.Row) {
	if solved := rows.Read - rows.Quarantined; solved > 0 {
		text := rowsWere(solved, "applied that had been set aside")
		if rows.Superseded > 0 {
			text += fmt.Sprintf("; %d of them changed nothing, as newer changes of their keys are in the table", rows.Superseded)
		}
		r.tell(QuarantineRowsSolved, "", text)
	}
	left := r.before.Rows - (rows.Read - rows.Quarantined)
	r.result.SetAside = left
	if left == 0 {
		return
	}
	r.tell(QuarantineRowsLeft, "", rowsWere(left, "left set aside")+firstOf(left, first)+r.untriedText())
}
