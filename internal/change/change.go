package change

import (
	"context"
	"encoding/hex"
	"math"

	"github.com/sluicedata/sluice/internal/batch"
)

// Key is the Id of a row: the 16 bytes of a GUID in the order in which its hex
// digits are written.
type Key [16]byte

// String is the GUID in lower case with hyphens.
func (k Key) String() string {
	var b [36]byte
	hex.Encode(b[0:8], k[0:4])
	hex.Encode(b[9:13], k[4:6])
	hex.Encode(b[14:18], k[6:8])
	hex.Encode(b[19:23], k[8:10])
	hex.Encode(b[24:36], k[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// NoTime is Change.Modified where SinkModifiedOn is null; it sorts first.
const NoTime = math.MinInt64

// Change is what one row of an export means, without its columns.
type Change struct {
	Key      Key
	Version  int64 // versionnumber; 0 where Unversioned
	Modified int64 // SinkModifiedOn in microseconds since 1970 UTC, or NoTime
	Folder   int64 // the folder's name as digits, 20240911162910
	Offset   int64 // of the row's first byte in its file
	File     int32 // rank of the file's name among the folder's files of the table
	Delete   bool
	// Unversioned: a delete without versionnumber. Upserts always have one.
	Unversioned bool
}

// Block is a number of consecutive rows of one file.
type Block struct {
	Rows    batch.Batch // in the columns of the target table
	Changes []Change    // parallel to the rows
}

// Source gives the changes of one batch, in pieces.
type Source interface {
	// Next returns the next piece, io.EOF after the last. It is called from
	// one goroutine.
	Next(ctx context.Context) (Piece, error)
	// Close gives up what is held. It may be called before the last piece.
	Close() error
}

// Piece is a part of a file that has been read and not been understood yet.
type Piece interface {
	// Decode fills the block, whose memory it reuses. Different pieces may be
	// decoded at the same time. The block's byte slices point into the piece.
	Decode(block *Block) error
	// Size is the memory that the piece holds, in bytes.
	Size() int
	// Release gives the piece's memory back; blocks decoded from it end there.
	Release()
}
