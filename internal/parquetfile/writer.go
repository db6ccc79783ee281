package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/sluicedata/sluice/internal/batch"
)

const magic = "PAR1"

// errClosed is what a writer answers after Close.
var errClosed = errors.New("parquet writer: already closed")

// Writer writes one Parquet file. It is for one goroutine. After an error it
// writes nothing more and answers every call with that error.
type Writer struct {
	out    *sink
	schema batch.Schema
	opts   Options
	parq   *schema.Schema
	props  *parquet.WriterProperties
	footer *metadata.FileMetaDataBuilder
	comp   *compressor
	sample sampler

	group  *rowGroup // nil between row groups
	groups int
	rows   int64
	stats  []tally // of the row groups that have ended
	err    error
}

// NewWriter begins a file of that schema on w. The caller closes w.
func NewWriter(w io.Writer, s batch.Schema, opts Options) (_ *Writer, err error) {
	defer recovered(&err)
	parq, err := fileSchema(s)
	if err != nil {
		return nil, err
	}
	if opts, err = opts.withDefaults(len(s)); err != nil {
		return nil, err
	}
	comp, err := newCompressor(opts.ZstdLevel)
	if err != nil {
		return nil, err
	}
	out := &Writer{out: &sink{w: w}, schema: s, opts: opts, parq: parq, comp: comp, stats: make([]tally, len(s))}
	for i := range out.stats {
		out.stats[i] = newTally()
	}
	out.props = parquet.NewWriterProperties(out.properties()...)
	out.footer = metadata.NewFileMetadataBuilder(parq, out.props, nil)
	if _, err := io.WriteString(out.out, magic); err != nil {
		return nil, fmt.Errorf("write parquet header: %w", err)
	}
	return out, nil
}

func (w *Writer) properties() []parquet.WriterProperty {
	return []parquet.WriterProperty{
		parquet.WithCreatedBy(w.opts.CreatedBy),
		parquet.WithVersion(parquet.V2_6),
		parquet.WithDataPageVersion(parquet.DataPageV1),
		parquet.WithDataPageSize(int64(w.opts.PageBytes)),
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithCompressionLevel(w.opts.ZstdLevel),
		parquet.WithStats(false),
		parquet.WithDictionaryDefault(false),
		parquet.WithDictionaryPageSizeLimit(dictionaryBytes),
	}
}

// Write appends the rows of a batch, whose columns are those of the writer's
// schema by position. Nothing of the batch is kept.
func (w *Writer) Write(b *batch.Batch) (err error) {
	if w.err != nil {
		return w.err
	}
	defer func() { w.err = w.cause(err) }()
	defer recovered(&err)
	if err := checkBatch(w.schema, b); err != nil {
		return err
	}
	cur := newCursor(b)
	for cur.row < b.Rows {
		if w.group == nil {
			if err := w.beginGroup(cur); err != nil {
				return err
			}
		}
		if err := w.group.append(cur, min(w.opts.RowGroupRows-w.group.rows, sliceRows)); err != nil {
			return err
		}
		if w.group.rows >= w.opts.RowGroupRows || w.BufferedBytes() >= w.opts.RowGroupBytes {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

// cause is err, or what the io.Writer said first if that is behind it.
func (w *Writer) cause(err error) error {
	if err != nil && w.out.err != nil && !errors.Is(err, w.out.err) {
		return fmt.Errorf("write parquet file: %w", w.out.err)
	}
	return err
}

func (w *Writer) beginGroup(cur *cursor) error {
	if w.groups == math.MaxInt16 {
		return fmt.Errorf("parquet writer: a file has at most %d row groups; use larger ones", math.MaxInt16)
	}
	g, err := newRowGroup(w, cur)
	if err != nil {
		return err
	}
	w.group = g
	w.groups++
	return nil
}

func (w *Writer) endGroup() error {
	if w.group == nil {
		return nil
	}
	if err := w.group.close(); err != nil {
		return fmt.Errorf("write row group %d: %w", w.groups-1, err)
	}
	w.rows += int64(w.group.rows)
	for i := range w.stats {
		w.stats[i].merge(&w.group.cols[i].tally)
	}
	w.group = nil
	return nil
}

// Rows is the number of rows written so far.
func (w *Writer) Rows() int64 {
	if w.group == nil {
		return w.rows
	}
	return w.rows + int64(w.group.rows)
}

// BytesWritten is what has reached the io.Writer.
func (w *Writer) BytesWritten() int64 { return w.out.pos }

// BufferedBytes is about the memory that the open row group holds: compressed
// pages, the pages being filled and their buffers.
func (w *Writer) BufferedBytes() int64 {
	if w.group == nil {
		return w.comp.held()
	}
	return w.group.buffered() + w.comp.held()
}

// Close writes what is buffered and the footer. The file is whole only if
// Close succeeds.
func (w *Writer) Close() (info FileInfo, err error) {
	if w.err != nil {
		return FileInfo{}, w.err
	}
	defer func() {
		if w.err = w.cause(err); w.err == nil {
			w.err = errClosed
			return
		}
		info, err = FileInfo{}, w.err
	}()
	defer recovered(&err)
	if err := w.endGroup(); err != nil {
		return FileInfo{}, err
	}
	if err := w.writeFooter(); err != nil {
		return FileInfo{}, fmt.Errorf("write parquet footer: %w", err)
	}
	return w.info(), nil
}

func (w *Writer) writeFooter() error {
	meta, err := w.footer.Finish()
	if err != nil {
		return err
	}
	n, err := meta.WriteTo(w.out, nil)
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(n)), magic...))
	return err
}

func (w *Writer) info() FileInfo {
	info := FileInfo{Rows: w.rows, Bytes: w.out.pos, RowGroups: w.groups, Columns: make([]batch.ColumnStats, len(w.schema))}
	for i, f := range w.schema {
		info.Columns[i] = w.stats[i].stats(f.Type)
	}
	return info
}
