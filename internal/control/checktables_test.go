package control_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// onDisk is a configuration whose pipelines each read table account of one host
// into a table of its own; the export is in a folder of that name.
func onDisk(t *testing.T, folder string, hosts ...string) *spec.Resolved {
	t.Helper()
	dir := t.TempDir()
	const manifest = `{"name":"cdm","entities":[{"name":"account","attributes":[{"name":"Id","dataType":"guid"},{"name":"SinkModifiedOn","dataType":"dateTime"},` +
		`{"name":"versionnumber","dataType":"int64"},{"name":"IsDelete","dataType":"boolean"}]}]}`
	for path, content := range map[string]string{
		"model.json": manifest, "2024-01-15T08.00.00Z/model.json": manifest, "Changelog/changelog.info": "2024-01-15T10.00.00Z",
		"2024-01-15T08.00.00Z/account/2024.csv": "00000000-0000-0000-0000-000000000001,\"1/15/2024 8:00:00 AM\",1,\n",
	} {
		path = filepath.Join(dir, "export", folder, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := "bundle: {name: b}\nlake: {url: " + filepath.Join(dir, "lake") + "}\nconnections: {c: {connection_type: DYNAMICS365, options: {url: " + filepath.Join(dir, "export") + "}}}\nresources:\n  pipelines:\n"
	for i, host := range hosts {
		key := string(rune('a' + i))
		text += "    " + key + ":\n      catalog: main\n      schema: " + key + "\n      ingestion_definition:\n        connection_name: c\n        objects:\n" +
			"          - table: {source_schema: \"https://" + host + "\", source_table: account}\n"
	}
	config, err := spec.Parse("sluice.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	config.SetDir(dir)
	resolved, err := config.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func options(t *testing.T) work.Options {
	t.Helper()
	return work.Options{Clock: time.Now, Temp: t.TempDir(), Memory: 128 << 20, Workers: 1}
}

// stepOf is the step of that name, with no state if there is none.
func stepOf(list []control.Looked, subject, name string) control.Step {
	for _, l := range list {
		for _, s := range l.Steps {
			if l.Subject == subject && s.Name == name {
				return s
			}
		}
	}
	return control.Step{}
}

// What another pipeline keeps is refused by a run; check and doctor say so before.
func TestCheckSeesTheKeeper(t *testing.T) {
	config := onDisk(t, "d-prod", "prod.crm.dynamics.com", "prod.crm.dynamics.com")
	service := control.New(config, options(t))
	defer service.Close()
	if s := stepOf(look(t, config), "lake", "tables"); s.State != "" {
		t.Errorf("of an empty lake: %+v", s)
	}
	if results, err := service.Run(t.Context(), control.Request{Pipelines: []string{"a"}}); err != nil || results[0].Error != nil {
		t.Fatal(results, err)
	}
	if s := stepOf(look(t, config), "lake", "tables"); s.State != control.StepPass {
		t.Errorf("of a table of its own: %+v", s)
	}
	config.Pipelines[1].Tables[0].Destination = config.Pipelines[0].Tables[0].Destination
	for name, ask := range map[string]func() ([]control.Looked, error){
		"check":  func() ([]control.Looked, error) { return service.Check(t.Context(), control.Request{}) },
		"doctor": func() ([]control.Looked, error) { return service.Doctor(t.Context(), control.Request{}) },
	} {
		list, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		if s := stepOf(list, "lake", "tables"); s.State != control.StepFail || s.Code != "FOREIGN_TABLE" ||
			!strings.Contains(s.Reason, "pipeline a keeps ") || !strings.Contains(s.Fix, "choose another destination") {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

// A table that was made from another folder is refused by a run, and by check.
func TestCheckSeesAnotherExport(t *testing.T) {
	config := onDisk(t, "d-prod", "prod.crm.dynamics.com")
	service := control.New(config, options(t))
	defer service.Close()
	if results, err := service.Run(t.Context(), control.Request{}); err != nil || results[0].Error != nil {
		t.Fatal(results, err)
	}
	export := config.Pipelines[0].Source.Location.Path
	if err := os.Rename(filepath.Join(export, "d-prod"), filepath.Join(export, "e-prod")); err != nil {
		t.Fatal(err)
	}
	if s := stepOf(look(t, config), "lake", "tables"); s.State != control.StepFail || s.Code != "FOREIGN_TABLE" || !strings.Contains(s.Reason, "was made from the export in ") {
		t.Errorf("got %+v", s)
	}
}

// Hosts of one label in two regions must not read one folder, whichever pipelines
// name them.
func TestTwinsOfTwoPipelines(t *testing.T) {
	refusal := func(folder string, refused bool) {
		config := onDisk(t, folder, "prod.crm.dynamics.com", "prod.crm4.dynamics.com")
		service := control.New(config, options(t))
		defer service.Close()
		results, err := service.Run(t.Context(), control.Request{Pipelines: []string{"b"}})
		if err != nil {
			t.Fatal(err)
		}
		if failure := results[0].Error; (failure != nil) != refused || refused && failure.Code != "ENVIRONMENT" {
			t.Errorf("run of %s: %v", folder, failure)
		}
		s := stepOf(look(t, &spec.Resolved{Lake: config.Lake, Pipelines: config.Pipelines[1:]}), "connection c", "environment")
		if (s.State == control.StepFail) != refused || refused && s.Code != "ENVIRONMENT" {
			t.Errorf("check of %s: %+v", folder, s)
		}
	}
	refusal("dataverse-prod-org1", true)
	refusal("prod.crm4", false)
}
