package synapselink

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
)

func TestColumnType(t *testing.T) {
	for text, want := range map[string]string{
		"guid": "string", "string": "string", "int64": "long", "int32": "long", "Int64": "long", "boolean": "boolean",
		"double": "double", "float": "double", "dateTime": "timestamp", "dateTimeOffset": "timestamp", "date": "date",
		"decimal": "decimal(38,18)", "decimal(10,2)": "decimal(10,2)", "time": "string", "binary": "string", "": "string", "json": "string",
	} {
		if got := entity("t", "c "+text).Attributes[0].ColumnType().String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		source, target string
		want           bool
	}{
		{"dateTime", "timestamp", true},
		{"dateTimeOffset", "timestamp", true},
		{"guid", "string", true},
		{"string", "string", true},
		{"int64", "long", true},
		{"int32", "long", true},
		{"int32", "integer", true},
		{"int64", "integer", false},
		{"decimal(10,2)", "decimal(38,6)", true},
		{"decimal(38,6)", "decimal(38,6)", true},
		{"decimal(38,6)", "decimal(38,10)", false},
		{"decimal(10,4)", "decimal(38,2)", false},
		{"decimal", "decimal(10,2)", true},
		{"decimal(10,2)", "double", false},
		{"int64", "decimal(38,0)", false},
		{"int64", "string", false},
		{"string", "long", false},
		{"dateTime", "date", false},
		{"date", "timestamp", false},
		{"boolean", "long", false},
	} {
		target, err := batch.ParseType(tt.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := entity("t", "c "+tt.source).Attributes[0].fits(target); got != tt.want {
			t.Errorf("%s into %s: %v, want %v", tt.source, tt.target, got, tt.want)
		}
	}
}

var account = entity("account", "Id guid", "SinkCreatedOn dateTime", "SinkModifiedOn dateTime", "name string",
	"revenue decimal(38,10)", "versionnumber int64", "IsDelete boolean", "added string")

func schemaText(s batch.Schema) string {
	var b strings.Builder
	for _, f := range s {
		b.WriteString(f.Name + " " + f.Type.String() + ", ")
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func TestMergeSchema(t *testing.T) {
	merged := func(target batch.Schema, e Entity, s Selection) Merged {
		m, err := MergeSchema(target, e, s)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := merged(nil, account, Selection{})
	want := "Id string, SinkCreatedOn timestamp, SinkModifiedOn timestamp, name string, revenue decimal(38,10), versionnumber long, IsDelete boolean, added string"
	if got := schemaText(first.Schema); got != want {
		t.Errorf("new table: %s", got)
	}
	if len(first.Added) != 8 || first.Missing != nil {
		t.Errorf("new table: added %v, missing %v", first.Added, first.Missing)
	}
	// name goes, revenue changes its spelling, two come.
	next := entity("account", "Id guid", "SinkCreatedOn dateTimeOffset", "SinkModifiedOn dateTime",
		"REVENUE decimal(20,4)", "versionnumber int64", "new1 int64", "IsDelete boolean", "added string", "new2 date")
	m := merged(first.Schema, next, Selection{})
	if got := schemaText(m.Schema); got != want+", new1 long, new2 date" {
		t.Errorf("changed table: %s", got)
	}
	if d := cmp.Diff([]string{"name"}, m.Missing); d != "" || len(m.Added) != 2 {
		t.Errorf("changed table: added %v, missing %v", m.Added, m.Missing)
	}
	if len(first.Schema) != 8 {
		t.Error("the target that was given was changed")
	}
	for text, s := range map[string]Selection{
		"Id string, name string, versionnumber long": {Include: []string{"Name"}},
		"Id string, SinkCreatedOn timestamp, SinkModifiedOn timestamp, versionnumber long, IsDelete boolean, added string": {Exclude: []string{"NAME", "revenue", "id", "versionnumber"}},
	} {
		if got := schemaText(merged(nil, account, s).Schema); got != text {
			t.Errorf("%+v: %s", s, got)
		}
	}
	// A selected column may come later, or have gone.
	merged(first.Schema, next, Selection{Include: []string{"name", "later"}})
}

func TestSelectionCheck(t *testing.T) {
	known := account.Names()
	if err := (Selection{Include: []string{"NAME", "revenue"}}).Check("account", known); err != nil {
		t.Error(err)
	}
	for text, s := range map[string]Selection{
		`no column "revenu"; the nearest is "revenue"`: {Exclude: []string{"name", "revenu"}},
		`the nearest is "name"`:                        {Include: []string{"nmae"}},
	} {
		checkTableError(t, text, s.Check("account", known), ErrSelection, []string{text})
	}
}

func TestTableErrors(t *testing.T) {
	target := schemaOf(t, account, Selection{})
	retyped := entity("account", "Id guid", "name int64", "versionnumber int64")
	for name, tt := range map[string]struct {
		entity    Entity
		selection Selection
		want      error
		text      []string
		bindToo   bool
	}{
		"no id":              {entity("account", "name string", "versionnumber int64"), Selection{}, ErrNoKey, []string{"no column Id"}, true},
		"no versionnumber":   {entity("account", "Id guid", "name string"), Selection{}, ErrNoSequence, []string{"needs a full refresh or re-export with versionnumber", "--table account"}, true},
		"versionnumber text": {entity("account", "Id guid", "versionnumber string"), Selection{}, ErrNoSequence, []string{"it is string"}, true},
		"duplicates":         {entity("account", "Id guid", "versionnumber int64", "ID guid"), Selection{}, ErrAttributes, []string{`"ID"`}, true},
		"start at":           {entity("account", "Id guid", "versionnumber int64", "__start_at int64"), Selection{History: true}, ErrReservedColumn, []string{`"__start_at"`}, true},
		"end at":             {entity("account", "Id guid", "versionnumber int64", "__END_AT int64"), Selection{History: true}, ErrReservedColumn, []string{"exclude_columns"}, true},
		"autocdc":            {entity("account", "Id guid", "versionnumber int64", "__spark_autocdc_x int64"), Selection{History: true}, ErrReservedColumn, []string{"SCD_TYPE_1"}, true},
		"type changed": {
			retyped, Selection{}, ErrTypeChanged,
			[]string{"column name is string in the table and long (int64) at the source", "sluice run --table account --full-refresh"}, true,
		},
		"include and exclude": {account, Selection{Include: []string{"name"}, Exclude: []string{"name"}}, ErrSelection, []string{"cannot be used together"}, false},
	} {
		_, err := MergeSchema(target, tt.entity, tt.selection)
		checkTableError(t, name+": merge", err, tt.want, tt.text)
		if tt.bindToo {
			_, err = Bind(tt.entity, target, tt.selection)
			checkTableError(t, name+": bind", err, tt.want, tt.text)
		}
	}
	_, err := Bind(account, target[:4], Selection{})
	checkTableError(t, "target without a column", err, ErrNoColumn, []string{"revenue"})
}

func checkTableError(t *testing.T, what string, err, want error, texts []string) {
	t.Helper()
	var typed *TableError
	if !errors.Is(err, want) || !errors.As(err, &typed) || typed.Table != "account" {
		t.Errorf("%s: %v, want %v of account", what, err, want)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %q does not say %q", what, err, text)
		}
	}
}

func TestReservedNamesAreFreeInType1(t *testing.T) {
	e := entity("account", "Id guid", "versionnumber int64", "__START_AT int64")
	if _, err := MergeSchema(nil, e, Selection{}); err != nil {
		t.Errorf("SCD type 1: %v", err)
	}
	if _, err := MergeSchema(nil, e, Selection{History: true, Exclude: []string{"__start_at"}}); err != nil {
		t.Errorf("left out: %v", err)
	}
}

func TestBindPositions(t *testing.T) {
	b, err := Bind(account, schemaOf(t, account, Selection{}), Selection{})
	if err != nil {
		t.Fatal(err)
	}
	if b.ID != 0 || b.Modified != 2 || b.Version != 5 || b.Delete != 6 {
		t.Errorf("positions %d %d %d %d", b.ID, b.Modified, b.Version, b.Delete)
	}
	if least, greatest := b.widths(false); least != 7 || greatest != 8 {
		t.Errorf("widths %d to %d, want 7 to 8", least, greatest)
	}
	if least, greatest := b.widths(true); least != 8 || greatest != 8 {
		t.Errorf("full widths %d to %d, want 8", least, greatest)
	}
	noDelete := entity("t", "Id guid", "versionnumber int64", "name string")
	if b, err = Bind(noDelete, schemaOf(t, noDelete, Selection{}), Selection{}); err != nil {
		t.Fatal(err)
	}
	if least, greatest := b.widths(false); b.Delete != -1 || least != 3 || greatest != 3 {
		t.Errorf("without IsDelete: %d to %d", least, greatest)
	}
}

func TestExtends(t *testing.T) {
	a, ab, ba := entity("t", "Id guid", "a string"), entity("t", "ID guid", "A int64", "b string"), entity("t", "Id guid", "b string", "a string")
	if !ab.Extends(a) || !a.Extends(a) || a.Extends(ab) || ba.Extends(a) {
		t.Error("an entity extends another whose attributes are its first ones")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"name", "emailaddress1", "telephone1"}
	for text, want := range map[string]string{"nam": "name", "EmailAdress1": "emailaddress1", "phone": "name", "telephone2": "telephone1"} {
		if got := nearest(text, names); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"abc", "abc", 0}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
