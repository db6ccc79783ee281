package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// Codes of events of maintenance.
const (
	TableCompacted    = "TABLE_COMPACTED"
	MaintenanceFailed = "MAINTENANCE_FAILED"
	ClockSkewed       = "CLOCK_SKEWED"
)

// MaintainRequest says what is to be done to which tables.
type MaintainRequest struct {
	// Tables by source name or catalog.schema.table; none means all.
	Tables []string
	// Which parts: merge files, remove files, clean the log. A checkpoint belongs
	// to the log.
	Compact, Vacuum, Log bool
	// Bytes of data files that are read for merging, in each table; 0: all that is
	// due.
	Bytes int64
	// Retention of removed files; 0: that of the table. Force allows a shorter one.
	Retention time.Duration
	Force     bool
	// DryRun says what would be done.
	DryRun bool
}

// Maintained is what was done to one table.
type Maintained struct {
	Table string `json:"table"`
	Path  string `json:"path"`
	maintain.Report

	Events []Event  `json:"events"`
	Error  *Failure `json:"error"`
}

const (
	// tries of a merge that others overtake, when somebody waits for it.
	maintainTries = 3
	// checkpointEvery: a checkpoint that is so far behind is written.
	checkpointEvery = 20
	// rememberDeletes is how long before its cursor a table remembers deletes: a
	// folder can bring an older change of a key for that long.
	rememberDeletes = 30 * 24 * time.Hour
	// autoBytes bounds what a table rewrites after an update, a few seconds.
	autoBytes = 256 << 20
	// cleanEvery is how many versions lie between two looks at a table's folder in
	// updates.
	cleanEvery = 100
	// autoCompact is the property by which all engines are told not to merge files
	// by themselves.
	autoCompact = "delta.autoOptimize.autoCompact"
	// skewed clocks are worth a word.
	skewed = 5 * time.Minute
)

// Maintain looks after tables, several side by side. What fails is in the
// results; a table that does not exist yet has version -1.
func (r *Runner) Maintain(ctx context.Context, q MaintainRequest) ([]Maintained, error) {
	u, targets, err := r.inLake(ctx, Request{Tables: q.Tables})
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, t := range targets {
		if q.Compact && t.exists() {
			total += maintain.DueBytes(t.snapshot, u.forgetBefore(t), q.Bytes)
		}
	}
	u.opts.Listener.Planned(len(targets), total)
	workers := max(1, min(u.opts.Workers, len(targets)))
	engine := u.engine(workers)
	list := make([]Maintained, len(targets))
	var group errgroup.Group
	group.SetLimit(workers)
	for i, t := range targets {
		group.Go(func() error {
			list[i] = u.maintain(ctx, engine, t, q)
			u.opts.Listener.Table(TableInfo{Table: t.name()}, TableResult{})
			return nil
		})
	}
	_ = group.Wait() // errors are in the results
	return list, nil
}

func (u *update) maintain(ctx context.Context, engine *local.Engine, t *target, q MaintainRequest) Maintained {
	m := Maintained{Table: t.name(), Path: u.Lake.URL(t.path()), Events: []Event{}}
	m.Version = -1
	err := t.err
	if t.exists() {
		err = nil // an export that cannot be read is no reason to leave the table alone
	}
	if err == nil {
		l := maintain.Limits{
			Compact: q.Compact, RewriteBytes: q.Bytes, Tries: maintainTries, Vacuum: q.Vacuum, Retention: q.Retention, Force: q.Force,
			Log: q.Log, DryRun: q.DryRun, Forget: u.forgetBefore(t), Progress: u.opts.Listener.Read,
		}
		if q.Log {
			l.Checkpoint = checkpointEvery
		}
		m.Report, err = u.keep(ctx, engine, t, l)
	}
	if err != nil {
		m.Error = failure(err)
	}
	if m.Skew.Abs() > skewed {
		m.Events = append(m.Events, u.event(ClockSkewed, m.Table, "", fmt.Sprintf("the clock of this machine is %s off that of the storage", m.Skew.Round(time.Second))))
	}
	return m
}

// keep does what the limits say.
func (u *update) keep(ctx context.Context, engine *local.Engine, t *target, l maintain.Limits) (maintain.Report, error) {
	b := &bringing{update: u, target: t, engine: engine}
	schema, err := t.schema()
	if err != nil {
		return maintain.Report{Version: -1}, err
	}
	l.Policy = u.opts.Merging
	k := maintain.Keeper{Engine: engine, Lake: u.Lake, Clock: u.opts.Clock}
	return k.Table(ctx, b.newBatch(schema, step{appID: u.appID(t)}), l)
}

// lookAfter maintains a table that the update has written to. It is bounded, and
// what is wrong with it is no failure of the table.
func (b *bringing) lookAfter(ctx context.Context) {
	before := int64(-1)
	if b.snapshot != nil {
		before = b.snapshot.Version
	}
	if b.result.Folders == 0 || b.result.Version <= before || ctx.Err() != nil {
		return
	}
	l := maintain.Limits{Compact: true, RewriteBytes: autoBytes, Forget: b.forgetBefore(b.target)}
	if strings.EqualFold(b.spec.Settings.TableProperties[autoCompact], "false") {
		l.Compact = false
	}
	if before >= 0 && b.result.Version/cleanEvery > before/cleanEvery {
		l.Vacuum, l.Log, l.Checkpoint = true, true, checkpointEvery
	}
	if !l.Compact && !l.Vacuum {
		return
	}
	report, err := b.keep(ctx, b.engine, b.target, l)
	b.result.Version = max(b.result.Version, report.Version)
	b.result.BytesWrote += report.Merged.BytesWritten
	switch {
	case err != nil && ctx.Err() == nil:
		b.tell(MaintenanceFailed, "", err.Error())
	case report.Commits > 0:
		b.tell(TableCompacted, "", fmt.Sprintf("%d files became %d, %d dead rows are gone", report.Merged.Files, report.Merged.Written, report.Merged.Dead))
	}
}

// forgetBefore is the folder, as digits, of which tombstones are not needed any
// more, 0 where all are: no run reads folders before it into this table. Rows that
// were set aside, and folders that were passed over, may yet come.
func (r *Runner) forgetBefore(t *target) int64 {
	cursor := r.cursor(t)
	if cursor.IsZero() || quarantine.StateOf(t.snapshot).Rows > 0 {
		return 0
	}
	horizon, _ := strconv.ParseInt(cursor.Time().UTC().Add(-rememberDeletes).Format("20060102150405"), 10, 64) // it is digits
	for _, f := range r.skipped(t) {
		horizon = min(horizon, f.Digits())
	}
	return max(horizon, 0)
}
