package pipeline

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Runner brings one pipeline up to date.
type Runner struct {
	Pipeline spec.Pipeline
	// Source holds the exports, Lake the tables.
	Source, Lake storage.Store
	Options      Options
}

// Options of a runner; zero values stand for the defaults in the comments.
type Options struct {
	// Memory, in bytes, of which Reserved are for the program itself; all tables
	// share the rest. Default 1 GiB, and none reserved.
	Memory, Reserved int64
	// Workers: processors that are used. Default all.
	Workers int
	// Temp is a local folder for what exceeds the memory. Default: the system's.
	Temp string
	// IndexDir is a local folder for key indexes; see local.Options.
	IndexDir string
	// Clock tells the time. Default time.Now.
	Clock func() time.Time
	Log   *slog.Logger
	// NewID names an update. Default: a random UUID.
	NewID func() string
	// Listener is told what happens.
	Listener Listener
	// FileBytes: see local.Options.
	FileBytes int64
	// Merging says when files of a table are merged.
	Merging maintain.Policy
	// BlockBytes is how much of a file is understood at a time. Default 4 MiB,
	// less when the memory is small.
	BlockBytes int
	// Memo keeps what an update found for the next one, so that one with
	// nothing to do costs next to nothing. Optional.
	Memo storage.Store
	// Software names the program in commits. Default Sluice.
	Software string
}

func (o Options) withDefaults() Options {
	o.Memory, o.Reserved = cmp.Or(o.Memory, 1<<30)-o.Reserved, 0
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	o.Listener = Listen(o.Listener)
	// A block is held about eight times: read, waiting, in work with its typed
	// columns, on each worker.
	most := max(64<<10, int(o.Memory)/16/max(1, o.Workers))
	o.BlockBytes = min(cmp.Or(o.BlockBytes, 4<<20), most)
	o.Software = cmp.Or(o.Software, "Sluice")
	return o
}

// rowShare of the memory is the most that one row may take: on its way it is held
// as it was read, and compressed.
const rowShare = 4

// largestRow is the most whatever the memory: Parquet's pages end at 2 GiB.
const largestRow = 1 << 30

// largeBlockShare of the memory is a block of which one is in work at a time. It is
// the share of a small batch, which keeps its blocks.
const largeBlockShare = 16

// source are the bounds of reading.
func (o *Options) source() synapselink.SourceOptions {
	return synapselink.SourceOptions{
		BlockBytes: o.BlockBytes,
		MaxRow:     int(min(max(o.Memory/rowShare, 1<<20), largestRow)),
		LargeBlock: int(o.Memory / largeBlockShare),
		ReadAhead:  min(1<<20, o.BlockBytes),
	}
}

// Request narrows an update.
type Request struct {
	// Tables by source name or catalog.schema.table; none means all.
	Tables []string
	// FullRefresh rebuilds the tables from the folders that are left.
	FullRefresh bool
}

// Run brings the pipeline's tables up to date. What fails is in the result.
func (r *Runner) Run(ctx context.Context, request Request) Result {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: request}
	u.info = RunInfo{Pipeline: r.Pipeline.Name, UpdateID: u.opts.NewID(), At: u.opts.Clock()}
	u.opts.Listener.RunBegan(u.info)
	result := u.nothingNew(ctx)
	if result != nil {
		u.tellUnchanged(result)
	} else {
		result = u.doRun(ctx)
	}
	result.settle()
	ended := u.info
	ended.At = u.opts.Clock()
	u.opts.Listener.RunDone(ended, *result)
	return *result
}

// doRun looks at everything and does what there is to do.
func (u *update) doRun(ctx context.Context) *Result {
	result := &Result{Name: u.Pipeline.Name, UpdateID: u.info.UpdateID, Source: []Source{}, Tables: []TableResult{}, Events: []Event{}}
	targets, err := u.prepare(ctx)
	for _, e := range u.environments {
		result.Source = append(result.Source, u.describe(e))
		result.Events = append(result.Events, u.environmentEvents(e, targets)...)
	}
	if err == nil {
		result.Tables = u.run(ctx, targets)
	} else {
		result.Error = failure(err)
		result.Events = append(result.Events, u.failureEvent("", result.Error))
	}
	if err := u.writeMemo(context.WithoutCancel(ctx), targets, result); err != nil {
		result.Events = append(result.Events, u.memoEvent(err))
	}
	for _, e := range result.Events {
		u.opts.Listener.Event(e)
	}
	return result
}

// tellUnchanged tells listeners of an update that has nothing to do.
func (u *update) tellUnchanged(result *Result) {
	u.opts.Listener.Planned(len(result.Tables), 0)
	for _, t := range result.Tables {
		info := TableInfo{RunInfo: u.info, Table: t.Table, SourceTable: t.SourceTable, Path: t.Path}
		u.opts.Listener.TableBegan(info)
		for _, e := range t.Events {
			u.opts.Listener.Event(e)
		}
		u.opts.Listener.Table(info, t)
	}
	for _, e := range result.Events {
		u.opts.Listener.Event(e)
	}
}
