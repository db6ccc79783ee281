package parquetfile

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/sluicedata/sluice/internal/batch"
)

// typed decodes values of a physical type T, page by page, and hands them to
// a conversion that appends them.
type typed[T any] struct {
	chunk interface {
		ReadBatchInPage(n int64, values []T, def, rep []int16) (int64, int, error)
		Skip(n int64) (int64, error)
	}
	appendTo func(into *batch.Column, values []T) error
	values   []T
	// reuse is off for types whose decoders may write through the slices that
	// an earlier page left in values, into memory that is still referred to.
	reuse bool
}

func (d *typed[T]) next(def []int16, into *batch.Column) (int64, int, error) {
	d.values = slices.Grow(d.values[:0], len(def))[:len(def)]
	if !d.reuse {
		clear(d.values)
	}
	rows, values, err := d.chunk.ReadBatchInPage(int64(len(def)), d.values, def, nil)
	if err != nil {
		return 0, 0, err
	}
	return rows, values, d.appendTo(into, d.values[:values])
}

func (d *typed[T]) skip(rows int64) error {
	_, err := d.chunk.Skip(rows)
	return err
}

// newDecoder finds the way from the stored to the wanted type.
func newDecoder(want batch.Type, d *schema.Column, chunk file.ColumnChunkReader, mem *arena) (decoder, error) {
	kind := classOf(d)
	switch c := chunk.(type) {
	case *file.ByteArrayColumnChunkReader:
		if want.Kind == batch.String && kind.isText {
			return &typed[parquet.ByteArray]{chunk: c, reuse: true, appendTo: mem.appendText}, nil
		}
		if conv, ok := kind.rescaleTo(want); ok {
			return &typed[parquet.ByteArray]{chunk: c, appendTo: appendByteDecimals[parquet.ByteArray](conv)}, nil
		}
	case *file.FixedLenByteArrayColumnChunkReader:
		if conv, ok := kind.rescaleTo(want); ok {
			return &typed[parquet.FixedLenByteArray]{chunk: c, appendTo: appendByteDecimals[parquet.FixedLenByteArray](conv)}, nil
		}
	case *file.Int32ColumnChunkReader:
		if f := int32Appender(want, kind); f != nil {
			return &typed[int32]{chunk: c, reuse: true, appendTo: f}, nil
		}
	case *file.Int64ColumnChunkReader:
		if f := int64Appender(want, kind); f != nil {
			return &typed[int64]{chunk: c, reuse: true, appendTo: f}, nil
		}
	case *file.Int96ColumnChunkReader:
		if want.Kind == batch.Timestamp {
			return &typed[parquet.Int96]{chunk: c, reuse: true, appendTo: appendInt96}, nil
		}
	case *file.BooleanColumnChunkReader:
		if want.Kind == batch.Boolean {
			return &typed[bool]{chunk: c, reuse: true, appendTo: appendBools}, nil
		}
	case *file.Float64ColumnChunkReader:
		if want.Kind == batch.Double {
			return &typed[float64]{chunk: c, reuse: true, appendTo: appendNumbers[float64]}, nil
		}
	case *file.Float32ColumnChunkReader:
		if want.Kind == batch.Double {
			return &typed[float32]{chunk: c, reuse: true, appendTo: appendNumbers[float32]}, nil
		}
	}
	return nil, fmt.Errorf("%w: %s (%s) as %s", ErrType, d.PhysicalType(), d.LogicalType(), want)
}

func int32Appender(want batch.Type, kind class) func(*batch.Column, []int32) error {
	switch {
	case want.Kind == batch.Date && kind.isDate,
		want.Kind == batch.Integer && kind.isInt && !kind.unsigned,
		want.Kind == batch.Long && kind.isInt && !kind.unsigned:
		return appendInts[int32]
	case want.Kind == batch.Long && kind.isInt:
		return appendUnsigned
	case want.Kind == batch.Double && kind.isInt && !kind.unsigned:
		return appendNumbers[int32]
	}
	if conv, ok := kind.rescaleTo(want); ok {
		return appendIntDecimals[int32](conv)
	}
	return nil
}

func int64Appender(want batch.Type, kind class) func(*batch.Column, []int64) error {
	switch {
	case want.Kind == batch.Long && kind.isInt && !kind.unsigned:
		return appendInts[int64]
	case want.Kind == batch.Timestamp && kind.unit != nil:
		return kind.unit
	}
	if conv, ok := kind.rescaleTo(want); ok {
		return appendIntDecimals[int64](conv)
	}
	return nil
}

func appendInts[T int32 | int64](into *batch.Column, values []T) error {
	into.Ints = slices.Grow(into.Ints, len(values))
	for _, v := range values {
		into.Ints = append(into.Ints, int64(v))
	}
	return nil
}

func appendUnsigned(into *batch.Column, values []int32) error {
	for _, v := range values {
		into.Ints = append(into.Ints, int64(uint32(v)))
	}
	return nil
}

func appendNumbers[T int32 | float32 | float64](into *batch.Column, values []T) error {
	into.Doubles = slices.Grow(into.Doubles, len(values))
	for _, v := range values {
		into.Doubles = append(into.Doubles, float64(v))
	}
	return nil
}

func appendBools(into *batch.Column, values []bool) error {
	into.Bools = append(into.Bools, values...)
	return nil
}

// appendText copies the strings, because the next page overwrites them.
func (a *arena) appendText(into *batch.Column, values []parquet.ByteArray) error {
	at := len(into.Bytes)
	into.Bytes = append(into.Bytes, byteSlices(values)...)
	a.copyAll(into.Bytes[at:])
	return nil
}
