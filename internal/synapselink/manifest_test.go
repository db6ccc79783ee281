package synapselink

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smallManifest = `{"name":"cdm","version":"1.0","unknown":{"entities":[1]},
 "entities":[{
  "$type":"LocalEntity","name":"custinvoicejour",
  "annotations":[
    {"name":"Athena:PartitionGranularity","value":"Year"},
    {"name":"Athena:InitialSyncState","value":"Completed"}],
  "attributes":[
    {"name":"Id","dataType":"guid","maxLength":-1},
    {"name":"currencycode","dataType":"string","maxLength":"3","cdm:traits":[{"traitReference":"is.constrained","arguments":[{"name":"maximumLength","value":3}]}]},
    {"name":"roundingprecision","dataType":"decimal","maxLength":-1,"cdm:traits":[
       {"traitReference":"is.other","arguments":[{"name":"scale","value":9}]},
       {"traitReference":"is.dataFormat.numeric.shaped","arguments":[{"name":"scale","value":"6"},{"name":"precision","value":38}]}]},
    {"name":"plain","dataType":"decimal","cdm:traits":["is.text",{"traitReference":"is.dataFormat.numeric.shaped","arguments":null}]},
    {"name":"IsDelete","dataType":"boolean"}],
  "partitions":[{"name":"2020","location":"https://x"}]},
 {"name":"empty","attributes":[],"partitions":[]}]}`

// truncatedManifest breaks off in the second entity.
var truncatedManifest = smallManifest[:strings.Index(smallManifest, `{"name":"empty"`)+10]

var smallEntities = []Entity{
	{
		Name: "custinvoicejour", InitialSyncState: "Completed",
		Annotations: map[string]string{"Athena:PartitionGranularity": "Year", "Athena:InitialSyncState": "Completed"},
		Attributes: []Attribute{
			{Name: "Id", Type: "guid"},
			{Name: "currencycode", Type: "string", MaxLength: 3},
			{Name: "roundingprecision", Type: "decimal", Precision: 38, Scale: 6},
			{Name: "plain", Type: "decimal"},
			{Name: "IsDelete", Type: "boolean"},
		},
	},
	{Name: "empty", Attributes: []Attribute{}, Annotations: map[string]string{}},
}

func TestParseManifest(t *testing.T) {
	for name, text := range map[string]string{
		"plain":       smallManifest,
		"bom":         "\xef\xbb\xbf" + smallManifest,
		"other case":  strings.NewReplacer(`"entities":[{`, `"Entities":[{`, `"dataType"`, `"DataType"`, "numeric.shaped", "Numeric.Shaped").Replace(smallManifest),
		"nul padding": smallManifest + "\x00\x00\n",
	} {
		m, err := ParseManifest([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(&Manifest{Entities: smallEntities}, m); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestParseManifestTruncated(t *testing.T) {
	firstEnds := strings.Index(smallManifest, "},\n {\"name\":\"empty\"") + 1
	secondEnds := strings.LastIndex(smallManifest, "]}]}") + 2
	for n := range len(smallManifest) {
		m, err := ParseManifest([]byte(smallManifest[:n]))
		want := smallEntities[:0]
		switch {
		case n >= secondEnds:
			want = smallEntities
		case n >= firstEnds:
			want = smallEntities[:1]
		}
		if len(want) == 0 {
			if !errors.Is(err, ErrManifest) {
				t.Fatalf("first %d bytes: %v, %v, want %v", n, m, err, ErrManifest)
			}
			continue
		}
		if err != nil {
			t.Fatalf("first %d bytes: %v", n, err)
		}
		if d := cmp.Diff(&Manifest{Entities: want, Truncated: true}, m); d != "" {
			t.Fatalf("first %d bytes (-want +got):\n%s", n, d)
		}
	}
}

func TestParseManifestOtherShapes(t *testing.T) {
	for text, entities := range map[string]int{
		`{}`: 0, `{"entities":[]}`: 0, `{"entities":null}`: 0, `{"entities":[{},5]}`: 0,
		`{"name":"account","attributes":[{"name":"Id","dataType":"guid"}]}`: 1,
		`{"entities":[{"name":"a","attributes":"none","annotations":{}}]}`:  1,
	} {
		m, err := ParseManifest([]byte(text))
		if err != nil || len(m.Entities) != entities || m.Truncated {
			t.Errorf("%s: %+v, %v, want %d entities", text, m, err, entities)
		}
	}
	for _, text := range []string{"", "  ", "null", "[]", "x", "<html>", `"entities"`, `{"entities":5}`, `{"entities":[5`, `{"entities":[{]`, "{", "\x00\x00"} {
		if m, err := ParseManifest([]byte(text)); !errors.Is(err, ErrManifest) {
			t.Errorf("%q: %+v, %v, want %v", text, m, err, ErrManifest)
		}
	}
}

func TestParseManifestShapes(t *testing.T) {
	for arguments, want := range map[string][2]int32{
		`{"name":"precision","value":10},{"name":"scale","value":4}`:     {10, 4},
		`{"name":"Precision","value":"10"},{"name":"SCALE","value":"4"}`: {10, 4},
		`{"name":"precision","value":50},{"name":"scale","value":4}`:     {38, 4},
		`{"name":"precision","value":10}`:                                {10, 0},
		`{"name":"scale","value":4}`:                                     {0, 0},
		`{"name":"precision","value":4},{"name":"scale","value":10}`:     {0, 0},
		`{"name":"precision","value":10},{"name":"scale","value":-1}`:    {0, 0},
		`{"name":"precision","value":true},{"name":"scale","value":{}}`:  {0, 0},
		`{"name":"precision","value":10.5},{"name":"scale","value":2}`:   {0, 0},
	} {
		text := fmt.Sprintf(`{"entities":[{"name":"t","attributes":[{"name":"d","dataType":"decimal","cdm:traits":[
			{"traitReference":"is.dataFormat.numeric.shaped","arguments":[%s]}]}]}]}`, arguments)
		m, err := ParseManifest([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", arguments, err)
		}
		if a := m.Entities[0].Attributes[0]; a.Precision != want[0] || a.Scale != want[1] {
			t.Errorf("%s: (%d,%d), want %v", arguments, a.Precision, a.Scale, want)
		}
	}
}

func TestManifestEntity(t *testing.T) {
	m, err := ParseManifest([]byte(smallManifest))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := m.Entity("CustInvoiceJour")
	if !ok || e.Name != "custinvoicejour" || e.Index("isdelete") != 4 || e.Index("nothing") != -1 {
		t.Errorf("entity %v %v", e.Name, ok)
	}
	if _, ok := m.Entity("account"); ok {
		t.Error("a table that is not listed was found")
	}
}

func TestEntityCheck(t *testing.T) {
	for text, e := range map[string]Entity{
		`number 3 "NAME" has the name of number 2 "name"`: entity("t", "Id guid", "name string", "NAME string"),
		"number 2 has no name":                            entity("t", "Id guid", " string"),
	} {
		if err := e.check(); !errors.Is(err, ErrAttributes) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
}

// FuzzManifest: no input panics, and the entities before a cut are the same.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(smallManifest), 600)
	f.Add([]byte(`{"name":"a","attributes":[{"name":"Id"}]}`), 20)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		whole, err := ParseManifest(data)
		if err != nil || cut < 0 || cut > len(data) || len(whole.Entities) == 0 {
			return
		}
		part, err := ParseManifest(data[:cut])
		if err != nil {
			if !errors.Is(err, ErrManifest) {
				t.Fatalf("error %v is not %v", err, ErrManifest)
			}
			return
		}
		if n := len(part.Entities); n > len(whole.Entities) || !cmp.Equal(part.Entities, whole.Entities[:n]) {
			t.Fatalf("the first %d bytes list other entities", cut)
		}
	})
}

func TestParseSampleManifest(t *testing.T) {
	data, err := os.ReadFile(samplePath(t, "export-fno", "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseManifest(data)
	if err != nil || m.Truncated {
		t.Fatalf("%+v, %v", m, err)
	}
	currency, ok := m.Entity("currency")
	if !ok || len(currency.Attributes) != 38 || currency.InitialSyncState != "Completed" {
		t.Fatalf("currency: %+v", currency)
	}
	if a := currency.Attributes[12]; a.Name != "roundingprecision" || a.Precision != 38 || a.Scale != 6 {
		t.Errorf("decimal %+v", a)
	}
	// A whole real manifest, 90 times over, in compact text would be 1.7 MB.
	if n := bytes.Count(data, []byte(`"attributes"`)); n != len(m.Entities) {
		t.Errorf("%d entities, the text has %d", len(m.Entities), n)
	}
}
