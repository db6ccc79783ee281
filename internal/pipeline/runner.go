package pipeline

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/google/uuid"

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
	// Memory, in bytes, that all tables share. Default 1 GiB.
	Memory int64
	// Workers: processors that are used. Default all.
	Workers int
	// Temp is a local folder for what exceeds the memory. Default: the system's.
	Temp string
	// Clock tells the time. Default time.Now.
	Clock func() time.Time
	Log   *slog.Logger
	// NewID names an update. Default: a random UUID.
	NewID func() string
	// Progress is told what happens, from several goroutines.
	Progress Progress
	// FileBytes: see local.Options.
	FileBytes int64
	// BlockBytes is how much of a file is understood at a time. Default 4 MiB,
	// less when the memory is small.
	BlockBytes int
	// Software names the program in commits. Default Sluice.
	Software string
}

// Progress is a set of optional functions.
type Progress struct {
	// Planned tells how many bytes the update will read.
	Planned func(tables int, bytes int64)
	// Read tells that so many more bytes are done with.
	Read func(bytes int64)
	// Table tells that a table is done.
	Table func(TableResult)
}

func (o Options) withDefaults() Options {
	o.Memory = cmp.Or(o.Memory, 1<<30)
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
	if o.Progress.Planned == nil {
		o.Progress.Planned = func(int, int64) {}
	}
	if o.Progress.Read == nil {
		o.Progress.Read = func(int64) {}
	}
	if o.Progress.Table == nil {
		o.Progress.Table = func(TableResult) {}
	}
	// A block is held about eight times: read, waiting, in work with its typed
	// columns, on each worker.
	most := max(64<<10, int(o.Memory)/16/max(1, o.Workers))
	o.BlockBytes = min(cmp.Or(o.BlockBytes, 4<<20), most)
	o.Software = cmp.Or(o.Software, "Sluice")
	return o
}

// rowShare of the memory is the most that one row may take: on its way it is
// held read, as a page and compressed.
const rowShare = 5

// largestRow is the most whatever the memory: Parquet's pages end at 2 GiB.
const largestRow = 1 << 30

// source are the bounds of reading.
func (o *Options) source() synapselink.SourceOptions {
	return synapselink.SourceOptions{
		BlockBytes: o.BlockBytes,
		MaxRow:     int(min(max(o.Memory/rowShare, 1<<20), largestRow)),
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
	result := Result{Name: r.Pipeline.Name, UpdateID: u.opts.NewID(), Source: []Source{}, Tables: []TableResult{}}
	targets, err := u.prepare(ctx)
	for _, e := range u.environments {
		result.Source = append(result.Source, e.describe())
		result.Warnings = append(result.Warnings, e.warnings()...)
	}
	if err != nil {
		result.Error = failure(err)
		result.settle()
		return result
	}
	result.Tables = u.run(ctx, targets)
	result.settle()
	return result
}
