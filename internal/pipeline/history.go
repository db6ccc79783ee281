package pipeline

import (
	"context"
	"errors"
	"strconv"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// History lists the newest commits of a table, at most limit (0: all).
func (r *Runner) History(ctx context.Context, table string, limit int) (*History, error) {
	t, err := r.one(ctx, table)
	if err != nil {
		return nil, err
	}
	h := &History{Table: t.name(), Path: r.Lake.URL(t.path()), Commits: []Commit{}}
	entries, err := delta.History(ctx, r.Lake, t.path(), limit)
	if errors.Is(err, delta.ErrNoTable) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		c := Commit{Version: e.Version, Operation: e.Operation, By: e.EngineInfo, Rows: rowsOf(e.Metrics), Details: e.Parameters}
		if !e.Time.IsZero() {
			c.Time = &e.Time
		}
		for _, txn := range e.Txns {
			if name, err := synapselink.FolderFromDigits(txn.Version); err == nil && txn.AppID == r.appID(t) {
				c.Cursor = name.String()
			}
		}
		h.Commits = append(h.Commits, c)
	}
	return h, nil
}

// rowsOf reads the counts that a commit of ours carries.
func rowsOf(metrics map[string]string) *Rows {
	var rows Rows
	for key, to := range map[string]*int64{
		local.MetricRead: &rows.Read, local.MetricUpserted: &rows.Upserted,
		local.MetricDeleted: &rows.Deleted, local.MetricSuperseded: &rows.Superseded,
	} {
		n, err := strconv.ParseInt(metrics[key], 10, 64)
		if err != nil {
			return nil
		}
		*to = n
	}
	rows.Quarantined, _ = strconv.ParseInt(metrics[local.MetricQuarantined], 10, 64) // commits before it had a count have none
	return &rows
}

// one finds the single table that a user names.
func (r *Runner) one(ctx context.Context, name string) (*target, error) {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: Request{Tables: []string{name}}}
	targets, err := u.targets(ctx)
	if err != nil {
		return nil, err
	}
	return single(targets, name)
}
