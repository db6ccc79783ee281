package delta

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const lastCheckpointName = "_last_checkpoint"

// lastCheckpoint is the content of _last_checkpoint.
type lastCheckpoint struct {
	Version       int64 `json:"version"`
	Size          int64 `json:"size"` // actions
	SizeInBytes   int64 `json:"sizeInBytes"`
	NumOfAddFiles int64 `json:"numOfAddFiles"`
}

// checkpointRows go into one row group; what is buffered stays small.
const checkpointRows = 10_000

// WriteCheckpoint stores the snapshot as a classic checkpoint, so that readers
// need not replay the commits before it, and names it in _last_checkpoint.
// Tombstones that have expired by now are left out. The table is the same
// without one: a caller may go on after an error.
//
// Stats are written as JSON text, never parsed, whatever the table's properties
// prefer: readers take missing columns for null.
func WriteCheckpoint(ctx context.Context, s *Snapshot, now time.Time) error {
	if s.Version < 0 {
		return fmt.Errorf("write a checkpoint of %s: %w: there is no version yet", s.URL(), ErrInvalidChanges)
	}
	err := s.CheckAppendable()
	if err == nil {
		err = writeCheckpoint(ctx, s, now)
	}
	if err != nil {
		return fmt.Errorf("write checkpoint %d of %s: %w", s.Version, s.URL(), err)
	}
	return nil
}

func writeCheckpoint(ctx context.Context, s *Snapshot, now time.Time) error {
	out, err := s.store.Write(ctx, logPath(s.Root, checkpointName(s.Version)))
	if err != nil {
		return err
	}
	defer out.Abort()
	sink := &countingWriter{w: out}
	last := lastCheckpoint{Version: s.Version, NumOfAddFiles: int64(len(s.adds))}
	if last.Size, err = encodeCheckpoint(ctx, sink, s, now); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	last.SizeInBytes = sink.n
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	return writeFile(ctx, s.store, logPath(s.Root, lastCheckpointName), text)
}

// encodeCheckpoint writes the Parquet file and counts its actions.
func encodeCheckpoint(ctx context.Context, out io.Writer, s *Snapshot, now time.Time) (actions int64, err error) {
	props := parquet.NewWriterProperties(
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithMaxRowGroupLength(checkpointRows),
	)
	w, err := pqarrow.NewFileWriter(checkpointSchema, out, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return 0, err
	}
	rows := newCheckpointRows(array.NewRecordBuilder(memory.DefaultAllocator, checkpointSchema))
	defer rows.builder.Release()
	flush := func() error {
		rec := rows.builder.NewRecordBatch()
		defer rec.Release()
		actions += rec.NumRows()
		if rec.NumRows() == 0 {
			return ctx.Err()
		}
		if err := w.Write(rec); err != nil {
			return err
		}
		return ctx.Err()
	}
	for a := range s.actions(now) {
		if rows.append(a); rows.count == checkpointRows {
			if err := flush(); err != nil {
				return 0, err
			}
			rows.count = 0
		}
	}
	if err := flush(); err != nil {
		return 0, err
	}
	return actions, w.Close()
}

// actions yields the whole state, in a stable order.
func (s *Snapshot) actions(now time.Time) func(yield func(*Action) bool) {
	return func(yield func(*Action) bool) {
		if !yield(&Action{Protocol: &s.Protocol}) || !yield(&Action{Metadata: &s.Metadata}) {
			return
		}
		for _, id := range sortedNames(s.Txns) {
			if t := s.Txns[id]; !yield(&Action{Txn: &t}) {
				return
			}
		}
		for _, name := range sortedNames(s.Domains) {
			if d := s.Domains[name]; !yield(&Action{Domain: &d}) {
				return
			}
		}
		for _, r := range s.Tombstones(now) {
			if !yield(&Action{Remove: &r}) {
				return
			}
		}
		for _, k := range sortedKeys(s.adds) {
			if !yield(&Action{Add: s.adds[k]}) {
				return
			}
		}
	}
}

// countingWriter also keeps the Parquet writer, which closes what it writes to
// when it can, from publishing the file.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
