package local

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/storage"
)

// output is a data file that the batch writes.
type output struct {
	name   string // in the table's folder
	path   string // in the lake
	schema batch.Schema
	limit  int64
	file   storage.Writer
	writer *parquetfile.Writer
	rows   int64
	spans  []span
	closed bool
	info   parquetfile.FileInfo
	// tombstones: some rows are tombstones.
	tombstones bool
	ordinal    int64     // in the key index
	kept       *keptRows // nil: its rows are not kept beside it
}

func (a *attempt) newOutput(schema batch.Schema) (*output, int, error) {
	name := uuid.NewString() + ".parquet"
	o := &output{name: name, path: a.path(name), schema: schema, limit: a.engine.opts.FileBytes}
	a.willCreate(o.path)
	file, err := a.engine.lake.Write(a.ctx, o.path)
	if err != nil {
		return nil, 0, err
	}
	o.file = file
	o.writer, err = parquetfile.NewWriter(file, schema, parquetfile.Options{RowGroupBytes: a.rowGroupBytes()})
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("beginning data file %s: %w", o.path, err), file.Abort())
	}
	return o, a.addHolder(holder{output: o}), nil
}

// rowGroupBytes is what a file being written holds: each worker has one.
func (a *attempt) rowGroupBytes() int64 {
	o := &a.engine.opts
	return min(max(o.Memory/8/int64(o.Workers), 2<<20), 64<<20)
}

func (o *output) full() bool { return o.writer.BytesWritten()+o.writer.BufferedBytes() >= o.limit }

func (o *output) write(rows *batch.Batch) error {
	if err := o.writer.Write(rows); err != nil {
		return fmt.Errorf("writing data file %s: %w", o.path, err)
	}
	o.rows += int64(rows.Rows)
	if o.kept != nil && !o.kept.write(rows) {
		o.kept = nil
	}
	return nil
}

func (o *output) close() error {
	if o.closed {
		return nil
	}
	o.closed = true
	info, err := o.writer.Close()
	if o.kept != nil {
		o.kept.close() // should the batch not succeed, it is swept
	}
	if err != nil {
		return errors.Join(fmt.Errorf("finishing data file %s: %w", o.path, err), o.file.Abort())
	}
	o.info = info
	return o.file.Close()
}

// abort drops the file unless it is finished.
func (o *output) abort() {
	if !o.closed {
		o.closed = true
		_, _ = o.writer.Close() // frees its buffers; the file is dropped
		_ = o.file.Abort()
		if o.kept != nil {
			o.kept.abort()
		}
	}
}
