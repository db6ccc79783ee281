package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/cli"
)

const lineageConfig = `
bundle: {name: d365}
lake: {url: ./lake}
connections:
  export: {connection_type: DYNAMICS365, options: {url: ./export}}
resources:
  pipelines:
    prod:
      name: prod
      catalog: main
      schema: crm
      ingestion_definition:
        connection_name: export
        objects:
          - table: {source_schema: "https://prod.crm.dynamics.com", source_table: account}
          - table: {source_schema: "https://prod.crm.dynamics.com", source_table: contact, table_configuration: {scd_type: SCD_TYPE_2}}
          - table: {source_schema: "https://prod.crm.dynamics.com", source_table: nothing}
`

// TestLineageIsReadByOpenLineage lets the classes of OpenLineage's own client
// read the events of a run, of which one table fails.
func TestLineageIsReadByOpenLineage(t *testing.T) {
	if !asked() {
		t.Skip("other programs take long: make test asks them, or -run with the test's name")
	}
	tools, err := findTools()
	if err != nil {
		missing(t, err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("sluice.yaml", []byte(lineageConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	sluice(t, 0, "simulate --out export --tables account=20,contact=20 --folders 1")
	sluice(t, 4, "run --lineage-file lineage.jsonl")

	script := filepath.Join(filepath.Dir(tools.script), "lineage.py")
	c := exec.Command(tools.python, "-E", "-s", "-B", script, "lineage.jsonl")
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr.String())
	}
	// Tables are brought up to date side by side.
	got := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(out), dir, "DIR")), "\n")
	slices.Sort(got)
	want := []string{
		"COMPLETE prod.main.crm.account run(parent,processing_engine)" +
			" in file|DIR/export/account(dataSource,schema) out file|DIR/lake/main/crm/account(columnLineage,dataSource,schema,version)",
		"COMPLETE prod.main.crm.contact run(parent,processing_engine)" +
			" in file|DIR/export/contact(dataSource,schema) out file|DIR/lake/main/crm/contact(columnLineage,dataSource,schema,version)",
		"FAIL prod run(errorMessage,processing_engine)",
		"FAIL prod.main.crm.nothing run(errorMessage,parent,processing_engine)" +
			" in file|DIR/export/nothing(dataSource) out file|DIR/lake/main/crm/nothing(dataSource)",
		"START prod run(processing_engine)",
		"START prod.main.crm.account run(parent,processing_engine) in file|DIR/export/account(dataSource) out file|DIR/lake/main/crm/account(dataSource)",
		"START prod.main.crm.contact run(parent,processing_engine) in file|DIR/export/contact(dataSource) out file|DIR/lake/main/crm/contact(dataSource)",
		"START prod.main.crm.nothing run(parent,processing_engine) in file|DIR/export/nothing(dataSource) out file|DIR/lake/main/crm/nothing(dataSource)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what OpenLineage reads (-want +got):\n%s", diff)
	}
}

// sluice runs a command line in this process.
func sluice(t *testing.T, wantExit int, args string) {
	t.Helper()
	var out strings.Builder
	if exit := cli.Main(strings.Fields(args), strings.NewReader(""), &out, &out); exit != wantExit {
		t.Fatalf("sluice %s: exit %d, want %d\n%s", args, exit, wantExit, out.String())
	}
}
