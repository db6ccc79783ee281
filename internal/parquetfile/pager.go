package parquetfile

import (
	"bytes"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// keptScratchBytes is how large the buffer for compressed pages may stay.
const keptScratchBytes = 4 << 20

// compressor compresses the pages of all columns of a writer. The library
// would give each column a buffer of its own as large as its largest page,
// for as long as the row group is open; pages are written or copied as soon as
// they are compressed, so one buffer is enough.
type compressor struct {
	codec   compress.Codec
	level   int
	scratch []byte
}

func newCompressor(level int) (*compressor, error) {
	codec, err := compress.GetCodec(compress.Codecs.Zstd)
	return &compressor{codec: codec, level: level}, err
}

func (c *compressor) compress(page []byte) []byte {
	if bound := int(c.codec.CompressBound(int64(len(page)))); cap(c.scratch) < bound {
		c.scratch = make([]byte, 0, bound)
	}
	return c.codec.EncodeLevel(c.scratch, page, c.level)
}

// stream compresses a page in parts, which are not put together. The result is
// not used again.
func (c *compressor) stream(parts ...[]byte) ([]byte, error) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	encoder, done := zstdEncoder(c.level)
	defer done()
	out := appender(makeLarge(encoder.MaxEncodedSize(size)))
	encoder.ResetContentSize(&out, int64(size))
	for _, part := range parts {
		if _, err := encoder.Write(part); err != nil {
			return nil, err
		}
	}
	err := encoder.Close()
	return out, err
}

// appender is a writer into memory.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// pager is the library's page writer with the shared compressor.
type pager struct {
	file.PageWriter
	comp *compressor
	// largest is the uncompressed size of the column's largest page: the
	// column writer keeps a buffer of that size until the row group ends.
	largest int
}

func (p *pager) Compress(_ *bytes.Buffer, page []byte) []byte {
	p.largest = max(p.largest, len(page))
	return p.comp.compress(page)
}

func (p *pager) WriteDataPage(page file.DataPage) (int64, error) {
	n, err := p.PageWriter.WriteDataPage(page)
	if cap(p.comp.scratch) > keptScratchBytes {
		p.comp.scratch = nil
	}
	return n, err
}
