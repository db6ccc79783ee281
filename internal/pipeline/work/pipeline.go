package work

import (
	"cmp"
	"log/slog"
	"runtime"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Pipeline is one pipeline of the configuration, with the stores that it needs and
// the means to work at it.
type Pipeline struct {
	Config spec.Pipeline
	// Source holds the exports, Lake the tables.
	Source, Lake storage.Store
	Options      Options
}

// Options of a pipeline; zero values stand for the defaults in the comments.
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
	Listener report.Listener
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
	o.Listener = report.Listen(o.Listener)
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

// Reading are the bounds of reading.
func (o *Options) Reading() synapselink.SourceOptions {
	return synapselink.SourceOptions{
		BlockBytes: o.BlockBytes,
		MaxRow:     int(min(max(o.Memory/rowShare, 1<<20), largestRow)),
		LargeBlock: int(o.Memory / largeBlockShare),
		ReadAhead:  min(1<<20, o.BlockBytes),
	}
}

// Engine for the lake has a share of the memory and the processors.
func (s *Survey) Engine(sharers int) *local.Engine {
	o := &s.Options
	return local.New(s.Lake, local.Options{
		Memory:    o.Memory / int64(sharers),
		Workers:   max(1, o.Workers/sharers),
		Temp:      o.Temp,
		IndexDir:  o.IndexDir,
		Clock:     o.Clock,
		Log:       o.Log,
		Software:  o.Software,
		FileBytes: o.FileBytes,
		Progress:  o.Listener.Read,
	})
}
