package spec

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func mustResolve(t *testing.T, cfg *Config) *Resolved {
	t.Helper()
	resolved, err := cfg.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func (r *Resolved) pipeline(t *testing.T, key string) *Pipeline {
	t.Helper()
	for i := range r.Pipelines {
		if r.Pipelines[i].Key == key {
			return &r.Pipelines[i]
		}
	}
	t.Fatalf("there is no pipeline %s", key)
	return nil
}

func TestResolveArchitecture(t *testing.T) {
	r := mustResolve(t, mustParse(t, "testdata/architecture.yaml"))
	want := &Resolved{
		Bundle: "d365",
		Lake:   Location{Path: filepath.FromSlash("/srv/sluice/lake")},
		State:  StateStore{Path: filepath.FromSlash("/srv/sluice/.sluice")},
		Pipelines: []Pipeline{{
			Key: "prod", Name: "d365_prod_ingestion", Catalog: "main", Schema: "d365_prod",
			Settings: Settings{SCDType: SCDType1, SchemaChanges: AddColumns, OnGap: GapFails},
			Position: Position{"architecture.yaml", 14, 5},
			Source: Source{
				Connection: "d365_connection", AbandonAfter: DefaultAbandonAfter,
				Location: Location{
					URL: "abfss://dataverse-contoso-unq1234@contosolake.dfs.core.windows.net",
					Access: Access{
						TenantID: "11111111-1111-1111-1111-111111111111", ClientID: "22222222-2222-2222-2222-222222222222",
						ClientSecret: "s3cr3t-client", Scope: DefaultScope,
					},
				},
			},
			Tables: []Table{{
				SourceSchema: "https://prod.crm.dynamics.com", SourceTable: "account",
				Destination: Destination{"main", "d365_prod", "account"},
				Settings:    Settings{SCDType: SCDType2, ExcludeColumns: []string{"entityimage"}, SchemaChanges: AddColumns, OnGap: GapFails},
				Path:        "resources.pipelines.prod.ingestion_definition.objects[0].table",
				Position:    Position{"architecture.yaml", 21, 13},
			}},
			Environments: []Environment{{
				SourceSchema: "https://prod.crm.dynamics.com", Catalog: "main", Schema: "d365_prod",
				Settings: Settings{SCDType: SCDType1, SchemaChanges: AddColumns, OnGap: GapFails},
				Path:     "resources.pipelines.prod.ingestion_definition.objects[1].schema",
				Position: Position{"architecture.yaml", 24, 13},
			}},
		}},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

// TestPrecedence reads what each table of everything.yaml ends up with: table
// before schema object before pipeline before default.
func TestPrecedence(t *testing.T) {
	p := mustResolve(t, mustParse(t, "testdata/everything.yaml")).pipeline(t, "prod")
	retention := "interval 60 days"
	want := map[string]Settings{
		"main/prod/account": {
			SCDType: SCDType2, IncludeColumns: []string{"name"}, SchemaChanges: FullRefreshRequired,
			TableProperties: map[string]string{"delta.logRetentionDuration": retention, "owner": "crm"},
		},
		"side/people/persons": {
			SCDType: SCDType1, IncludeColumns: []string{"name"}, SchemaChanges: FullRefreshRequired,
			TableProperties: map[string]string{"delta.logRetentionDuration": retention, "owner": "hr", DeletionVectorsProperty: "false"},
		},
		"main/prod": {
			SCDType: SCDType2, ExcludeColumns: []string{"entityimage"}, SchemaChanges: FullRefreshRequired,
			TableProperties: map[string]string{"delta.logRetentionDuration": retention, "owner": "crm"},
		},
		"main/test": {
			SCDType: SCDType2, ExcludeColumns: []string{"entityimage"}, SchemaChanges: AddColumns,
			TableProperties: map[string]string{"delta.logRetentionDuration": retention, "owner": "crm"},
		},
	}
	got := map[string]Settings{}
	for _, table := range p.Tables {
		got[table.Destination.String()] = table.Settings
	}
	for _, e := range p.Environments {
		got[e.Catalog+"/"+e.Schema] = e.Settings
	}
	cells := int64(65536)
	for name, settings := range want {
		settings.OnGap, settings.MaxBadRows, settings.MaxCellBytes = GapContinues, 10, &cells
		settings.FreshnessLimit = 90 * time.Minute
		want[name] = settings
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResolveRefuses(t *testing.T) {
	_, err := mustParse(t, "testdata/lint/settings.yaml").Resolve()
	var problems Problems
	if !errors.As(err, &problems) || !errors.Is(err, ErrInvalid) {
		t.Fatalf("Resolve: %v", err)
	}
	errorsOfLint := 0
	for _, f := range Lint(mustParse(t, "testdata/lint/settings.yaml")) {
		if f.Level == LevelError {
			errorsOfLint++
		}
	}
	if len(problems) != errorsOfLint || errorsOfLint == 0 {
		t.Errorf("Resolve reports %d problems, Lint %d errors", len(problems), errorsOfLint)
	}
}

// A configuration that came through the API has no file.
func TestResolveWithoutFile(t *testing.T) {
	cfg := &Config{
		Lake:        Lake{URL: "lake"},
		Connections: map[string]*Connection{"c": {ConnectionType: Dynamics365, Options: ConnectionOptions{URL: "/export"}}},
		Resources: Resources{Pipelines: map[string]*PipelineSpec{"p": {
			IngestionDefinition: IngestionPipelineDefinition{
				ConnectionName: "c",
				Objects:        []IngestionConfig{{Table: &TableSpec{SourceTable: "account", DestinationCatalog: "m", DestinationSchema: "s"}}},
			},
		}}},
	}
	cfg.SetDir(filepath.FromSlash("/srv"))
	if got := mustResolve(t, cfg).Pipelines[0].Tables[0].Destination.String(); got != "m/s/account" {
		t.Errorf("destination is %s", got)
	}
	cfg.Resources.Pipelines["p"].IngestionDefinition.ConnectionName = "d"
	_, err := cfg.Resolve()
	want := `resources.pipelines.p.ingestion_definition.connection_name: "d" is not a connection of this file; did you mean "c"?`
	if err == nil || err.Error() != want {
		t.Errorf("Resolve: %v, want %s", err, want)
	}
}

func TestPrintMeansTheSame(t *testing.T) {
	for _, path := range []string{"testdata/architecture.yaml", "testdata/everything.yaml", "example.yaml"} {
		t.Run(path, func(t *testing.T) {
			cfg := mustParse(t, path)
			text, err := Print(cfg)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse("printed.yaml", text, nil)
			if err != nil {
				t.Fatal(err)
			}
			again.SetDir("elsewhere")
			same := cmp.Options{
				cmpopts.IgnoreTypes(Position{}),
				cmp.Comparer(func(a, b Secret) bool { return (a == "") == (b == "") }),
				cmp.Comparer(func(a, b URL) bool { return a.String() == b.String() }),
			}
			if diff := cmp.Diff(mustResolve(t, cfg), mustResolve(t, again), same); diff != "" {
				t.Error(diff)
			}
			second, err := Print(again)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(text), string(second)); diff != "" {
				t.Errorf("printing twice differs:\n%s", diff)
			}
		})
	}
}

func TestExampleIsClean(t *testing.T) {
	cfg, err := Parse("sluice.yaml", Example(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Lint(cfg) {
		t.Error(f)
	}
	if len(mustResolve(t, cfg).pipeline(t, "prod").Environments) != 1 {
		t.Error("the example does not read a whole environment")
	}
}

// Everything that is commented out in the example must be right as well.
func TestExampleWithoutComments(t *testing.T) {
	text := string(Example())
	text = strings.Replace(text, "      url: ./export\n", "", 1)
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		key, isComment := strings.CutPrefix(trimmed, "# ")
		for _, commentedOut := range []string{
			"storage_account_name:", "container_name:", "tenant_id:", "client_id:", "client_secret:",
			"table_configuration:", "  schema_changes:", "  table_properties:", "    delta.",
		} {
			if isComment && strings.HasPrefix(key, commentedOut) {
				indent := line[:len(line)-len(trimmed)]
				text = strings.Replace(text, line, indent+key, 1)
			}
		}
	}
	cfg, err := Parse("sluice.yaml", []byte(text), lookup)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	p := mustResolve(t, cfg).pipeline(t, "prod")
	if p.Source.Location.Access.ClientSecret == "" || p.Tables[0].Settings.SchemaChanges != FullRefreshRequired {
		t.Errorf("the comments were not taken in:\n%s", text)
	}
}

func TestExpand(t *testing.T) {
	p := mustResolve(t, mustParse(t, "testdata/everything.yaml")).pipeline(t, "prod")
	source := map[string][]string{
		"https://PROD.crm.dynamics.com": {"account", "contact", "Lead"},
		"https://test.crm.dynamics.com": {"account", "msdyn_lead", "SystemUser", "systemusers"},
	}
	tables, err := p.Expand(func(env string) ([]string, error) { return source[env], nil })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, table := range tables {
		got = append(got, fmt.Sprintf("%s %s -> %s %s", table.SourceSchema, table.SourceTable, table.Destination, table.Settings.SCDType))
	}
	want := []string{
		"https://prod.crm.dynamics.com/ Account -> main/prod/account SCD_TYPE_2",
		"https://prod.crm.dynamics.com contact -> side/people/persons SCD_TYPE_1",
		"https://PROD.crm.dynamics.com Lead -> main/prod/lead SCD_TYPE_2",
		"https://test.crm.dynamics.com account -> main/test/account SCD_TYPE_2",
		"https://test.crm.dynamics.com systemusers -> main/test/systemusers SCD_TYPE_2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExpandRefuses(t *testing.T) {
	p := Pipeline{
		Tables: []Table{{SourceSchema: "a", SourceTable: "lead", Destination: Destination{"m", "s", "task"}, Path: "objects[0].table"}},
		Environments: []Environment{
			{SourceSchema: "a", Catalog: "m", Schema: "s", Path: "objects[1].schema"},
			{SourceSchema: "b", Catalog: "M", Schema: "s", Path: "objects[2].schema"},
		},
	}
	source := map[string][]string{"a": {"lead", "task", "_x"}, "b": {"Task", "other"}}
	_, err := p.Expand(func(env string) ([]string, error) { return source[env], nil })
	want := strings.Join([]string{
		`objects[1].schema: table task of objects[1].schema writes to m/s/task, and so does table lead of objects[0].table; name one of them and give it another destination_table`,
		`objects[1].schema: table "_x" of the source cannot be a folder of the lake: its name begins with '_' or '.', which engines pass over; name the table and give it a destination_table`,
		`objects[2].schema: table Task of objects[2].schema writes to M/s/task, and so does table lead of objects[0].table; name one of them and give it another destination_table`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("Expand:\n%v\nwant:\n%s", err, want)
	}
	cause := errors.New("no such container")
	if _, err := p.Expand(func(string) ([]string, error) { return nil, cause }); !errors.Is(err, cause) {
		t.Errorf("Expand: %v, want it to wrap the cause", err)
	}
}

func TestSourceFolder(t *testing.T) {
	s := mustResolve(t, mustParse(t, "testdata/everything.yaml")).pipeline(t, "prod").Source
	for _, tt := range []struct {
		environment, folder string
		ok                  bool
	}{
		{"https://prod.crm.dynamics.com", "prod", true},
		{"https://PROD.crm.dynamics.com/", "prod", true},
		{"https://test.crm.dynamics.com", "", true},
		{"https://dev.crm.dynamics.com", "", false},
	} {
		if folder, ok := s.Folder(tt.environment); folder != tt.folder || ok != tt.ok {
			t.Errorf("Folder(%q) = %q, %v", tt.environment, folder, ok)
		}
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"account", "account", true},
		{"account", "accounts", false},
		{"msdyn_*", "msdyn_", true},
		{"msdyn_*", "msdyn_lead", true},
		{"*lead", "msdyn_lead", true},
		{"*lead", "leads", false},
		{"a*b*c", "axxbyyc", true},
		{"a*b*c", "axxcyyb", false},
		{"*", "anything", true},
		{"", "anything", false},
	} {
		if got := fits(c.pattern, c.name); got != c.want {
			t.Errorf("fits(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}
