package parquetfile

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/sluicedata/sluice/internal/batch"
)

const noFieldID = -1

// wideBytes is the length of a FIXED_LEN_BYTE_ARRAY decimal.
const wideBytes = 16

// fileSchema is the Parquet schema in which batches of s are stored.
func fileSchema(s batch.Schema) (*schema.Schema, error) {
	if len(s) == 0 {
		return nil, fmt.Errorf("%w: a parquet file needs at least one column", ErrBatch)
	}
	seen := make(map[string]bool, len(s))
	fields := make(schema.FieldList, len(s))
	for i, f := range s {
		fold := strings.ToLower(f.Name)
		if f.Name == "" || seen[fold] {
			return nil, fmt.Errorf("%w: column %d: name %q is empty or used twice", ErrBatch, i, f.Name)
		}
		seen[fold] = true
		node, err := columnNode(f)
		if err != nil {
			return nil, fmt.Errorf("%w: column %q of type %s: %w", ErrBatch, f.Name, f.Type, err)
		}
		fields[i] = node
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, noFieldID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	return schema.NewSchema(root), nil
}

func columnNode(f batch.Field) (schema.Node, error) {
	if _, err := batch.ParseType(f.Type.String()); err != nil {
		return nil, err
	}
	length := -1
	if f.Type.IsWide() {
		length = wideBytes
	}
	return schema.NewPrimitiveNodeLogical(f.Name, parquet.Repetitions.Optional,
		logicalOf(f.Type), physicalOf(f.Type), length, noFieldID)
}

// logicalOf is the annotation that tells readers what the stored values mean.
func logicalOf(t batch.Type) schema.LogicalType {
	switch t.Kind {
	case batch.String:
		return schema.StringLogicalType{}
	case batch.Timestamp:
		return schema.NewTimestampLogicalType(true, schema.TimeUnitMicros)
	case batch.Date:
		return schema.DateLogicalType{}
	case batch.Decimal:
		return schema.NewDecimalLogicalType(t.Precision, t.Scale)
	}
	return schema.NoLogicalType{}
}

// physicalOf is the physical type in which a column is stored.
func physicalOf(t batch.Type) parquet.Type {
	switch {
	case t.Kind == batch.String:
		return parquet.Types.ByteArray
	case t.Kind == batch.Boolean:
		return parquet.Types.Boolean
	case t.Kind == batch.Double:
		return parquet.Types.Double
	case t.IsWide():
		return parquet.Types.FixedLenByteArray
	case t.Kind == batch.Date, t.Kind == batch.Integer, t.Kind == batch.Decimal && t.Precision <= 9:
		return parquet.Types.Int32
	}
	return parquet.Types.Int64
}
