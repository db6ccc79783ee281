package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const (
	prodURL = "https://prod.crm.dynamics.com"
	testURL = "https://test.crm4.dynamics.com"
)

// container is one that several environments are exported to, and a lake.
type container struct {
	source, lake *mem.Store
	simulators   map[string]*exporter.Simulator // by the environment's folder
}

// newContainer has an environment in each of the folders, "" for the root. They
// share the names of their tables and none of their rows.
func newContainer(t *testing.T, tables []string, folders ...string) *container {
	t.Helper()
	c := &container{source: mem.New(fixedClock), lake: mem.New(fixedClock), simulators: map[string]*exporter.Simulator{}}
	for i, folder := range folders {
		o := exporter.Options{Seed: uint64(i + 1), Root: folder, KeepHistory: true,
			Start: exporter.DefaultStart.Add(time.Duration(i) * 7 * time.Minute)}
		for _, table := range tables {
			o.Tables = append(o.Tables, exporter.TableOption{Name: table, Rows: int64(20 + 10*i)})
		}
		simulator, err := exporter.New(o)
		must(t, err)
		must(t, simulator.Initial(context.Background(), c.source))
		c.simulators[folder] = simulator
	}
	return c
}

// step lets a folder of changes arrive in each environment.
func (c *container) step(t *testing.T) {
	t.Helper()
	for _, s := range c.simulators {
		_, err := s.Step(context.Background(), c.source, exporter.Changes{Mix: exporter.Mix{Inserts: 3, Updates: 5, Deletes: 2}})
		must(t, err)
	}
}

func (c *container) run(p spec.Pipeline, request work.Request) report.Result {
	r := &work.Pipeline{Config: p, Source: c.source, Lake: c.lake, Options: work.Options{Clock: fixedClock, Workers: 2}}
	return pipeline.Run(context.Background(), r, request)
}

// check holds the tables of a schema of the lake to what the environment exported.
func (c *container) check(t *testing.T, folder, schema string) {
	t.Helper()
	s := c.simulators[folder]
	newest := folderDigits(s.OpenFolder()) - 1
	for _, table := range s.Tables() {
		history, err := s.History(table)
		must(t, err)
		got, _ := contentOf(t, c.lake, "main/"+schema+"/"+table)
		if d := differences(expected(t, history, s.Columns(table), change.Type1, newest), got); d != "" {
			t.Errorf("%s/%s is not what %s exported:\n%s", schema, table, folder, d)
		}
	}
}

func everyTable(sourceSchema, schema string, exclude ...string) spec.Environment {
	return spec.Environment{SourceSchema: sourceSchema, Catalog: "main", Schema: schema, Exclude: exclude,
		Settings: spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns, OnGap: spec.GapFails}, Path: schema}
}

// TestSeveralEnvironments: each way of reading two environments of one container
// gives each its own tables, the first time and when more has come.
func TestSeveralEnvironments(t *testing.T) {
	tables := []string{"account", "contact"}
	both := []spec.Environment{everyTable(prodURL, "prod"), everyTable(testURL, "test")}
	for _, c := range []struct {
		name      string
		prod      string // folders
		test      string
		pipelines []spec.Pipeline
	}{
		{"one pipeline with two schema objects", "dataverse-prod-unq1", "dataverse-test-unq2",
			[]spec.Pipeline{{Name: "both", Environments: both}}},
		{"two pipelines on one connection", "prod", "test",
			[]spec.Pipeline{{Name: "one", Environments: both[:1]}, {Name: "two", Environments: both[1:]}}},
		{"folders that are mapped", "a", "b", []spec.Pipeline{{Name: "both", Environments: both,
			Source: spec.Source{Environments: map[string]string{prodURL + "/": "a/", testURL: "b"}}}}},
		{"one at the root", "", "test", []spec.Pipeline{{Name: "both", Environments: both,
			Source: spec.Source{Environments: map[string]string{prodURL: ""}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newContainer(t, tables, c.prod, c.test)
			for range 2 {
				for _, p := range c.pipelines {
					result := k.run(p, work.Request{})
					if !isDone(result.State) || len(result.Tables) != len(tables)*len(p.Environments) || len(result.Source) != len(p.Environments) {
						t.Fatalf("%s: %s, %+v", p.Name, result.State, failures(result))
					}
				}
				k.check(t, c.prod, "prod")
				k.check(t, c.test, "test")
				k.step(t)
			}
		})
	}
}

// TestKindsOfTablesSideBySide: Dataverse's own tables, Finance and Operations'
// tables and its virtual entities come in one export and need nothing said of them.
func TestKindsOfTablesSideBySide(t *testing.T) {
	k := newContainer(t, []string{"account", "custtable", "inventtrans", "mserp_custcustomerv3entity"}, "")
	for range 3 {
		if result := k.run(spec.Pipeline{Name: "p", Environments: []spec.Environment{everyTable(prodURL, "crm")}}, work.Request{}); !isDone(result.State) {
			t.Fatalf("%s, %+v", result.State, failures(result))
		}
		k.check(t, "", "crm")
		k.step(t)
	}
}

// TestOneEnvironmentByManyNames is looked at once.
func TestOneEnvironmentByManyNames(t *testing.T) {
	k := newContainer(t, []string{"account", "contact"}, "dataverse-prod-unq1", "dataverse-test-unq2")
	settings := spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns}
	p := spec.Pipeline{Name: "p", Tables: []spec.Table{
		{SourceSchema: prodURL, SourceTable: "account", Destination: spec.Destination{Catalog: "main", Schema: "s", Table: "a"}, Settings: settings},
		{SourceSchema: "unq1", SourceTable: "contact", Destination: spec.Destination{Catalog: "main", Schema: "s", Table: "b"}, Settings: settings},
		{SourceSchema: "PROD", SourceTable: "account", Destination: spec.Destination{Catalog: "main", Schema: "s", Table: "c"}, Settings: settings},
	}}
	result := k.run(p, work.Request{})
	if !isDone(result.State) || len(result.Source) != 1 || result.Total().Upserted != 60 {
		t.Errorf("%s of %d sources, %+v, %+v", result.State, len(result.Source), result.Total(), failures(result))
	}
}

// TestTableOfTwoEnvironments: a table that both have is brought to both places, told
// apart by its name in full, and not written to one place by both.
func TestTableOfTwoEnvironments(t *testing.T) {
	k := newContainer(t, []string{"account", "contact"}, "prod", "test")
	p := spec.Pipeline{Name: "p", Environments: []spec.Environment{everyTable(prodURL, "prod"), everyTable(testURL, "test")}}
	for _, c := range []struct {
		tables []string
		want   []string
	}{
		{[]string{"account"}, []string{"main.prod.account", "main.test.account"}},
		{[]string{"test.account"}, []string{"main.test.account"}},
		{[]string{"main.prod.contact", "test.contact"}, []string{"main.prod.contact", "main.test.contact"}},
	} {
		result := k.run(p, work.Request{Tables: c.tables})
		var got []string
		for i := range result.Tables {
			got = append(got, result.Tables[i].Table)
		}
		if !isDone(result.State) || !slices.Equal(got, c.want) {
			t.Errorf("%v: %s, %v, %+v", c.tables, result.State, got, failures(result))
		}
	}
	r := &work.Pipeline{Config: p, Source: k.source, Lake: k.lake, Options: work.Options{Clock: fixedClock}}
	if _, err := inspect.HistoryOf(context.Background(), r, "account", 0); !errors.Is(err, report.ErrAmbiguous) || !strings.Contains(err.Error(), "main.test.account") {
		t.Errorf("the history of one of two tables: %v", err)
	}
	p.Environments[1].Schema = "prod"
	result := k.run(p, work.Request{})
	if result.State != report.Failed || !errors.Is(result.Error, spec.ErrInvalid) {
		t.Errorf("two tables at one place: %s, %+v", result.State, result.Error)
	}
	k.check(t, "prod", "prod")
}

// TestBrokenEnvironment: what keeps one environment from being read fails its tables,
// those of the other are brought up to date.
func TestBrokenEnvironment(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*testing.T, *container)
		source spec.Source
		tables int // that are known of
		want   error
	}{
		{"without changelog.info", func(t *testing.T, k *container) {
			must(t, k.source.Delete(context.Background(), "test/Changelog/changelog.info"))
		}, spec.Source{Environments: map[string]string{prodURL: "prod", testURL: "test"}}, 3, synapselink.ErrChangelog},
		{"changelog.info names no folder", func(t *testing.T, k *container) {
			putFile(t, k.source, "test/Changelog/changelog.info", []byte("soon"))
		}, spec.Source{}, 4, synapselink.ErrChangelog},
		{"gone", func(t *testing.T, k *container) {
			putFile(t, k.source, "other/Changelog/changelog.info", []byte("2024-01-15T08.00.00Z"))
			putFile(t, k.source, "other/model.json", nil)
			k.remove(t, "test")
		}, spec.Source{}, 3, synapselink.ErrEnvironment},
		{"without changelog.info, and not mapped", func(t *testing.T, k *container) {
			must(t, k.source.Delete(context.Background(), "test/Changelog/changelog.info"))
		}, spec.Source{}, 3, synapselink.ErrChangelog},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newContainer(t, []string{"account", "contact"}, "prod", "test")
			p := spec.Pipeline{Name: "p", Source: c.source, Environments: []spec.Environment{everyTable(prodURL, "prod"), everyTable(testURL, "test")}}
			if result := k.run(p, work.Request{Tables: []string{"prod.account", "prod.contact", "test.account"}}); !isDone(result.State) {
				t.Fatalf("%s, %+v", result.State, failures(result))
			}
			k.step(t)
			c.damage(t, k)
			result := k.run(p, work.Request{})
			if result.State != report.Partial || len(result.Tables) != c.tables {
				t.Fatalf("%s of %d tables, %+v", result.State, len(result.Tables), failures(result))
			}
			if r := &result.Tables[2]; r.Table != "main.test.account" || r.Version != 1 || r.Error == nil || !errors.Is(r.Error, c.want) {
				t.Errorf("%s, version %d: %v", r.Table, r.Version, r.Error)
			}
			if !slices.ContainsFunc(result.Events, func(e report.Event) bool { return e.Level == report.Error }) {
				t.Errorf("no event tells of it: %+v", result.Events)
			}
			k.check(t, "prod", "prod")
		})
	}
}

// TestRowsOfNoOtherEnvironment: where an environment is not there, is broken or has
// no name, its tables fail, and get no rows of the only one that can be read.
func TestRowsOfNoOtherEnvironment(t *testing.T) {
	for _, c := range []struct {
		name     string
		folders  []string
		damage   func(*testing.T, *container)
		pipeline spec.Pipeline
		tables   int
		want     error
	}{
		{"lost its changelog.info", []string{"dataverse-prod-unq1", "dataverse-test-unq1"}, func(t *testing.T, k *container) {
			must(t, k.source.Delete(context.Background(), "dataverse-test-unq1/Changelog/changelog.info"))
		}, spec.Pipeline{Environments: []spec.Environment{everyTable(testURL, "test")}}, 0, synapselink.ErrChangelog},
		{"gone", []string{"dataverse-prod-unq1", "dataverse-test-unq1"}, func(t *testing.T, k *container) {
			k.remove(t, "dataverse-test-unq1")
		}, spec.Pipeline{Environments: []spec.Environment{everyTable(testURL, "test")}}, 0, synapselink.ErrEnvironment},
		{"yet to come", []string{"dataverse-prod-unq1"}, nil,
			spec.Pipeline{Environments: []spec.Environment{everyTable(testURL, "test")}}, 0, synapselink.ErrEnvironment},
		{"two names for the root", []string{""}, nil,
			spec.Pipeline{Environments: []spec.Environment{everyTable(prodURL, "prod"), everyTable(testURL, "test")}}, 0, synapselink.ErrEnvironment},
		{"one of two names is mapped to the root", []string{""}, nil,
			spec.Pipeline{Source: spec.Source{Environments: map[string]string{prodURL: ""}},
				Environments: []spec.Environment{everyTable(prodURL, "prod"), everyTable(testURL, "test")}}, 1, synapselink.ErrEnvironment},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newContainer(t, []string{"account"}, c.folders...)
			if c.damage != nil {
				c.damage(t, k)
			}
			c.pipeline.Name = "p"
			result := k.run(c.pipeline, work.Request{})
			told := result.Error != nil && errors.Is(result.Error, c.want) || slices.ContainsFunc(result.Events, func(e report.Event) bool {
				return e.Level == report.Error && e.Code == "ENVIRONMENT"
			})
			if isDone(result.State) || !told || len(result.Tables) != c.tables {
				t.Errorf("%s of %d tables, %v, %+v", result.State, len(result.Tables), result.Error, result.Events)
			}
			for entry, err := range k.lake.List(context.Background(), "", storage.ListOptions{}) {
				must(t, err)
				if strings.HasPrefix(entry.Path, "main/test/") {
					t.Fatalf("%s was written", entry.Path)
				}
			}
		})
	}
}

// remove takes an environment's folder away.
func (c *container) remove(t *testing.T, folder string) {
	t.Helper()
	var paths []string
	for entry, err := range c.source.List(context.Background(), folder+"/", storage.ListOptions{}) {
		must(t, err)
		paths = append(paths, entry.Path)
	}
	for _, path := range paths {
		must(t, c.source.Delete(context.Background(), path))
	}
}

// TestLabelsOfEnvironments go to the schema of the environment's schema object, or to
// that of the pipeline, and never two environments' to one place.
func TestLabelsOfEnvironments(t *testing.T) {
	contact := spec.Table{SourceSchema: testURL, SourceTable: "contact", Destination: spec.Destination{Catalog: "main", Schema: "other", Table: "contact"},
		Settings: spec.Settings{SCDType: spec.SCDType1, SchemaChanges: spec.AddColumns}}
	for _, c := range []struct {
		name     string
		pipeline spec.Pipeline
		places   []string // schemas that get labels
		failed   int      // tables
	}{
		{"each its own", spec.Pipeline{Environments: []spec.Environment{everyTable(prodURL, "prod"), everyTable(testURL, "test")}}, []string{"prod", "test"}, 0},
		{"one has no schema object", spec.Pipeline{Environments: []spec.Environment{everyTable(prodURL, "prod")}, Tables: []spec.Table{contact}}, []string{"main", "prod"}, 0},
		{"both in one schema", spec.Pipeline{Environments: []spec.Environment{everyTable(prodURL, "main")}, Tables: []spec.Table{contact}}, []string{"main"}, 5},
		{"an environment by table and by schema object", spec.Pipeline{Environments: []spec.Environment{everyTable(testURL, "test")}, Tables: []spec.Table{contact}}, []string{"test"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newContainer(t, []string{"contact"}, "prod", "test")
			c.pipeline.Name, c.pipeline.Catalog, c.pipeline.Schema, c.pipeline.ChoiceLabels = "p", "main", "main", true
			result := k.run(c.pipeline, work.Request{})
			var places []string
			failed := 0
			for i := range result.Tables {
				r := &result.Tables[i]
				if r.Error != nil {
					failed++
					if !errors.Is(r.Error, work.ErrLabelsMeet) {
						t.Errorf("%s: %v", r.Table, r.Error)
					}
				} else if r.SourceTable == "StatusMetadata" {
					places = append(places, strings.Split(r.Table, ".")[1])
					if content, _ := contentOf(t, k.lake, "main/"+places[len(places)-1]+"/StatusMetadata"); len(content.rows) == 0 {
						t.Errorf("%s has no labels", r.Table)
					}
				}
			}
			slices.Sort(places)
			if failed != c.failed || fmt.Sprint(places) != fmt.Sprint(c.places) {
				t.Errorf("labels go to %v, and %d tables failed: %+v", places, failed, failures(result))
			}
		})
	}
}
