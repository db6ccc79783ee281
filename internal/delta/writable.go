package delta

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// CheckWritable names the first thing that forbids changing rows of the table:
// what would have to be obeyed while writing and is not understood here. The
// error is a [FeatureError].
func (s *Snapshot) CheckWritable() error {
	if s.Metadata.isTrue("delta.appendOnly") {
		return &FeatureError{Table: s.URL(), Write: true, Feature: featureAppendOnly, Why: "delta.appendOnly is true: rows may only be added"}
	}
	return s.CheckAppendable()
}

// CheckAppendable is CheckWritable for commits that only add rows or rearrange
// files.
func (s *Snapshot) CheckAppendable() error {
	feature, why := forbidsWriting(&s.Protocol, &s.Metadata)
	if feature == "" {
		return nil
	}
	return &FeatureError{Table: s.URL(), Write: true, Feature: feature, Why: why}
}

func forbidsWriting(p *Protocol, m *Metadata) (feature, why string) {
	if p.MinWriterVersion > 7 {
		return fmt.Sprintf("writer version %d", p.MinWriterVersion), "7 is the newest that is understood"
	}
	if p.MinWriterVersion == 7 {
		for _, f := range p.WriterFeatures {
			if !slices.Contains(writable, f) {
				return f, "writer feature that is not understood"
			}
		}
	}
	if feature, why = forbiddenByProperties(m); feature != "" {
		return feature, why
	}
	return forbiddenBySchema(m)
}

func forbiddenByProperties(m *Metadata) (feature, why string) {
	for _, property := range []struct{ name, feature string }{
		{"delta.enableChangeDataFeed", "changeDataFeed"},
		{"delta.enableRowTracking", "rowTracking"},
		{"delta.enableTypeWidening", "typeWidening"},
		{"delta.enableIcebergCompatV1", "icebergCompatV1"},
		{"delta.enableIcebergCompatV2", "icebergCompatV2"},
	} {
		if m.isTrue(property.name) {
			return property.feature, property.name + " is true"
		}
	}
	if mode := m.Configuration["delta.columnMapping.mode"]; mode != "" && mode != "none" {
		return "columnMapping", "delta.columnMapping.mode is " + mode
	}
	for _, key := range sortedNames(m.Configuration) {
		if name, ok := strings.CutPrefix(key, "delta.constraints."); ok {
			return "checkConstraints", "CHECK constraint " + name
		}
	}
	if len(m.PartitionColumns) > 0 {
		return "partition columns", strings.Join(m.PartitionColumns, ", ")
	}
	if p := m.Format.Provider; p != "" && p != "parquet" {
		return "format " + p, "only parquet files are understood"
	}
	return "", ""
}

// columnFeatures are keys of a column's metadata that ask something of writers.
var columnFeatures = []struct{ key, feature string }{
	{"delta.generationExpression", "generatedColumns"},
	{"delta.identity.", "identityColumns"},
	{"delta.invariants", featureInvariants},
	{"delta.typeChanges", "typeWidening"},
	{"CURRENT_DEFAULT", "allowColumnDefaults"},
}

func forbiddenBySchema(m *Metadata) (feature, why string) {
	fields, err := m.fields()
	if err != nil {
		return "schema", err.Error()
	}
	for _, f := range fields {
		if !f.Nullable {
			return featureInvariants, fmt.Sprintf("column %q is not nullable", f.Name)
		}
		for _, key := range f.metadataKeys() {
			for _, c := range columnFeatures {
				if strings.HasPrefix(key, c.key) {
					return c.feature, fmt.Sprintf("column %q has %s", f.Name, key)
				}
			}
		}
	}
	return "", ""
}

// metadataKeys are those of the column and of everything nested in it, sorted.
func (f *Field) metadataKeys() []string {
	keys := map[string]bool{}
	for k := range f.Metadata {
		keys[k] = true
	}
	var nested any
	if json.Unmarshal([]byte(f.Type), &nested) == nil {
		collectMetadataKeys(nested, keys)
	}
	return sortedNames(keys)
}

func collectMetadataKeys(node any, keys map[string]bool) {
	switch n := node.(type) {
	case []any:
		for _, child := range n {
			collectMetadataKeys(child, keys)
		}
	case map[string]any:
		if metadata, ok := n["metadata"].(map[string]any); ok {
			for k := range metadata {
				keys[k] = true
			}
		}
		for _, child := range n {
			collectMetadataKeys(child, keys)
		}
	}
}
