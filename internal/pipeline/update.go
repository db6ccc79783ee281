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
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/timespan"
)

// update is one run of a pipeline.
type update struct {
	*Runner
	opts         Options
	request      Request
	info         RunInfo
	environments []*environment
	named        map[string]*environment   // the same by source_schema
	found        *synapselink.Environments // of the container, nil before they were looked for
}

// prepare finds out what there is to do.
func (u *update) prepare(ctx context.Context) ([]*target, error) {
	targets, err := u.targets(ctx)
	if err != nil {
		return nil, err
	}
	if err := u.load(ctx, targets); err != nil {
		return nil, err
	}
	u.findMoved(targets)
	u.markFound(targets)
	if err := u.listAll(ctx, targets); err != nil {
		return nil, err
	}
	return targets, nil
}

// run brings the tables up to date: large ones one by one with all the
// processors, small ones side by side.
func (u *update) run(ctx context.Context, targets []*target) []TableResult {
	order := slices.Clone(targets)
	slices.SortStableFunc(order, func(a, b *target) int { return cmp.Compare(b.bytes, a.bytes) })
	total := int64(0)
	for _, t := range order {
		total += t.bytes
	}
	u.opts.Listener.Planned(len(order), total)

	results := map[*target]TableResult{}
	large := 0
	for large < len(order) && order[large].bytes > u.opts.Memory/largeShare {
		results[order[large]] = u.table(ctx, order[large], u.engine(1))
		large++
	}
	maps.Copy(results, u.sideBySide(ctx, order[large:]))
	list := make([]TableResult, 0, len(targets))
	for _, t := range targets {
		list = append(list, results[t])
	}
	return list
}

// largeShare of the memory is what a table has to read to be worth all the
// processors: less is done before they have got going.
const largeShare = 32

func (u *update) sideBySide(ctx context.Context, targets []*target) map[*target]TableResult {
	list := make([]TableResult, len(targets))
	engine := u.engine(max(1, min(u.opts.Workers, len(targets))))
	var group errgroup.Group
	group.SetLimit(u.opts.Workers)
	for i, t := range targets {
		group.Go(func() error {
			list[i] = u.table(ctx, t, engine)
			return nil
		})
	}
	_ = group.Wait() // errors are in the results
	results := make(map[*target]TableResult, len(targets))
	for i, t := range targets {
		results[t] = list[i]
	}
	return results
}

// engine has a share of the memory and the processors.
func (u *update) engine(sharers int) *local.Engine {
	return local.New(u.Lake, local.Options{
		Memory:    u.opts.Memory / int64(sharers),
		Workers:   max(1, u.opts.Workers/sharers),
		Temp:      u.opts.Temp,
		IndexDir:  u.opts.IndexDir,
		Clock:     u.opts.Clock,
		Log:       u.opts.Log,
		Software:  u.opts.Software,
		FileBytes: u.opts.FileBytes,
		Progress:  u.opts.Listener.Read,
	})
}

// table brings one table up to date.
func (u *update) table(ctx context.Context, t *target, engine *local.Engine) TableResult {
	began := u.opts.Clock()
	b := &bringing{update: u, target: t, engine: engine}
	b.result = TableResult{
		Table: t.name(), SourceTable: t.spec.SourceTable, SCDType: string(t.spec.Settings.SCDType),
		State: Completed, Path: u.Lake.URL(t.path()), Version: -1, Events: []Event{},
	}
	info := b.tableInfo()
	u.opts.Listener.TableBegan(info)
	if err := b.bringAnew(ctx); err != nil {
		b.result.State, b.result.Error = Failed, failure(err)
		b.add(u.failureEvent(b.name(), b.result.Error))
		b.lookAgain(ctx)
	} else {
		b.lookAfter(ctx)
	}
	b.finish()
	b.result.duration = u.opts.Clock().Sub(began)
	b.result.DurationMS = b.result.duration.Milliseconds()
	info.At = u.opts.Clock()
	u.opts.Listener.Table(info, b.result)
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
				b.tell(SourceChangedOnce, "", "a file of the export changed while it was read; the table was planned anew")
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
	snapshot, err := b.engine.Snapshot(ctx, b.path())
	if err != nil {
		return err
	}
	fresh := &target{spec: b.spec, env: b.env, snapshot: snapshot, picked: b.picked, appeared: b.appeared, labels: b.labels,
		moved: b.moved, gone: b.gone, unreadable: b.unreadable}
	again := synapselink.Listing{Current: b.env.listing.Current}
	for _, name := range b.env.listing.Ready() {
		if b.start(fresh).Digits() < name.Digits() {
			again.Closed = append(again.Closed, name)
		}
	}
	if err := b.walk(ctx, b.env, &again, []*target{fresh}, b.mainWalk()); err != nil {
		return err
	}
	late := synapselink.Listing{Current: b.env.listing.Current, Closed: b.ready}
	if err := b.walk(ctx, b.env, &late, []*target{fresh}, lateWalk(func(*target, synapselink.FolderName) bool { return true })); err != nil {
		return err
	}
	b.addRootLabels(ctx, b.env, []*target{fresh})
	b.target = fresh
	return nil
}

// finish fills in what is known when all is done.
func (b *bringing) finish() {
	b.tellCut()
	applied, _ := synapselink.ParseFolderName(b.result.Cursor) // no cursor is the zero folder
	if ready := b.env.listing.Ready(); b.result.Error == nil && len(ready) > 0 && ready[len(ready)-1].Compare(applied) > 0 {
		applied = ready[len(ready)-1] // looked through, and nothing there for it
	}
	b.result.Freshness = b.fresh(b.target, applied)
	b.tellPartial()
	if b.result.Stale && b.result.Newest != b.result.Applied {
		b.tell(TableStale, b.result.Applied, fmt.Sprintf("the newest folder in the table is %s, %s is at the source; freshness_limit is %s",
			cmp.Or(b.result.Applied, "none"), b.result.Newest, timespan.Exact(b.spec.Settings.FreshnessLimit)))
	}
	b.result.columns = columnsOf(b.columns)
}

// tableInfo names the table for listeners.
func (b *bringing) tableInfo() TableInfo {
	info := TableInfo{RunInfo: b.info, Table: b.name(), SourceTable: b.spec.SourceTable, Environment: b.spec.SourceSchema,
		Path: b.Lake.URL(b.path())}
	info.At = b.opts.Clock()
	if b.env != nil {
		info.SourceURL = b.env.export.Store.URL(b.env.export.Root)
	}
	return info
}

// lookAgain finds the version of a table that was made before the update failed.
func (b *bringing) lookAgain(ctx context.Context) {
	if b.err != nil || b.result.Version >= 0 {
		return
	}
	if snapshot, err := b.engine.Snapshot(context.WithoutCancel(ctx), b.path()); err == nil {
		b.result.Version = snapshot.Version
	}
}
