package exporter

import (
	"context"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter/rows"
)

const bufferSize = 1 << 20

// tableWriter writes one table's rows into the files of one folder, one file
// at a time.
type tableWriter struct {
	sim    *Simulator
	store  storage.Store
	table  *table
	folder int
	number int64 // the folder's name as digits
	sink   int64 // SinkModifiedOn in microseconds since 1970
	split  int64 // Options.splitSize
	row    rows.Row
	layout *rows.Layout
	before *rows.Layout // that of the step before

	file    storage.Writer
	path    string
	year    int16
	part    int
	buf     []byte
	written int64 // bytes of the file that are not in buf any more
	from    int   // history entries of earlier folders
}

// newTableWriter begins the table's part of a folder.
func (s *Simulator) newTableWriter(store storage.Store, t *table, f folderPlan) *tableWriter {
	sink := s.folderTime(f.origin)
	w := &tableWriter{sim: s, store: store, table: t, folder: f.number, sink: sink.UnixMicro(), from: len(t.history)}
	w.number = digits(s.folderTime(f.number))
	w.layout, w.before = s.layout(t, f.step), s.layout(t, max(0, f.step-1))
	w.row = t.Row(rows.QuotedSink(sink))
	w.row.Offset = s.opts.has(TypeChanged) && f.step >= stepTypes
	w.split = s.opts.splitSize()
	w.buf = make([]byte, 0, bufferSize+bufferSize/4)
	return w
}

// digits is a folder's name as a number, 20240115080000.
func digits(t time.Time) int64 {
	day := int64(t.Year())*10000 + int64(t.Month())*100 + int64(t.Day())
	return day*1_000_000 + int64(t.Hour())*10000 + int64(t.Minute())*100 + int64(t.Second())
}

// put writes one row. Rows must come ordered by year.
func (w *tableWriter) put(ctx context.Context, o *op) error {
	if w.file == nil || w.year != o.year {
		if err := w.open(ctx, o.year, 0); err != nil {
			return err
		}
	}
	w.load(o)
	start := len(w.buf)
	layout := w.layoutOf(o)
	w.buf = layout.Of(o.kind).Append(w.buf, &w.row)
	if offset := w.written + int64(start); offset > 0 && offset+int64(len(w.buf)-start) > w.split {
		row := slices.Clone(w.buf[start:])
		w.buf = w.buf[:start]
		if err := w.open(ctx, o.year, w.part+1); err != nil {
			return err
		}
		start, w.buf = 0, append(w.buf, row...)
	}
	if w.table.latest != nil {
		w.remember(o, layout, w.written+int64(start))
	}
	if len(w.buf) >= bufferSize {
		return w.flush(ctx)
	}
	return nil
}

// load sets the row that the op writes.
func (w *tableWriter) load(o *op) {
	r, t := &w.row, w.table
	r.Load(o.index)
	r.Rev, r.Version, r.Modified = o.rev, o.version, o.modified
	r.Created = t.created(o.index)
}

// layoutOf is how the op's row is written.
func (w *tableWriter) layoutOf(o *op) *rows.Layout {
	if o.narrow {
		return w.before
	}
	return w.layout
}

// open ends the file in hand and begins another.
func (w *tableWriter) open(ctx context.Context, year int16, part int) error {
	if err := w.finish(ctx); err != nil {
		return err
	}
	w.path = w.sim.tablePath(w.folder, w.table, partitionFile(year, part))
	file, err := w.store.Write(ctx, w.path)
	if err != nil {
		return err
	}
	w.file, w.year, w.part = file, year, part
	return nil
}

// partitionName is what the names of a partition's files begin with.
func partitionName(year int16) string { return string(rows.AppendInt(nil, int64(year))) }

// partitionFile is 2024.csv, 2024_001.csv, 1.csv.
func partitionFile(year int16, part int) string {
	name := []byte(partitionName(year))
	if part > 0 {
		name = rows.AppendDigits(append(name, '_'), part, 3)
	}
	return string(name) + ".csv"
}

func (w *tableWriter) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := w.file.Write(w.buf)
	w.written += int64(n)
	w.buf = w.buf[:0]
	return err
}

// finish publishes the file in hand.
func (w *tableWriter) finish(ctx context.Context) error {
	if w.file == nil {
		return nil
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	file := w.file
	w.file, w.written = nil, 0
	return file.Close()
}

// abort drops the file in hand; without one it does nothing.
func (w *tableWriter) abort() error {
	if w.file == nil {
		return nil
	}
	return w.file.Abort()
}
