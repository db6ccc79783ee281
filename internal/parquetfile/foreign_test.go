package parquetfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

// foreign describes a column as another writer stores it.
type foreign struct {
	logical  schema.LogicalType
	physical parquet.Type
	length   int
	values   any // slice of the physical type
}

var (
	int8Type   = schema.NewIntLogicalType(8, true)
	uint32Type = schema.NewIntLogicalType(32, false)
	uint64Type = schema.NewIntLogicalType(64, false)
)

func decimalOf(precision, scale int32) schema.LogicalType {
	return schema.NewDecimalLogicalType(precision, scale)
}

func stampOf(unit schema.TimeUnitType) schema.LogicalType {
	return schema.NewTimestampLogicalType(true, unit)
}

func int96(day uint32, nanos uint64) (v parquet.Int96) {
	binary.LittleEndian.PutUint64(v[:], nanos)
	binary.LittleEndian.PutUint32(v[8:], day)
	return v
}

// writeForeign makes a file of one column "v", required or optional with a
// null after every value.
func writeForeign(t *testing.T, c foreign, rep parquet.Repetition, props ...parquet.WriterProperty) []byte {
	t.Helper()
	if c.length == 0 {
		c.length = -1
	}
	if c.logical == nil {
		c.logical = schema.NoLogicalType{}
	}
	node, err := schema.NewPrimitiveNodeLogical("v", rep, c.logical, c.physical, c.length, -1)
	if err != nil {
		t.Fatal(err)
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, schema.FieldList{node}, -1)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root, file.WithWriterProps(parquet.NewWriterProperties(props...)))
	rg, err := w.AppendRowGroupChecked()
	if err != nil {
		t.Fatal(err)
	}
	col, err := rg.NextColumn()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeValues(col, c.values, rep == parquet.Repetitions.Optional); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(col.Close(), rg.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func writeValues(col file.ColumnChunkWriter, values any, optional bool) (err error) {
	levels := func(n int) (def []int16) {
		for range n {
			if optional {
				def = append(def, 1, 0)
			}
		}
		return def
	}
	switch v := values.(type) {
	case []int32:
		_, err = col.(*file.Int32ColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []int64:
		_, err = col.(*file.Int64ColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []parquet.Int96:
		_, err = col.(*file.Int96ColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []float32:
		_, err = col.(*file.Float32ColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []float64:
		_, err = col.(*file.Float64ColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []bool:
		_, err = col.(*file.BooleanColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []parquet.ByteArray:
		_, err = col.(*file.ByteArrayColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	case []parquet.FixedLenByteArray:
		_, err = col.(*file.FixedLenByteArrayColumnChunkWriter).WriteBatch(v, levels(len(v)), nil)
	default:
		err = fmt.Errorf("no writer for %T", values)
	}
	return err
}

func TestForeignTypes(t *testing.T) {
	const day0 = julianEpoch
	tests := []struct {
		name    string
		stored  foreign
		wanted  string
		natural string
		want    string // values, or the error after "error:"
	}{
		{"int96", foreign{physical: parquet.Types.Int96, values: []parquet.Int96{int96(day0, 0), int96(day0-1, 1), int96(day0+1, 1_500_000_999)}},
			"timestamp", "timestamp", "0 -86400000000 86401500000"},
		{"int96 of year 1 and 9999", foreign{physical: parquet.Types.Int96, values: []parquet.Int96{int96(1_721_426, 0), int96(5_373_484, 86_399_999_999_999)}},
			"timestamp", "timestamp", "-62135596800000000 253402300799999999"},
		{"int96 out of range", foreign{physical: parquet.Types.Int96, values: []parquet.Int96{int96(math.MaxInt32, 0)}},
			"timestamp", "timestamp", "error:out of range"},
		{"millis", foreign{stampOf(schema.TimeUnitMillis), parquet.Types.Int64, 0, []int64{-1, 0, 1_700_000_000_123}},
			"timestamp", "timestamp", "-1000 0 1700000000123000"},
		{"millis out of range", foreign{stampOf(schema.TimeUnitMillis), parquet.Types.Int64, 0, []int64{math.MaxInt64}},
			"timestamp", "timestamp", "error:out of range"},
		{"nanos", foreign{stampOf(schema.TimeUnitNanos), parquet.Types.Int64, 0, []int64{-1, 0, 999, 1000, -1000}},
			"timestamp", "timestamp", "-1 0 0 1 -1"},
		{"micros", foreign{stampOf(schema.TimeUnitMicros), parquet.Types.Int64, 0, []int64{-1, 7}}, "timestamp", "timestamp", "-1 7"},
		{"long is no timestamp", foreign{physical: parquet.Types.Int64, values: []int64{1}}, "timestamp", "long", "error:does not fit"},
		{"int32 as long", foreign{physical: parquet.Types.Int32, values: []int32{-1, math.MaxInt32}}, "long", "integer", "-1 2147483647"},
		{"int8 as long", foreign{int8Type, parquet.Types.Int32, 0, []int32{-128}}, "long", "integer", "-128"},
		{"uint32 as long", foreign{uint32Type, parquet.Types.Int32, 0, []int32{-1}}, "long", "long", "4294967295"},
		{"uint32 as integer", foreign{uint32Type, parquet.Types.Int32, 0, []int32{-1}}, "integer", "long", "error:does not fit"},
		{"uint64", foreign{uint64Type, parquet.Types.Int64, 0, []int64{-1}}, "long", "", "error:does not fit"},
		{"int64 as integer", foreign{physical: parquet.Types.Int64, values: []int64{1}}, "integer", "long", "error:does not fit"},
		{"float", foreign{physical: parquet.Types.Float, values: []float32{0.5, -2}}, "double", "double", "3fe0000000000000 c000000000000000"},
		{"int32 as double", foreign{physical: parquet.Types.Int32, values: []int32{-2}}, "double", "integer", "c000000000000000"},
		{"date", foreign{schema.DateLogicalType{}, parquet.Types.Int32, 0, []int32{-719162, 0}}, "date", "date", "-719162 0"},
		{"date as long", foreign{schema.DateLogicalType{}, parquet.Types.Int32, 0, []int32{1}}, "long", "date", "error:does not fit"},
		{"bytes without annotation", foreign{physical: parquet.Types.ByteArray, values: []parquet.ByteArray{[]byte("a"), {}}}, "string", "string", `"a" ""`},
		{"boolean as string", foreign{physical: parquet.Types.Boolean, values: []bool{true}}, "string", "boolean", "error:does not fit"},

		{"int32 decimal widened", foreign{decimalOf(9, 2), parquet.Types.Int32, 0, []int32{-123, 5}}, "decimal(38,6)", "decimal(9,2)", "-1230000 50000"},
		{"int64 decimal to int32", foreign{decimalOf(18, 2), parquet.Types.Int64, 0, []int64{-123}}, "decimal(9,2)", "decimal(18,2)", "-123"},
		{"int64 decimal too large", foreign{decimalOf(18, 2), parquet.Types.Int64, 0, []int64{1_000_000_000}}, "decimal(9,2)", "decimal(18,2)", "error:more digits"},
		{"int64 decimal, smaller scale", foreign{decimalOf(18, 4), parquet.Types.Int64, 0, []int64{1}}, "decimal(18,2)", "decimal(18,4)", "error:does not fit"},
		{"fixed decimal of 5 bytes", foreign{decimalOf(10, 2), parquet.Types.FixedLenByteArray, 5, []parquet.FixedLenByteArray{{0xFF, 0xFF, 0xFF, 0xFF, 0x85}, {0, 0, 0, 1, 0}}},
			"decimal(10,2)", "decimal(10,2)", "-123 256"},
		{"fixed decimal of 16 bytes", foreign{decimalOf(38, 6), parquet.Types.FixedLenByteArray, 16, fixedOf("-99999999999999999999999999999999999999", "1")},
			"decimal(38,6)", "decimal(38,6)", "-99999999999999999999999999999999999999 1"},
		{"fixed decimal of 20 bytes", foreign{decimalOf(38, 0), parquet.Types.FixedLenByteArray, 20, []parquet.FixedLenByteArray{
			append(bytes.Repeat([]byte{0xFF}, 19), 0x85), append(bytes.Repeat([]byte{0}, 19), 7), append([]byte{1}, bytes.Repeat([]byte{0}, 19)...),
		}[:2]}, "decimal(38,0)", "decimal(38,0)", "-123 7"},
		{"fixed decimal beyond 128 bits", foreign{decimalOf(38, 0), parquet.Types.FixedLenByteArray, 20, []parquet.FixedLenByteArray{append([]byte{1}, bytes.Repeat([]byte{0}, 19)...)}},
			"decimal(38,0)", "decimal(38,0)", "error:more digits"},
		{"byte array decimal", foreign{decimalOf(20, 1), parquet.Types.ByteArray, 0, []parquet.ByteArray{{0x85}, {0, 0xFF}, {}}},
			"decimal(20,1)", "decimal(20,1)", "-123 255 0"},
		{"rescaled beyond 38 digits", foreign{decimalOf(38, 0), parquet.Types.FixedLenByteArray, 16, fixedOf("99999999999999999999999999999999999999")},
			"decimal(38,38)", "decimal(38,0)", "error:more digits"},
		{"rescaled by 10^30", foreign{decimalOf(8, 0), parquet.Types.Int32, 0, []int32{-99999999}}, "decimal(38,30)", "decimal(8,0)", "-99999999" + strings.Repeat("0", 30)},
		{"integer as decimal", foreign{physical: parquet.Types.Int32, values: []int32{-7}}, "decimal(12,2)", "integer", "-700"},
		{"text as decimal", foreign{schema.StringLogicalType{}, parquet.Types.ByteArray, 0, []parquet.ByteArray{[]byte("1")}}, "decimal(9,2)", "string", "error:does not fit"},
		{"bare bytes as decimal", foreign{physical: parquet.Types.ByteArray, values: []parquet.ByteArray{[]byte("1")}}, "decimal(38,2)", "string", "error:does not fit"},
		{"decimal as string", foreign{decimalOf(20, 1), parquet.Types.ByteArray, 0, []parquet.ByteArray{{1}}}, "string", "decimal(20,1)", "error:does not fit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			typ, err := batch.ParseType(tt.wanted)
			if err != nil {
				t.Fatal(err)
			}
			for _, rep := range []parquet.Repetition{parquet.Repetitions.Required, parquet.Repetitions.Optional} {
				f := open(t, writeForeign(t, tt.stored, rep))
				checkForeign(t, f, typ, tt.want, rep)
				if got := f.Columns(); tt.natural == "" && len(got) != 0 || tt.natural != "" && (len(got) != 1 || got[0].Type.String() != tt.natural) {
					t.Errorf("columns are %v, want %s", got, tt.natural)
				}
			}
		})
	}
}

func fixedOf(digits ...string) (out []parquet.FixedLenByteArray) {
	for _, d := range digits {
		w := wideOf(d)
		out = append(out, w[:])
	}
	return out
}

func checkForeign(t *testing.T, f *File, typ batch.Type, want string, rep parquet.Repetition) {
	t.Helper()
	var b batch.Batch
	err := f.ReadRowGroup(0, batch.Schema{{Name: "v", Type: typ}}, &b)
	if message, isError := strings.CutPrefix(want, "error:"); isError {
		if !errors.Is(err, ErrType) || !strings.Contains(err.Error(), message) {
			t.Errorf("%v: error %v, want %q", rep, err, message)
		}
		return
	}
	if err != nil {
		t.Errorf("%v: %v", rep, err)
		return
	}
	values := strings.Fields(want)
	if rep == parquet.Repetitions.Optional {
		values = strings.Fields(strings.Join(values, " NULL ") + " NULL")
	}
	if diff := cmp.Diff(values, cells(&b)["v"]); diff != "" {
		t.Errorf("%v (-want +got):\n%s", rep, diff)
	}
}

// Pages as other writers make them: codecs, page versions, encodings.
func TestForeignPages(t *testing.T) {
	var values []parquet.ByteArray
	var want []string
	for i := range 5000 {
		v := fmt.Sprintf("value %d", i%700)
		values, want = append(values, []byte(v)), append(want, fmt.Sprintf("%q", v))
	}
	stored := foreign{schema.StringLogicalType{}, parquet.Types.ByteArray, 0, values}
	text := batch.Schema{{Name: "v", Type: batch.Type{Kind: batch.String}}}
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Zstd, compress.Codecs.Brotli, compress.Codecs.Lz4Raw} {
		for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
			for _, enc := range []parquet.Encoding{parquet.Encodings.Plain, parquet.Encodings.DeltaByteArray, parquet.Encodings.DeltaLengthByteArray, parquet.Encodings.RLEDict} {
				name := fmt.Sprintf("%s, pages of version %d, %s", codec, version+1, enc)
				props := []parquet.WriterProperty{
					parquet.WithCompression(codec), parquet.WithDataPageVersion(version), parquet.WithDataPageSize(1000), parquet.WithPageIndexEnabled(true),
				}
				if enc == parquet.Encodings.RLEDict {
					props = append(props, parquet.WithDictionaryDefault(true))
				} else {
					props = append(props, parquet.WithDictionaryDefault(false), parquet.WithEncoding(enc))
				}
				f := open(t, writeForeign(t, stored, parquet.Repetitions.Required, props...))
				if diff := cmp.Diff(want, cells(readAll(t, f, text))["v"]); diff != "" {
					t.Errorf("%s: read row group:\n%s", name, diff)
				}
				var some batch.Batch
				if err := f.ReadRows(0, []int64{0, 1, 1500, 4998, 4999}, text, &some); err != nil {
					t.Errorf("%s: read rows: %v", name, err)
				}
				if diff := cmp.Diff([]string{want[0], want[1], want[1500], want[4998], want[4999]}, cells(&some)["v"]); diff != "" {
					t.Errorf("%s: read rows:\n%s", name, diff)
				}
			}
		}
	}
}
