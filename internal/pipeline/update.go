package pipeline

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// update is one run of a pipeline.
type update struct {
	*Runner
	opts         Options
	request      Request
	environments []*environment
	found        []string // environments of the container, nil before they were looked for
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
	for _, env := range u.environments {
		var mine []*target
		for _, t := range targets {
			if t.env == env && t.err == nil {
				mine = append(mine, t)
			}
		}
		if err := u.list(ctx, env, mine); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// list finds the folders of an environment that its tables have not seen.
func (u *update) list(ctx context.Context, env *environment, targets []*target) error {
	var after synapselink.FolderName
	for i, t := range targets {
		if c := u.start(t); i == 0 || c.Compare(after) < 0 {
			after = c
		}
		if c := u.cursor(t); c.Compare(env.reached) > 0 {
			env.reached = c
		}
	}
	if err := env.list(ctx, after); err != nil {
		return err
	}
	waiting := map[string][]*target{}
	for _, t := range targets {
		name := strings.ToLower(t.spec.SourceTable)
		waiting[name] = append(waiting[name], t)
	}
	for _, name := range env.listing.Ready() {
		files, err := env.export.FolderTables(ctx, name)
		if err != nil {
			return err
		}
		for table, err := range files.Failed {
			for _, t := range waiting[strings.ToLower(table)] {
				if u.start(t).Compare(name) < 0 {
					t.parts = append(t.parts, part{folder: name, err: err})
				}
			}
		}
		for _, table := range slices.Sorted(maps.Keys(files.Tables)) {
			list := files.Tables[table]
			for _, t := range waiting[strings.ToLower(table)] {
				if u.start(t).Compare(name) < 0 {
					t.add(ctx, name, table, list)
				}
			}
		}
	}
	return nil
}

// start is the folder after which the table goes on.
func (u *update) start(t *target) synapselink.FolderName {
	if u.request.FullRefresh {
		return synapselink.FolderName{}
	}
	return u.cursor(t)
}

// add notes a folder that has rows for the table. The folder's manifest is
// looked at now, while it is at hand for all tables; columns that did not change
// since the folder before are held once.
func (t *target) add(ctx context.Context, folder synapselink.FolderName, table string, files []synapselink.File) {
	p := part{folder: folder, files: files}
	for _, f := range files {
		p.bytes += f.Size
	}
	t.bytes += p.bytes
	entity, err := t.env.export.TableSchema(ctx, folder, table)
	switch n := len(t.parts); {
	case err != nil:
		p.err = err
	case n > 0 && t.parts[n-1].entity != nil && slices.Equal(t.parts[n-1].entity.Attributes, entity.Attributes):
		p.entity = t.parts[n-1].entity
	default:
		p.entity = &entity
	}
	t.parts = append(t.parts, p)
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
	u.opts.Progress.Planned(len(order), total)

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
	engine := u.engine(u.opts.Workers)
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
		Clock:     u.opts.Clock,
		Log:       u.opts.Log,
		Software:  u.opts.Software,
		FileBytes: u.opts.FileBytes,
		Progress:  u.opts.Progress.Read,
	})
}

// table brings one table up to date.
func (u *update) table(ctx context.Context, t *target, engine *local.Engine) TableResult {
	began := u.opts.Clock()
	b := &bringing{update: u, target: t, engine: engine}
	b.result = TableResult{
		Table: t.name(), SourceTable: t.spec.SourceTable, SCDType: string(t.spec.Settings.SCDType),
		State: Completed, Path: u.Lake.URL(t.path()), Version: -1,
	}
	if err := b.bring(ctx); err != nil {
		b.result.State, b.result.Error = Failed, failure(err)
		b.lookAgain(ctx)
	}
	b.result.duration = u.opts.Clock().Sub(began)
	b.result.DurationMS = b.result.duration.Milliseconds()
	u.opts.Progress.Table(b.result)
	return b.result
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

// Duration of the table's part of the update.
func (r *TableResult) Duration() time.Duration { return r.duration }
