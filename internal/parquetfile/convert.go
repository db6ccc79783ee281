package parquetfile

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/sluicedata/sluice/internal/batch"
)

// class is what a stored column's annotation says of its values.
//
//	wanted       stored as
//	string       BYTE_ARRAY without Decimal
//	long         INT64, INT32, signed; INT32 unsigned
//	integer      INT32 signed
//	boolean      BOOLEAN
//	double       DOUBLE, FLOAT, INT32 signed
//	timestamp    INT64 Timestamp of any unit, INT96
//	date         INT32 Date
//	decimal(p,s) INT32, INT64, FIXED_LEN_BYTE_ARRAY, BYTE_ARRAY Decimal of a
//	             scale <= s; INT32 and INT64 signed, as of scale 0
type class struct {
	isText, isDate, isDecimal bool
	isInt, unsigned           bool
	unit                      func(*batch.Column, []int64) error // timestamps
	decimal                   batch.Type
}

func classOf(d *schema.Column) class {
	switch t := d.LogicalType().(type) {
	case schema.TimestampLogicalType:
		return class{unit: timestampAppender(t.TimeUnit())}
	case schema.DateLogicalType:
		return class{isDate: true}
	case schema.DecimalLogicalType:
		return class{isDecimal: true, decimal: batch.Type{Kind: batch.Decimal, Precision: t.Precision(), Scale: t.Scale()}}
	case schema.IntLogicalType:
		return class{isInt: true, unsigned: !t.IsSigned(), decimal: intDecimal(d)}
	case schema.StringLogicalType, schema.EnumLogicalType, schema.JSONLogicalType:
		return class{isText: true}
	case schema.NoLogicalType, schema.UnknownLogicalType, nil:
		// Byte arrays without annotation are the strings of old writers.
		return class{isText: d.PhysicalType() == parquet.Types.ByteArray, isInt: isInteger(d), decimal: intDecimal(d)}
	}
	return class{}
}

func isInteger(d *schema.Column) bool {
	return d.PhysicalType() == parquet.Types.Int32 || d.PhysicalType() == parquet.Types.Int64
}

// intDecimal is the decimal that holds every integer of the stored type, if
// it is one.
func intDecimal(d *schema.Column) batch.Type {
	switch d.PhysicalType() {
	case parquet.Types.Int32:
		return batch.Type{Kind: batch.Decimal, Precision: 10}
	case parquet.Types.Int64:
		return batch.Type{Kind: batch.Decimal, Precision: 19}
	}
	return batch.Type{}
}

// naturalType is the type that fits a stored column best.
func naturalType(d *schema.Column) (batch.Type, bool) {
	k := classOf(d)
	kind := batch.Kind(0)
	switch physical := d.PhysicalType(); {
	case len(d.ColumnPath()) > 1 || d.MaxRepetitionLevel() > 0:
	case k.isDecimal:
		_, err := batch.ParseType(k.decimal.String())
		return k.decimal, err == nil
	case k.isText:
		kind = batch.String
	case k.isDate:
		kind = batch.Date
	case k.unit != nil || physical == parquet.Types.Int96:
		kind = batch.Timestamp
	case k.isInt && physical == parquet.Types.Int32 && !k.unsigned:
		kind = batch.Integer
	case k.isInt && !(k.unsigned && physical == parquet.Types.Int64):
		kind = batch.Long
	case physical == parquet.Types.Boolean:
		kind = batch.Boolean
	case physical == parquet.Types.Double || physical == parquet.Types.Float:
		kind = batch.Double
	}
	return batch.Type{Kind: kind}, kind != 0
}

func timestampAppender(unit schema.TimeUnitType) func(*batch.Column, []int64) error {
	switch unit {
	case schema.TimeUnitMillis:
		return appendMillis
	case schema.TimeUnitMicros:
		return appendInts[int64]
	case schema.TimeUnitNanos:
		return appendNanos
	}
	return nil
}

func appendMillis(into *batch.Column, values []int64) error {
	for _, v := range values {
		if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
			return fmt.Errorf("%w: %d milliseconds are out of range for microseconds", ErrType, v)
		}
		into.Ints = append(into.Ints, v*1000)
	}
	return nil
}

// appendNanos goes down to the microsecond, before 1970 too.
func appendNanos(into *batch.Column, values []int64) error {
	for _, v := range values {
		into.Ints = append(into.Ints, floorDiv(v, 1000))
	}
	return nil
}

func floorDiv(v, by int64) int64 {
	q := v / by
	if v%by < 0 {
		q--
	}
	return q
}

const (
	julianEpoch  = 2_440_588 // Julian day of 1970-01-01
	microsOfDay  = 86_400_000_000
	maxInt96Days = math.MaxInt64/microsOfDay - 1
)

// appendInt96 reads the timestamps of old Spark and Impala: nanoseconds of the
// day (8 bytes) and Julian day (4 bytes), both little-endian.
func appendInt96(into *batch.Column, values []parquet.Int96) error {
	for i := range values {
		nanos := int64(binary.LittleEndian.Uint64(values[i][:8]))
		day := int64(int32(binary.LittleEndian.Uint32(values[i][8:]))) - julianEpoch
		if day > maxInt96Days || day < -maxInt96Days || nanos > microsOfDay*1000 || nanos < -microsOfDay*1000 {
			return fmt.Errorf("%w: day %d and %d nanoseconds are out of range for a timestamp", ErrType, day, nanos)
		}
		into.Ints = append(into.Ints, day*microsOfDay+floorDiv(nanos, 1000))
	}
	return nil
}
