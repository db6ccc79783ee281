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

// ParseKey reads a GUID of 36 characters, as String writes it; upper case is
// accepted.
func ParseKey(text []byte) (Key, bool) {
	var k Key
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return k, false
	}
	bad := byte(0)
	for i, at := range keyDigits {
		hi, lo := hexDigit[text[at]], hexDigit[text[at+1]]
		bad |= hi | lo
		k[i] = hi<<4 | lo&0xF
	}
	return k, bad&0xF0 == 0
}

// keyDigits are where the two digits of each byte begin in a GUID's text.
var keyDigits = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// hexDigit is the value of a digit, 0xFF for other characters.
var hexDigit = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xFF
	}
	for i := range 10 {
		table['0'+i] = byte(i)
	}
	for i := range 6 {
		table['a'+i], table['A'+i] = byte(10+i), byte(10+i)
	}
	return table
}()
