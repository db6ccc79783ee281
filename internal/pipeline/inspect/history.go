package inspect

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// History is the commits of one table.
type History struct {
	Table   string   `json:"table"`
	Path    string   `json:"path"`
	Commits []Commit `json:"commits"`
}

// Commit is one version of a table. Rows is null where another program wrote it.
type Commit struct {
	Version   int64             `json:"version"`
	Time      *time.Time        `json:"time"`
	Operation string            `json:"operation"`
	By        string            `json:"by"`
	Cursor    string            `json:"cursor"` // where this commit put it, if it did
	Rows      *report.Rows      `json:"rows"`
	Details   map[string]string `json:"details"`
}

// HistoryOf lists the newest commits of a table, at most limit (0: all).
func HistoryOf(ctx context.Context, p *work.Pipeline, table string, limit int) (*History, error) {
	targets, err := p.Survey(work.Request{Tables: []string{table}}).Targets(ctx)
	if err != nil {
		return nil, err
	}
	t, err := work.One(targets, table)
	if err != nil {
		return nil, err
	}
	h := &History{Table: t.Name(), Path: p.Lake.URL(t.Path()), Commits: []Commit{}}
	entries, err := delta.History(ctx, p.Lake, t.Path(), limit)
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
			if name, err := synapselink.FolderFromDigits(txn.Version); err == nil && txn.AppID == t.AppID() {
				c.Cursor = name.String()
			}
		}
		h.Commits = append(h.Commits, c)
	}
	return h, nil
}

// rowsOf reads the counts that a commit of ours carries.
func rowsOf(metrics map[string]string) *report.Rows {
	var rows report.Rows
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
