package spec

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write golden files anew")

const packagePath = "github.com/sluicedata/sluice/internal/spec"

// makeSchema reflects the structs. Descriptions are the comments of the fields
// and the reasons in their tags.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	comments := &jsonschema.Reflector{}
	if err := comments.AddGoComments(packagePath, "."); err != nil {
		t.Fatal(err)
	}
	r := &jsonschema.Reflector{
		BaseSchemaID: "https://github.com/sluicedata/sluice", RequiredFromJSONSchemaTags: true, ExpandedStruct: true,
		LookupComment: func(typ reflect.Type, name string) string { return describe(comments.CommentMap, typ, name) },
		Mapper:        mapType,
	}
	schema := r.Reflect(Config{})
	schema.ID = "https://github.com/sluicedata/sluice/sluice.json"
	schema.Title = "sluice.yaml"
	allowReferences(schema)
	one := uint64(1)
	schema.Definitions["IngestionConfig"].MinProperties = &one
	schema.Definitions["IngestionConfig"].MaxProperties = &one
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func describe(comments map[string]string, typ reflect.Type, name string) string {
	if name == "" {
		return strings.Join(strings.Fields(comments[packagePath+"."+typ.Name()]), " ")
	}
	text := strings.Join(strings.Fields(comments[packagePath+"."+typ.Name()+"."+name]), " ")
	if f, ok := typ.FieldByName(name); ok {
		if why := f.Tag.Get("refuse"); why != "" {
			text += " Not supported: " + why + "."
		}
		if why := f.Tag.Get("ignore"); why != "" {
			text += " No effect: " + why + "."
		}
	}
	return text
}

func mapType(typ reflect.Type) *jsonschema.Schema {
	switch typ {
	case reflect.TypeFor[Foreign]():
		return &jsonschema.Schema{}
	case reflect.TypeFor[Secret](), reflect.TypeFor[URL]():
		return &jsonschema.Schema{Type: "string"}
	}
	return nil
}

// allowReferences lets a boolean or a listed value come from the environment,
// and takes numbers and booleans as values of properties and tags.
func allowReferences(schema *jsonschema.Schema) {
	reference := &jsonschema.Schema{Type: "string", Pattern: `\$\{[^{}]+\}`}
	for _, s := range append([]*jsonschema.Schema{schema}, definitions(schema)...) {
		for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
			p := pair.Value
			plain := &jsonschema.Schema{Type: p.Type, Enum: p.Enum}
			switch {
			case p.Type == "boolean" || p.Type == "integer" || p.Enum != nil:
				p.Type, p.Enum, p.AnyOf = "", nil, []*jsonschema.Schema{plain, reference}
			case pair.Key == "tags" || pair.Key == "table_properties":
				p.AdditionalProperties = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
			}
		}
	}
}

func definitions(schema *jsonschema.Schema) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	for _, s := range schema.Definitions {
		if s.Properties != nil {
			out = append(out, s)
		}
	}
	return out
}

func TestSchema(t *testing.T) {
	made := makeSchema(t)
	if *update {
		if err := os.WriteFile("schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return // the embedded schema is the one from before
	}
	if diff := cmp.Diff(string(Schema()), string(made)); diff != "" {
		t.Errorf("schema.json is not what the structs say; run with -update (-file +structs):\n%s", diff)
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	comments := &jsonschema.Reflector{}
	if err := comments.AddGoComments(packagePath, "."); err != nil {
		t.Fatal(err)
	}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice:
			walk(typ.Elem())
		case reflect.Struct:
			for f := range typ.Fields() {
				if f.IsExported() && !f.Anonymous && comments.CommentMap[packagePath+"."+typ.Name()+"."+f.Name] == "" {
					t.Errorf("%s.%s has no comment", typ.Name(), f.Name)
				}
				if f.Tag.Get("json") != "-" {
					walk(f.Type)
				}
			}
		}
	}
	walk(reflect.TypeFor[Config]())
}

func validate(t *testing.T, file string) error {
	t.Helper()
	schema, err := validator.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("sluice.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("sluice.json")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	instance, err := validator.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(instance)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestSchemaAcceptsWhatLoadAccepts(t *testing.T) {
	for _, path := range []string{"testdata/architecture.yaml", "testdata/everything.yaml", "example.yaml"} {
		if err := validate(t, read(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	architecture := read(t, "testdata/architecture.yaml")
	for _, tt := range []struct{ name, old, new, want string }{
		{"unknown key at the top", "bundle:", "bundel:", "bundel"},
		{"unknown key of a connection", "tenant_id:", "tenant:", "tenant"},
		{"unknown key of a table", "source_table:", "sourcetable:", "sourcetable"},
		{"unknown key of settings", "exclude_columns:", "exclude:", "exclude"},
		{"unknown kind of history", "SCD_TYPE_2", "SCD_TYPE_3", "scd_type"},
		{"text for a list", "[entityimage]", "entityimage", "exclude_columns"},
		{"lake without url", "url: ./lake", "endpoint: x", "url"},
		{"table and schema in one object", "- schema:", "  schema:", "maxProperties"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(architecture, tt.old, tt.new, 1)
			if changed == architecture {
				t.Fatalf("%q is not in the file", tt.old)
			}
			err := validate(t, changed)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("validate: %v, want an error about %s", err, tt.want)
			}
		})
	}
}
