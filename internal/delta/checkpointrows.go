package delta

import (
	"github.com/apache/arrow-go/v18/arrow/array"
)

// checkpointRowBuilder builds rows of the checkpoint schema.
type checkpointRowBuilder struct {
	builder *array.RecordBuilder
	count   int // rows since the last batch
}

func newCheckpointRows(b *array.RecordBuilder) *checkpointRowBuilder {
	return &checkpointRowBuilder{builder: b}
}

// append adds one row in which only the action's column is not null.
func (c *checkpointRowBuilder) append(a *Action) {
	var name string
	var values []any
	switch {
	case a.Txn != nil:
		name, values = "txn", []any{a.Txn.AppID, a.Txn.Version, a.Txn.LastUpdated}
	case a.Add != nil:
		name, values = "add", addValues(a.Add)
	case a.Remove != nil:
		name, values = "remove", removeValues(a.Remove)
	case a.Metadata != nil:
		name, values = "metaData", metadataValues(a.Metadata)
	case a.Protocol != nil:
		name, values = "protocol", protocolValues(a.Protocol)
	case a.Domain != nil:
		name, values = "domainMetadata", []any{a.Domain.Domain, a.Domain.Configuration, a.Domain.Removed}
	}
	for i, f := range c.builder.Schema().Fields() {
		if f.Name == name {
			appendStruct(c.builder.Field(i).(*array.StructBuilder), values)
		} else {
			c.builder.Field(i).AppendNull()
		}
	}
	c.count++
}

// The values follow the order of the fields in checkpointSchema.

func addValues(a *Add) []any {
	return []any{a.Path, orEmpty(a.PartitionValues), a.Size, a.ModificationTime, a.DataChange, a.Tags,
		vectorValues(a.DeletionVector), a.BaseRowID, a.DefaultRowCommitVersion, a.ClusteringProvider, unlessEmpty(a.Stats)}
}

func removeValues(r *Remove) []any {
	return []any{r.Path, r.DeletionTimestamp, r.DataChange, r.ExtendedFileMetadata, r.PartitionValues, r.Size,
		vectorValues(r.DeletionVector), r.BaseRowID, r.DefaultRowCommitVersion}
}

func vectorValues(v *DeletionVector) []any {
	if v == nil {
		return nil
	}
	return []any{v.StorageType, v.PathOrInlineDV, v.Offset, v.SizeInBytes, v.Cardinality, v.MaxRowIndex}
}

func metadataValues(m *Metadata) []any {
	c := *m
	c.normalize()
	return []any{c.ID, unlessEmpty(c.Name), unlessEmpty(c.Description), []any{c.Format.Provider, pointers(c.Format.Options)},
		c.SchemaString, c.PartitionColumns, pointers(c.Configuration), c.CreatedTime}
}

func protocolValues(p *Protocol) []any {
	return []any{p.MinReaderVersion, p.MinWriterVersion, p.ReaderFeatures, p.WriterFeatures}
}

func appendStruct(b *array.StructBuilder, values []any) {
	b.Append(true)
	for i, v := range values {
		appendValue(b.FieldBuilder(i), v)
	}
}

// appendValue appends nil of every kind as null.
func appendValue(b array.Builder, v any) {
	switch v := v.(type) {
	case []any:
		if v == nil {
			b.AppendNull()
			return
		}
		appendStruct(b.(*array.StructBuilder), v)
	case string:
		b.(*array.StringBuilder).Append(v)
	case bool:
		b.(*array.BooleanBuilder).Append(v)
	case int32:
		b.(*array.Int32Builder).Append(v)
	case int64:
		b.(*array.Int64Builder).Append(v)
	case *string:
		appendOptional(b, v)
	case *int32:
		appendOptional(b, v)
	case *int64:
		appendOptional(b, v)
	case []string:
		appendList(b.(*array.ListBuilder), v)
	case map[string]*string:
		appendMap(b.(*array.MapBuilder), v)
	}
}

func appendOptional[T any](b array.Builder, v *T) {
	if v == nil {
		b.AppendNull()
		return
	}
	appendValue(b, *v)
}

func appendList(b *array.ListBuilder, values []string) {
	if values == nil {
		b.AppendNull()
		return
	}
	b.Append(true)
	for _, v := range values {
		b.ValueBuilder().(*array.StringBuilder).Append(v)
	}
}

func appendMap(b *array.MapBuilder, m map[string]*string) {
	if m == nil {
		b.AppendNull()
		return
	}
	b.Append(true)
	for _, k := range sortedNames(m) {
		b.KeyBuilder().(*array.StringBuilder).Append(k)
		appendOptional(b.ItemBuilder(), m[k])
	}
}

func orEmpty(m map[string]*string) map[string]*string {
	if m == nil {
		return map[string]*string{}
	}
	return m
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func pointers(m map[string]string) map[string]*string {
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = &v
	}
	return out
}
