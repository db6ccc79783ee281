package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/upkeep"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/timespan"
)

// update is one run of a pipeline.
type update struct {
	*work.Survey

	info report.RunInfo
}

// begin gives the update its name, and tells that it begins.
func (u *update) begin() {
	u.info = report.RunInfo{Pipeline: u.Config.Name, UpdateID: u.Options.NewID(), At: u.Options.Clock()}
	u.Options.Listener.RunBegan(u.info)
}

// run brings the tables up to date: large ones one by one with all the
// processors, small ones side by side.
func (u *update) run(ctx context.Context, targets []*work.Target) []report.TableResult {
	order := slices.Clone(targets)
	slices.SortStableFunc(order, func(a, b *work.Target) int { return cmp.Compare(b.Bytes, a.Bytes) })
	total := int64(0)
	for _, t := range order {
		total += t.Bytes
	}
	u.Options.Listener.Planned(len(order), total)

	results := map[*work.Target]report.TableResult{}
	large := 0
	for large < len(order) && order[large].Bytes > u.Options.Memory/largeShare {
		results[order[large]] = u.table(ctx, order[large], u.Engine(1))
		large++
	}
	maps.Copy(results, u.sideBySide(ctx, order[large:]))
	list := make([]report.TableResult, 0, len(targets))
	for _, t := range targets {
		list = append(list, results[t])
	}
	return list
}

// largeShare of the memory is what a table has to read to be worth all the
// processors: less is done before they have got going.
const largeShare = 32

func (u *update) sideBySide(ctx context.Context, targets []*work.Target) map[*work.Target]report.TableResult {
	list := make([]report.TableResult, len(targets))
	engine := u.Engine(max(1, min(u.Options.Workers, len(targets))))
	var group errgroup.Group
	group.SetLimit(u.Options.Workers)
	for i, t := range targets {
		group.Go(func() error {
			list[i] = u.table(ctx, t, engine)
			return nil
		})
	}
	_ = group.Wait() // errors are in the results
	results := make(map[*work.Target]report.TableResult, len(targets))
	for i, t := range targets {
		results[t] = list[i]
	}
	return results
}

// table brings one table up to date.
func (u *update) table(ctx context.Context, t *work.Target, engine *local.Engine) report.TableResult {
	began := u.Options.Clock()
	b := &bringing{update: u, Target: t, engine: engine}
	b.result = report.TableResult{
		Table: t.Name(), SourceTable: t.Spec.SourceTable, SCDType: string(t.Spec.Settings.SCDType),
		State: report.Completed, Path: u.Lake.URL(t.Path()), Version: -1, Events: []report.Event{},
	}
	info := b.tableInfo()
	u.Options.Listener.TableBegan(info)
	if err := b.bringAnew(ctx); err != nil {
		b.result.State, b.result.Error = report.Failed, report.NewFailure(err)
		b.add(b.result.Error.Event(u.Options.Clock(), b.Name()))
		b.lookAgain(ctx)
	} else {
		b.lookAfter(ctx)
	}
	b.finish()
	b.result.Duration = u.Options.Clock().Sub(began)
	b.result.DurationMS = b.result.Duration.Milliseconds()
	info.At = u.Options.Clock()
	u.Options.Listener.Table(info, b.result)
	return b.result
}

// maxPlans is how often a table is planned anew in one update because a file of
// the export changed between listing and reading.
const maxPlans = 3

// bringAnew brings the table up to date, and plans it anew when the export
// changed under its hands.
func (b *bringing) bringAnew(ctx context.Context) error {
	for plans := 1; ; plans++ {
		err := b.bring(ctx)
		if !errors.Is(err, storage.ErrChanged) || plans == maxPlans {
			if err == nil && plans > 1 {
				b.tell(report.SourceChangedOnce, "", "a file of the export changed while it was read; the table was planned anew")
			}
			return err
		}
		if err := b.planAnew(ctx); err != nil {
			return err
		}
	}
}

// planAnew looks at the table and its folders again.
func (b *bringing) planAnew(ctx context.Context) error {
	snapshot, err := b.engine.Snapshot(ctx, b.Path())
	if err != nil {
		return err
	}
	fresh, err := b.Again(ctx, snapshot)
	if err != nil {
		return err
	}
	b.Target = fresh
	return nil
}

// finish fills in what is known when all is done.
func (b *bringing) finish() {
	b.tellCut()
	applied, _ := synapselink.ParseFolderName(b.result.Cursor) // no cursor is the zero folder
	if ready := b.Env.Listing.Ready(); b.result.Error == nil && len(ready) > 0 && ready[len(ready)-1].Compare(applied) > 0 {
		applied = ready[len(ready)-1] // looked through, and nothing there for it
	}
	b.result.Freshness = b.Target.Freshness(applied)
	b.tellPartial()
	if b.result.Stale && b.result.Newest != b.result.Applied {
		b.tell(report.TableStale, b.result.Applied, fmt.Sprintf("the newest folder in the table is %s, %s is at the source; freshness_limit is %s",
			cmp.Or(b.result.Applied, "none"), b.result.Newest, timespan.Exact(b.Spec.Settings.FreshnessLimit)))
	}
	b.result.Columns = report.ColumnsOf(b.columns)
}

// tableInfo names the table for listeners.
func (b *bringing) tableInfo() report.TableInfo {
	info := report.TableInfo{RunInfo: b.info, Table: b.Name(), SourceTable: b.Spec.SourceTable, Environment: b.Spec.SourceSchema,
		Path: b.Lake.URL(b.Path())}
	info.At = b.Options.Clock()
	if b.Env != nil {
		info.SourceURL = b.Env.Export.Store.URL(b.Env.Export.Root)
	}
	return info
}

// lookAgain finds the version of a table that was made before the update failed.
func (b *bringing) lookAgain(ctx context.Context) {
	if b.Err != nil || b.result.Version >= 0 {
		return
	}
	if snapshot, err := b.engine.Snapshot(context.WithoutCancel(ctx), b.Path()); err == nil {
		b.result.Version = snapshot.Version
	}
}

// lookAfter maintains a table that the update has written to. What is wrong with it
// is no failure of the table.
func (b *bringing) lookAfter(ctx context.Context) {
	done, err := upkeep.After(ctx, b.Survey, b.engine, b.Target, &b.result)
	b.result.Version = max(b.result.Version, done.Version)
	b.result.BytesWrote += done.Merged.BytesWritten
	switch {
	case err != nil && ctx.Err() == nil:
		b.tell(report.MaintenanceFailed, "", err.Error())
	case done.Commits > 0:
		b.tell(report.TableCompacted, "", fmt.Sprintf("%d files became %d, %d dead rows are gone", done.Merged.Files, done.Merged.Written, done.Merged.Dead))
	}
}
