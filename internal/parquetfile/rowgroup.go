package parquetfile

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/sluicedata/sluice/internal/batch"
)

// rowGroup is the open row group: a column writer for each column, whose
// compressed pages wait in memory.
//
// It is put together from the library's column writers rather than taken from
// its file writer, because that offers no way to set statistics of our own,
// nor to decide on dictionaries per row group.
type rowGroup struct {
	meta    *metadata.RowGroupMetaDataBuilder
	ordinal int16
	cols    []*column
	rows    int
}

func newRowGroup(w *Writer, cur *cursor) (*rowGroup, error) {
	g := &rowGroup{meta: w.footer.AppendRowGroup(), ordinal: int16(w.groups), cols: make([]*column, len(w.schema))}
	props := parquet.NewWriterProperties(append(w.properties(), w.dictionaries(cur)...)...)
	for i, f := range w.schema {
		chunk := g.meta.NextColumnChunk()
		pages, err := file.NewPageWriter(w.out, compress.Codecs.Zstd, w.opts.ZstdLevel, chunk,
			g.ordinal, int16(i), memory.DefaultAllocator, true, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		p := &pager{PageWriter: pages, comp: w.comp, twins: f.Type.Kind == batch.Long}
		g.cols[i] = newColumn(f, chunk, p, file.NewColumnChunkWriter(chunk, p, props), w.opts.PageBytes)
	}
	return g, nil
}

// dictionaries switches on the dictionaries of the next row group, as forced
// by the options or as a sample of the rows at hand suggests.
func (w *Writer) dictionaries(cur *cursor) (on []parquet.WriterProperty) {
	for i, f := range w.schema {
		wanted, forced := w.opts.Dictionary[f.Name]
		if !forced {
			c := &cur.b.Cols[i]
			wanted = w.sample.wantsDictionary(f.Type, c, cur.values[i], valueCount(f.Type, c))
		}
		if wanted {
			on = append(on, parquet.WithDictionaryPath(parquet.ColumnPath{f.Name}, true))
		}
	}
	return on
}

// append takes up to n rows from the cursor and moves it on.
func (g *rowGroup) append(cur *cursor, n int) error {
	n = cur.fit(n)
	for i, c := range g.cols {
		values, err := c.append(&cur.b.Cols[i], cur.row, n, cur.values[i])
		if err != nil {
			return fmt.Errorf("column %q: %w", c.field.Name, err)
		}
		cur.values[i] += values
	}
	cur.row += n
	g.rows += n
	return nil
}

func (g *rowGroup) buffered() (sum int64) {
	for _, c := range g.cols {
		sum += c.buffered()
	}
	return sum
}

// close writes the columns, one after the other, to the sink.
func (g *rowGroup) close() error {
	for _, c := range g.cols {
		if got := c.writer.RowsWritten(); got != g.rows {
			return fmt.Errorf("column %q: %w", c.field.Name, errors.New("rows were lost before the end of the row group"))
		}
		c.chunk.SetStats(chunkStats(c.field.Type, &c.tally))
		if err := c.writer.Close(); err != nil {
			return fmt.Errorf("column %q: %w", c.field.Name, err)
		}
	}
	g.meta.SetNumRows(g.rows)
	return g.meta.Finish(0, g.ordinal)
}
