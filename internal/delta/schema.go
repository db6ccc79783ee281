package delta

import (
	"encoding/json"
	"fmt"

	"github.com/sluicedata/sluice/internal/batch"
)

// Field is a column of a table's schema.
type Field struct {
	Name     string
	Type     string // "long", "decimal(38,6)"; nested types are the JSON that describes them
	Nullable bool
	Metadata map[string]json.RawMessage
}

// fieldJSON is a field as it stands in schemaString.
type fieldJSON struct {
	Name     string                     `json:"name"`
	Type     json.RawMessage            `json:"type"`
	Nullable bool                       `json:"nullable"`
	Metadata map[string]json.RawMessage `json:"metadata"`
}

type schemaJSON struct {
	Type   string      `json:"type"`
	Fields []fieldJSON `json:"fields"`
}

// Schema lists the table's columns, of whatever type.
func (s *Snapshot) Schema() ([]Field, error) {
	fields, err := s.Metadata.fields()
	if err != nil {
		return nil, &LogError{Table: s.URL(), Version: s.Version, Err: err}
	}
	return fields, nil
}

// BatchSchema gives the columns in the types in which rows are handled here. It
// is a [FeatureError] when a column has another type, or when the names or types
// in the data files may differ from those of the table.
func (s *Snapshot) BatchSchema() (batch.Schema, error) {
	fields, err := s.Schema()
	if err != nil {
		return nil, err
	}
	refuse := func(feature, why string) error { return &FeatureError{Table: s.URL(), Feature: feature, Why: why} }
	if mode := s.Metadata.Configuration["delta.columnMapping.mode"]; mode != "" && mode != "none" {
		return nil, refuse("columnMapping", "delta.columnMapping.mode is "+mode)
	}
	schema := make(batch.Schema, len(fields))
	for i, f := range fields {
		if _, widened := f.Metadata["delta.typeChanges"]; widened {
			return nil, refuse("typeWidening", fmt.Sprintf("column %q had another type", f.Name))
		}
		t, err := batch.ParseType(f.Type)
		if err != nil {
			return nil, refuse(fmt.Sprintf("column %q", f.Name), err.Error())
		}
		schema[i] = batch.Field{Name: f.Name, Type: t}
	}
	return schema, nil
}

func (m *Metadata) fields() ([]Field, error) {
	var schema schemaJSON
	if err := json.Unmarshal([]byte(m.SchemaString), &schema); err != nil {
		return nil, fmt.Errorf("%w: schemaString: %w", ErrCorrupt, err)
	}
	if schema.Type != "struct" {
		return nil, fmt.Errorf("%w: schemaString: the type is %q, not struct", ErrCorrupt, schema.Type)
	}
	fields := make([]Field, len(schema.Fields))
	for i, f := range schema.Fields {
		fields[i] = Field{Name: f.Name, Type: typeText(f.Type), Nullable: f.Nullable, Metadata: f.Metadata}
	}
	return fields, nil
}

// typeText unquotes the name of a primitive type and keeps all else as it is.
func typeText(raw json.RawMessage) string {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return name
	}
	return string(raw)
}

func encodeSchema(fields []Field) (string, error) {
	schema := schemaJSON{Type: "struct", Fields: make([]fieldJSON, len(fields))}
	for i, f := range fields {
		raw := json.RawMessage(f.Type)
		if len(raw) == 0 || raw[0] != '{' {
			var err error
			if raw, err = json.Marshal(f.Type); err != nil {
				return "", fmt.Errorf("encode type %q: %w", f.Type, err)
			}
		}
		schema.Fields[i] = fieldJSON{Name: f.Name, Type: raw, Nullable: f.Nullable, Metadata: f.Metadata}
		if f.Metadata == nil {
			schema.Fields[i].Metadata = map[string]json.RawMessage{}
		}
	}
	return encodeText(schema)
}
