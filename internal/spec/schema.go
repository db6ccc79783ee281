package spec

import (
	"bytes"
	_ "embed"
)

// schemaJSON is made from the structs by TestSchema, which fails when the two
// differ; 'go test ./internal/spec -run TestSchema -update' writes it anew.
//
//go:embed schema.json
var schemaJSON []byte

// Schema is the JSON Schema (draft 2020-12) of the configuration file, for
// editors and other programs.
func Schema() []byte { return bytes.Clone(schemaJSON) }

//go:embed example.yaml
var exampleYAML []byte

// Example is a first configuration with comments, for an export in the folder
// export beside it.
func Example() []byte { return bytes.Clone(exampleYAML) }
