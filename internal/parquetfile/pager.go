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
	recent  [recentPages]packedPage // of columns that may have twins
	next    int
	found   int // pages that were compressed before
}

// recentPages is how many pages are remembered of columns that may have twins:
// the __START_AT of a table holds what its versionnumber holds, and compressing
// eight-byte numbers is slow. Equal columns end their pages at the same rows, with
// few other pages in between.
const recentPages = 4

// packedPage is a page and what became of it.
type packedPage struct{ plain, packed []byte }

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

// compressOnce compresses a page unless an equal one was among the last.
func (c *compressor) compressOnce(page []byte) []byte {
	for i := range c.recent {
		if r := &c.recent[i]; bytes.Equal(r.plain, page) {
			c.found++
			return r.packed
		}
	}
	r := &c.recent[c.next%recentPages]
	c.next++
	packed := c.compress(page)
	r.plain, r.packed = append(r.plain[:0], page...), append(r.packed[:0], packed...)
	return packed
}

// held is the memory of buffers and pages.
func (c *compressor) held() int64 {
	sum := cap(c.scratch)
	for _, r := range c.recent {
		sum += cap(r.plain) + cap(r.packed)
	}
	return int64(sum)
}

// pager is the library's page writer with the shared compressor.
type pager struct {
	file.PageWriter
	comp *compressor
	// largest is the uncompressed size of the column's largest page: the
	// column writer keeps a buffer of that size until the row group ends.
	largest int
	// twins: another column may have the same pages.
	twins bool
}

func (p *pager) Compress(_ *bytes.Buffer, page []byte) []byte {
	p.largest = max(p.largest, len(page))
	if p.twins && len(page) > 0 {
		return p.comp.compressOnce(page)
	}
	return p.comp.compress(page)
}

func (p *pager) WriteDataPage(page file.DataPage) (int64, error) {
	n, err := p.PageWriter.WriteDataPage(page)
	if cap(p.comp.scratch) > keptScratchBytes {
		p.comp.scratch = nil
	}
	return n, err
}
