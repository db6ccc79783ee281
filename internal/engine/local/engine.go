package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/storage"
)

// Engine applies batches to the tables of one lake. Its methods are safe for
// concurrent use on different tables.
type Engine struct {
	lake storage.Store
	opts Options
	// indexOff: an index that is no good could not be removed; none is used.
	indexOff atomic.Bool
	rows     diskRoom
}

// Options of an engine; zero values stand for the defaults in the comments.
type Options struct {
	// Memory bounds, in bytes, what one Apply holds. Default 256 MiB.
	Memory int64
	// Workers decode and encode side by side. Default: the processors.
	Workers int
	// Temp is a local folder for what exceeds the memory. Default: the
	// system's.
	Temp string
	// IndexDir is a local folder for key indexes, a cache that may be lost at any
	// time. Without it keys are looked for in the whole table.
	IndexDir string
	// RowCacheBytes bounds what whole rows of Type2 tables take in IndexDir, so
	// that they can be ended without reading their data files; all tables
	// together. Default 16 GiB; negative: none are kept.
	RowCacheBytes int64
	// Clock tells the time that goes into commits. Default time.Now.
	Clock func() time.Time
	Log   *slog.Logger
	// Software names the program in commits. Default Sluice.
	Software string
	// FileBytes is the size at which a data file is closed and the next one
	// begun. Default 192 MiB.
	FileBytes int64
	// CheckpointEvery is the number of commits between checkpoints. Default 10.
	CheckpointEvery int64
	// Progress is told of bytes of the source as they are done with.
	Progress func(bytes int64)
}

// New makes an engine for a lake.
func New(lake storage.Store, opts Options) *Engine {
	opts.Memory = cmp.Or(opts.Memory, 256<<20)
	opts.Software = cmp.Or(opts.Software, "Sluice")
	opts.Workers = cmp.Or(opts.Workers, runtime.GOMAXPROCS(0))
	opts.FileBytes = cmp.Or(opts.FileBytes, 192<<20)
	opts.CheckpointEvery = cmp.Or(opts.CheckpointEvery, 10)
	opts.RowCacheBytes = cmp.Or(opts.RowCacheBytes, 16<<30)
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Progress == nil {
		opts.Progress = func(int64) {}
	}
	return &Engine{lake: lake, opts: opts}
}

// Columns names the columns that have a meaning for the engine. Modified and
// Delete may be missing from a table.
type Columns struct{ Key, Version, Modified, Delete string }

// Batch is what one commit brings to a table.
type Batch struct {
	// Table is the path of the table in the lake.
	Table string
	// Source names what the table is made from. A Delta table that does not
	// carry the name is not touched.
	Source string
	// Origin says which of several sources of that name it is, "" for any. A
	// table of another origin is touched only to be replaced.
	Origin string
	// AppID and Cursor become the txn action. A batch whose cursor the table
	// has reached is skipped.
	AppID  string
	Cursor int64
	Type   change.Type
	// Schema is what the table has afterwards, without the columns of Type2.
	Schema  batch.Schema
	Columns Columns
	// Properties are set in the table's configuration.
	Properties map[string]string
	// Open gives the changes. It is called again when a conflict makes the
	// batch start over. Nil: no changes, only table, schema and cursor.
	Open func() (change.Source, error)
	// Bytes is the size of the source.
	Bytes int64
	// Replace drops what the table held, in the same commit.
	Replace bool
	// Parameters describe the batch in the commit.
	Parameters map[string]string
	// Seal, if there, is called when all changes have been read and before the
	// commit, with the snapshot that the commit builds on. What it wrote
	// itself must not count before the commit names it.
	Seal func(ctx context.Context, base *delta.Snapshot) (Sealed, error)
}

// Sealed goes into the commit beside the changes.
type Sealed struct {
	// Txns are further txn actions: versions by application id.
	Txns map[string]int64
	// Quarantined rows were read and left out by the source.
	Quarantined int64
}

// Counts say what became of the rows that were read. Read is the sum of the
// others.
type Counts struct {
	Read, Upserted, Deleted, Superseded, Quarantined int64
}

// Result of one Apply.
type Result struct {
	// Skipped: the table's cursor had reached the batch before.
	Skipped bool
	// Version of the table afterwards.
	Version int64
	Counts  Counts
	// BytesWritten to data files.
	BytesWritten int64
}

// Errors of Apply beside those of delta and storage.
var (
	// ErrConcurrent: another process moved this table's cursor.
	ErrConcurrent = errors.New("another process is writing this table for the same pipeline")
	// ErrForeignTable: there is a table at the path that is not of this source.
	ErrForeignTable = errors.New("the table was made by something else")
	// ErrOtherType: the table was made with another SCD type.
	ErrOtherType = errors.New("the table was made with another scd_type")
	// ErrDamaged: a file that is part of the table is missing or unreadable.
	ErrDamaged = errors.New("the table is damaged")
	// ErrUnknownOutcome: it could not be found out whether the commit happened.
	ErrUnknownOutcome = errors.New("the outcome of the commit is not known")
)

// maxConflicts is how often a batch starts over because others write the table.
const maxConflicts = 10

// Apply brings one batch to its table in one commit, or changes nothing.
func (e *Engine) Apply(ctx context.Context, b Batch) (Result, error) {
	for conflicts := 0; ; conflicts++ {
		result, err := e.applyOnce(ctx, b)
		var conflict *conflictError
		if !errors.As(err, &conflict) {
			return result, err
		}
		if conflicts == maxConflicts {
			return Result{}, fmt.Errorf("%d tries met other writers (%w); run again when they are done", conflicts+1, err)
		}
		e.opts.Log.Warn("the batch starts over", "table", b.Table, "reason", conflict.reason)
	}
}

// conflictError asks for another try on the newest snapshot.
type conflictError struct{ reason string }

func (e *conflictError) Error() string { return "conflict with another writer: " + e.reason }

func (e *Engine) applyOnce(ctx context.Context, b Batch) (Result, error) {
	snapshot, err := e.Snapshot(ctx, b.Table)
	if err != nil {
		return Result{}, err
	}
	if Reached(snapshot, b.AppID, b.Cursor) && !b.Replace {
		return Result{Skipped: true, Version: snapshot.Version}, nil
	}
	if snapshot.Version < 0 {
		if snapshot, err = e.create(ctx, b, snapshot); err != nil {
			return Result{}, err
		}
	}
	a, err := newAttempt(e, b, snapshot)
	if err != nil {
		return Result{}, err
	}
	result, err := a.run(ctx)
	if cerr := a.close(context.WithoutCancel(ctx)); cerr != nil {
		// What the batch did stands; temporary files in the way are no failure.
		e.opts.Log.Warn("temporary files could not be removed", "table", b.Table, "error", cerr)
	}
	return result, err
}

// create makes the table, empty, before the first data file is written: after a
// crash a folder with data files and no log could be anybody's, and would be
// refused.
func (e *Engine) create(ctx context.Context, b Batch, empty *delta.Snapshot) (*delta.Snapshot, error) {
	a, err := newAttempt(e, b, empty)
	if err != nil {
		return nil, err
	}
	changes := delta.Changes{Protocol: a.protocol, Metadata: a.metadata, Info: delta.CommitInfo{
		Operation: "CREATE TABLE", Parameters: a.parameters(), Metrics: map[string]string{}}}
	outcome, err := a.commitChanges(ctx, changes)
	if err != nil {
		return nil, err
	}
	if outcome.Snapshot == nil {
		return e.Snapshot(ctx, b.Table)
	}
	return outcome.Snapshot, nil
}

// Snapshot is the newest snapshot of a table; an empty one where there is none.
func (e *Engine) Snapshot(ctx context.Context, table string) (*delta.Snapshot, error) {
	snapshot, err := delta.Load(ctx, e.lake, table)
	if errors.Is(err, delta.ErrNoTable) {
		return delta.EmptySnapshot(e.lake, table), nil
	}
	return snapshot, err
}

// Reached reports whether the table holds what lies at or before the cursor.
func Reached(s *delta.Snapshot, appID string, cursor int64) bool {
	txn, ok := s.Txns[appID]
	return ok && txn.Version >= cursor
}
