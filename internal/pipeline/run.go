package pipeline

import (
	"context"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// Run brings the pipeline's tables up to date. What fails is in the result.
func Run(ctx context.Context, p *work.Pipeline, request work.Request) report.Result {
	u := &update{Survey: p.Survey(request)}
	u.begin()
	result := u.nothingNew(ctx)
	if result != nil {
		u.tellUnchanged(result)
	} else {
		result = u.doRun(ctx)
	}
	result.Settle()
	ended := u.info
	ended.At = u.Options.Clock()
	u.Options.Listener.RunDone(ended, *result)
	return *result
}

// doRun looks at everything and does what there is to do.
func (u *update) doRun(ctx context.Context) *report.Result {
	result := &report.Result{Name: u.Config.Name, UpdateID: u.info.UpdateID, Source: []report.Source{}, Tables: []report.TableResult{}, Events: []report.Event{}}
	if u.Request.FullRefresh {
		u.forget(ctx) // a run beside this one, or after its end, is to look at the tables
	}
	targets, err := u.Prepare(ctx)
	for _, e := range u.Environments {
		result.Source = append(result.Source, u.Describe(e))
		result.Events = append(result.Events, u.EventsOf(e, targets)...)
	}
	if err == nil {
		result.Tables = u.run(ctx, targets)
	} else {
		result.Error = report.NewFailure(err)
		result.Events = append(result.Events, result.Error.Event(u.Options.Clock(), ""))
	}
	if err := u.writeMemo(context.WithoutCancel(ctx), targets, result); err != nil {
		result.Events = append(result.Events, u.memoEvent(err))
	}
	for _, e := range result.Events {
		u.Options.Listener.Event(e)
	}
	return result
}

// tellUnchanged tells listeners of an update that has nothing to do.
func (u *update) tellUnchanged(result *report.Result) {
	u.Options.Listener.Planned(len(result.Tables), 0)
	for _, t := range result.Tables {
		info := report.TableInfo{RunInfo: u.info, Table: t.Table, SourceTable: t.SourceTable, Path: t.Path}
		u.Options.Listener.TableBegan(info)
		for _, e := range t.Events {
			u.Options.Listener.Event(e)
		}
		u.Options.Listener.Table(info, t)
	}
	for _, e := range result.Events {
		u.Options.Listener.Event(e)
	}
}
