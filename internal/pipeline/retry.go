package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// RetryQuarantine reads the rows that were set aside again, as the configuration
// now wants them, and applies those that can be read: in one commit to each table,
// which takes them out of the quarantine. Changes are ordered for each key, so it
// does not matter how late a row comes. Of tables without rows set aside there is
// no result. The export is not read.
func RetryQuarantine(ctx context.Context, p *work.Pipeline, request work.Request) report.Result {
	result := report.Result{Name: p.Config.Name, Source: []report.Source{}, Tables: []report.TableResult{}, Events: []report.Event{}}
	u := &update{Survey: p.Survey(request)}
	targets, err := u.InLake(ctx)
	if err != nil {
		result.Error = report.NewFailure(err)
		result.Settle()
		return result
	}
	u.begin()
	result.UpdateID = u.info.UpdateID
	engine := u.Engine(1)
	for _, t := range targets {
		if t.Err != nil || quarantine.StateOf(t.Snapshot).Rows > 0 {
			result.Tables = append(result.Tables, u.retry(ctx, t, engine))
		}
	}
	result.Settle()
	u.forget(ctx)
	ended := u.info
	ended.At = u.Options.Clock()
	u.Options.Listener.RunDone(ended, result)
	return result
}

// retry tries the rows of one table.
func (u *update) retry(ctx context.Context, t *work.Target, engine *local.Engine) report.TableResult {
	began := u.Options.Clock()
	b := &bringing{update: u, Target: t, engine: engine}
	b.result = report.TableResult{
		Table: t.Name(), SourceTable: t.Spec.SourceTable, SCDType: string(t.Spec.Settings.SCDType),
		State: report.Completed, Path: u.Lake.URL(t.Path()), Version: -1, Events: []report.Event{},
	}
	info := b.tableInfo()
	u.Options.Listener.TableBegan(info)
	err := t.Err
	if err == nil {
		b.note(t.Snapshot.Version, t.Cursor())
		err = b.retryRows(ctx)
	}
	if err != nil {
		b.result.State, b.result.Error = report.Failed, report.NewFailure(err)
		b.add(b.result.Error.Event(u.Options.Clock(), b.Name()))
	}
	b.result.Columns = report.ColumnsOf(b.columns)
	b.result.Duration = u.Options.Clock().Sub(began)
	b.result.DurationMS = b.result.Duration.Milliseconds()
	info.At = u.Options.Clock()
	u.Options.Listener.Table(info, b.result)
	return b.result
}

func (b *bringing) retryRows(ctx context.Context) error {
	if err := b.CheckKeeper(); err != nil {
		return err
	}
	r := &retrying{bringing: b, ctx: ctx, before: quarantine.StateOf(b.Snapshot), file: b.quarantineFile(), spool: b.spool()}
	if err := r.look(ctx); err != nil {
		return err
	}
	r.result.SetAside = r.before.Rows
	if r.tried == 0 {
		r.tell(report.QuarantineRowsLeft, "", rowsWere(r.before.Rows, "not tried")+r.untriedText())
		return nil
	}
	task := b.Batch(r.schema, b.apartFromRuns())
	task.Bytes, task.Open, task.Seal = r.bytes, r.open, r.seal
	task.Parameters["quarantine"] = "retry"
	r.parameters = task.Parameters
	began := b.Options.Clock()
	result, err := b.engine.Apply(ctx, task)
	if err == nil && result.Skipped {
		err = errQuarantineMoved
	}
	first := r.spool.First()
	r.file.settle(ctx, err)
	if cerr := r.spool.Close(); cerr != nil {
		b.Options.Log.Warn("bad rows that were kept aside could not be removed", "table", b.Name(), "error", cerr)
	}
	if err != nil && !errors.Is(err, errNoneSolved) {
		return err
	}
	rows := report.Rows{Read: result.Counts.Read, Upserted: result.Counts.Upserted, Deleted: result.Counts.Deleted,
		Superseded: result.Counts.Superseded, Quarantined: result.Counts.Quarantined}
	if err != nil {
		rows = report.Rows{Read: r.tried, Quarantined: r.tried}
	} else {
		b.columns = r.schema
		b.note(result.Version, b.Cursor())
		b.Options.Listener.Commit(b.tableInfo(), report.CommitInfo{Version: result.Version, Rows: rows,
			BytesWritten: result.BytesWritten, Began: began, Ended: b.Options.Clock()})
	}
	b.result.Rows.Add(rows)
	b.result.BytesWrote += result.BytesWritten
	r.report(rows, first)
	return nil
}

// report tells what became of the rows.
func (r *retrying) report(rows report.Rows, first *quarantine.Row) {
	if solved := rows.Read - rows.Quarantined; solved > 0 {
		text := rowsWere(solved, "applied that had been set aside")
		if rows.Superseded > 0 {
			text += fmt.Sprintf("; %d of them changed nothing, as newer changes of their keys are in the table", rows.Superseded)
		}
		r.tell(report.QuarantineRowsSolved, "", text)
	}
	left := r.before.Rows - (rows.Read - rows.Quarantined)
	r.result.SetAside = left
	if left == 0 {
		return
	}
	r.tell(report.QuarantineRowsLeft, "", rowsWere(left, "left set aside")+firstOf(left, first)+r.untriedText())
}
