package parquetfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// The library's decoders believe the length that stands inside a compressed
// page: a damaged zstd page makes them ask for as much as 64 GiB, a snappy
// page for 4 GiB, and running out of memory is nothing that can be recovered
// from. The page header, whose size is checked against the column chunk, has
// already made room for the page, so that a page that wants more is damaged.
//
// The library has one table of codecs for the process, without a lock; so they
// are put in its place before anything can read a file. Where that cannot be,
// the library's own stay.
func init() { //nolint:gochecknoinits // see above
	if inner, err := compress.GetCodec(compress.Codecs.Snappy); err == nil {
		compress.RegisterCodec(compress.Codecs.Snappy, cappedSnappy{inner})
	}
	inner, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		return
	}
	d, err := zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(runtime.GOMAXPROCS(0)))
	if err == nil {
		streams, _ := inner.(compress.StreamingCodec) // as long as the library's is one
		compress.RegisterCodec(compress.Codecs.Zstd, cappedZstd{inner, streams, d})
	}
}

// cappedZstd decompresses into the room that dst has and no more.
type cappedZstd struct {
	compress.Codec
	compress.StreamingCodec

	decoder *zstd.Decoder
}

// DecodeWithError is the library's way to decode without panics.
func (c cappedZstd) DecodeWithError(dst, src []byte) ([]byte, error) {
	return c.decoder.DecodeAll(src, dst[:0])
}

// EncodeLevel is the library's way to compress a page.
func (cappedZstd) EncodeLevel(dst, src []byte, level int) []byte {
	encoder, done := zstdEncoder(level)
	defer done()
	return encoder.EncodeAll(src, dst[:0])
}

// windowBytes is how far back a page is looked at for what repeats: the whole page,
// but for large values. The encoders of the library look back 4 MiB and hold twice
// as much for that, each of them.
const windowBytes = 1 << 20

// zstdEncoders wait for their next page, by level.
var zstdEncoders [zstd.SpeedBestCompression + 1]sync.Pool

// zstdEncoder is an encoder for a level of the zstd command. The func gives it back.
func zstdEncoder(level int) (*zstd.Encoder, func()) {
	speed := zstd.EncoderLevelFromZstd(level)
	pool := &zstdEncoders[speed]
	encoder, ok := pool.Get().(*zstd.Encoder)
	if !ok {
		// Only options that no encoder can have are errors.
		encoder, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(speed), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(windowBytes),
			zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true), zstd.WithAllLitEntropyCompression(true))
	}
	return encoder, func() {
		encoder.Reset(nil)
		pool.Put(encoder)
	}
}

// NewReader is the library's way to decode large pages piece by piece. It holds the
// window that the page asks for, up to the largest that zstd writes by itself.
func (cappedZstd) NewReader(r io.Reader) io.ReadCloser {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
	if err != nil {
		return io.NopCloser(failing{err})
	}
	return d.IOReadCloser()
}

// failing reads nothing but its error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// cappedSnappy looks at the length, a varint at the start, before decoding.
type cappedSnappy struct{ compress.Codec }

// DecodeWithError is the library's way to decode without panics.
func (c cappedSnappy) DecodeWithError(dst, src []byte) ([]byte, error) {
	length, n := binary.Uvarint(src)
	if n <= 0 || length > uint64(cap(dst)) {
		return nil, fmt.Errorf("snappy page of %d bytes where there should be %d", length, len(dst))
	}
	return compress.Decode(c.Codec, dst, src)
}
