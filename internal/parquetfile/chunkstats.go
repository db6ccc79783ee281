package parquetfile

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/sluicedata/sluice/internal/batch"
)

// maxFooterBytes is the longest string that goes into the footer as a bound.
// Long texts prune nothing and would swell footers that every reader loads.
const maxFooterBytes = 64

// chunkStats encodes a row group's statistics of a column as the footer wants
// them, so that readers can pass over row groups.
func chunkStats(typ batch.Type, t *tally) metadata.EncodedStatistics {
	e := metadata.EncodedStatistics{HasNullCount: true, NullCount: t.nulls, Signed: typ.Kind != batch.String}
	s := t.stats(typ)
	if !s.HasMinMax || len(s.Min.Bytes) > maxFooterBytes || len(s.Max.Bytes) > maxFooterBytes {
		return e
	}
	if typ.Kind == batch.Double {
		// A zero bound must cover both zeros, which compare equal.
		if s.Min.Double == 0 {
			s.Min.Double = math.Copysign(0, -1)
		}
		if s.Max.Double == 0 {
			s.Max.Double = 0
		}
	}
	e.SetMin(plainBytes(typ, &s.Min))
	e.SetMax(plainBytes(typ, &s.Max))
	return e
}

// plainBytes is a value in Parquet's plain encoding, without length prefix.
func plainBytes(typ batch.Type, v *batch.Value) []byte {
	switch physicalOf(typ) {
	case parquet.Types.ByteArray:
		return v.Bytes
	case parquet.Types.Double:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v.Double))
	case parquet.Types.Boolean:
		if v.Bool {
			return []byte{1}
		}
		return []byte{0}
	case parquet.Types.Int32:
		return binary.LittleEndian.AppendUint32(nil, uint32(v.Int))
	case parquet.Types.FixedLenByteArray:
		return v.Wide[:]
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(v.Int))
}
