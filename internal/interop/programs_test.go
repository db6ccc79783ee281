package interop_test

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	files "github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// shown are the blocks of Python and SQL in a document.
var shown = regexp.MustCompile("(?ms)^```(python|sql)\n(.*?)^```$")

// checkedPrograms are the blocks in the documents, with what must come of each.
var checkedPrograms = map[string]func(t *testing.T, folder, output string){
	"README.md python":      checkFilesTakenOut,
	"docs/semantics.md sql": checkLabelsJoined,
}

// TestProgramsInDocuments runs the programs that the documents show, in a folder with
// the lake that they speak of.
func TestProgramsInDocuments(t *testing.T) {
	programs := interop.StartPrograms(t)
	folder := documentedLake(t)
	root := filepath.Join("..", "..")
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	need(t, err)
	checked := 0
	for _, path := range append(paths, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		need(t, err)
		for _, block := range shown.FindAllStringSubmatch(string(text), -1) {
			name, err := filepath.Rel(root, path)
			need(t, err)
			name = filepath.ToSlash(name) + " " + block[1]
			check := checkedPrograms[name]
			if check == nil {
				t.Errorf("nothing is known of what must come of %s:\n%s", name, block[2])
				continue
			}
			run := programs.Python
			if block[1] == "sql" {
				run = programs.SQL
			}
			check(t, folder, run(t, folder, block[2]))
			checked++
		}
	}
	if checked != len(checkedPrograms) {
		t.Errorf("%d programs were checked, %d are known", checked, len(checkedPrograms))
	}
}

// documentedLake is a folder with the lake of the README's configuration in it.
func documentedLake(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source, err := files.New(filepath.Join(folder, "export"))
	need(t, err)
	lake, err := files.New(filepath.Join(folder, "lake"))
	need(t, err)
	sim, err := exporter.New(exporter.Options{Tables: []exporter.TableOption{{Name: "account", Rows: 30}, {Name: "annotation", Rows: 60}}})
	need(t, err)
	need(t, sim.Initial(context.Background(), source))
	_, err = sim.Step(context.Background(), source, exporter.Changes{Mix: exporter.Mix{Inserts: 3, Updates: 8, Deletes: 3}})
	need(t, err)
	r := work.Pipeline{Source: source, Lake: lake,
		Options: work.Options{Clock: func() time.Time { return time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC) }},
		Config: spec.Pipeline{Key: "prod", Name: "prod", Catalog: "main", Schema: "crm", ChoiceLabels: true,
			Environments: []spec.Environment{{Catalog: "main", Schema: "crm", Settings: spec.Settings{SCDType: spec.SCDType1}}}}}
	if result := pipeline.Run(context.Background(), &r, work.Request{}); result.State != report.Completed {
		t.Fatalf("%s, %+v", result.State, result.Error)
	}
	return folder
}

// checkFilesTakenOut expects a file for each note of an account that has one.
func checkFilesTakenOut(t *testing.T, folder, _ string) {
	t.Helper()
	want := 0
	for _, row := range ownRows(t, filepath.Join(folder, "lake", "main", "crm", "annotation")) {
		name, has := row["filename"].(string)
		if !has || row["objectid_entitytype"] != "account" {
			continue
		}
		want++
		info, err := os.Stat(filepath.Join(folder, "files", row["annotationid"].(string), name))
		if err != nil {
			t.Errorf("the file of a note was not taken out: %v", err)
		} else if size := strconv.FormatInt(info.Size(), 10); size != row["filesize"] {
			t.Errorf("%s is %s bytes long, and was %v", name, size, row["filesize"])
		}
	}
	found, err := filepath.Glob(filepath.Join(folder, "files", "*", "*"))
	need(t, err)
	if len(found) != want || want == 0 {
		t.Errorf("%d files were taken out, %d notes of accounts have one", len(found), want)
	}
}

// checkLabelsJoined expects every account, with the label of its status.
func checkLabelsJoined(t *testing.T, folder, output string) {
	t.Helper()
	labels := map[string]string{}
	for _, row := range ownRows(t, filepath.Join(folder, "lake", "main", "crm", "StatusMetadata")) {
		if row["EntityName"] == "account" {
			labels[row["Status"].(string)] = row["LocalizedLabel"].(string)
		}
	}
	accounts := ownRows(t, filepath.Join(folder, "lake", "main", "crm", "account"))
	table := csv.NewReader(strings.NewReader(output))
	table.LazyQuotes, table.FieldsPerRecord = true, -1
	rows, err := table.ReadAll()
	need(t, err)
	if len(rows) != len(accounts)+1 || len(labels) < 2 || strings.Join(rows[0], ",") != "name,statuscode,status" {
		t.Fatalf("%d accounts and %d labels give %d rows:\n%s", len(accounts), len(labels), len(rows)-1, output)
	}
	for _, row := range rows[1:] {
		if n := len(row); labels[row[n-2]] != row[n-1] {
			t.Errorf("the status of %v is %q", row, labels[row[n-2]])
		}
	}
}
