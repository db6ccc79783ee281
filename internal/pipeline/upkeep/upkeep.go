package upkeep

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
)

// Request says what is to be done to which tables.
type Request struct {
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

	Events []report.Event  `json:"events"`
	Error  *report.Failure `json:"error"`
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
	// mostFiles that a small folder adds to a table: current rows, and closed ones
	// with the tombstones. What is read besides is worth a look in any case.
	mostFiles  = 2
	smallBytes = 4 << 20
	// autoCompact is the property by which all engines are told not to merge files
	// by themselves.
	autoCompact = "delta.autoOptimize.autoCompact"
	// skewed clocks are worth a word.
	skewed = 5 * time.Minute
)

// Tables looks after tables, several side by side. What fails is in the
// results; a table that does not exist yet has version -1.
func Tables(ctx context.Context, p *work.Pipeline, q Request) ([]Maintained, error) {
	survey := p.Survey(work.Request{Tables: q.Tables})
	targets, err := survey.InLake(ctx)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, t := range targets {
		if q.Compact && t.Exists() {
			total += maintain.DueBytes(t.Snapshot, forgetBefore(t), q.Bytes)
		}
	}
	survey.Options.Listener.Planned(len(targets), total)
	workers := max(1, min(survey.Options.Workers, len(targets)))
	engine := survey.Engine(workers)
	list := make([]Maintained, len(targets))
	var group errgroup.Group
	group.SetLimit(workers)
	for i, t := range targets {
		group.Go(func() error {
			list[i] = one(ctx, survey, engine, t, q)
			survey.Options.Listener.Table(report.TableInfo{Table: t.Name()}, report.TableResult{})
			return nil
		})
	}
	_ = group.Wait() // errors are in the results
	return list, nil
}

func one(ctx context.Context, survey *work.Survey, engine *local.Engine, t *work.Target, q Request) Maintained {
	m := Maintained{Table: t.Name(), Path: survey.Lake.URL(t.Path()), Events: []report.Event{}}
	m.Version = -1
	err := t.Err
	if t.Exists() {
		err = nil // an export that cannot be read is no reason to leave the table alone
	}
	if err == nil {
		l := maintain.Limits{
			Compact: q.Compact, RewriteBytes: q.Bytes, Tries: maintainTries, Vacuum: q.Vacuum, Retention: q.Retention, Force: q.Force,
			Log: q.Log, DryRun: q.DryRun, Forget: forgetBefore(t), Progress: survey.Options.Listener.Read,
		}
		if q.Log {
			l.Checkpoint = checkpointEvery
		}
		m.Report, err = keep(ctx, survey, engine, t, l)
	}
	if err != nil {
		m.Error = report.NewFailure(err)
	}
	if m.Skew.Abs() > skewed {
		m.Events = append(m.Events, survey.Event(report.ClockSkewed, m.Table, "", fmt.Sprintf("the clock of this machine is %s off that of the storage", m.Skew.Round(time.Second))))
	}
	return m
}

// keep does what the limits say.
func keep(ctx context.Context, survey *work.Survey, engine *local.Engine, t *work.Target, l maintain.Limits) (maintain.Report, error) {
	schema, err := t.Schema()
	if err != nil {
		return maintain.Report{Version: -1}, err
	}
	l.Policy = survey.Options.Merging
	k := maintain.Keeper{Engine: engine, Lake: survey.Lake, Clock: survey.Options.Clock}
	return k.Table(ctx, t.Batch(schema, work.Step{AppID: t.AppID()}), l)
}

// forgetBefore is the folder, as digits, of which tombstones are not needed any
// more, 0 where all are: no run reads folders before it into this table. Rows that
// were set aside, and folders that were passed over, may yet come.
func forgetBefore(t *work.Target) int64 {
	cursor := t.Cursor()
	if cursor.IsZero() || quarantine.StateOf(t.Snapshot).Rows > 0 {
		return 0
	}
	horizon, _ := strconv.ParseInt(cursor.Time().UTC().Add(-rememberDeletes).Format("20060102150405"), 10, 64) // it is digits
	for _, f := range t.Skipped() {
		horizon = min(horizon, f.Digits())
	}
	return max(horizon, 0)
}

// After maintains a table that an update has written to, if it has; the result says
// what. It is bounded.
func After(ctx context.Context, survey *work.Survey, engine *local.Engine, t *work.Target, result *report.TableResult) (maintain.Report, error) {
	before := int64(-1)
	if t.Snapshot != nil {
		before = t.Snapshot.Version
	}
	none := maintain.Report{Version: result.Version}
	if result.Folders == 0 || result.Version <= before || ctx.Err() != nil {
		return none, nil //nolint:nilerr // an update that was interrupted says so itself
	}
	l := maintain.Limits{Compact: true, RewriteBytes: autoBytes, Forget: forgetBefore(t)}
	if strings.EqualFold(t.Spec.Settings.TableProperties[autoCompact], "false") {
		l.Compact = false
	}
	if before >= 0 && result.Version/cleanEvery > before/cleanEvery {
		l.Vacuum, l.Log, l.Checkpoint = true, true, checkpointEvery
	}
	l.Compact = l.Compact && (result.BytesRead > smallBytes ||
		survey.Options.Merging.MayBeDue(t.Snapshot, mostFiles*result.Folders, result.Rows.Read, l.Forget))
	if !l.Compact && !l.Vacuum {
		return none, nil
	}
	return keep(ctx, survey, engine, t, l)
}
