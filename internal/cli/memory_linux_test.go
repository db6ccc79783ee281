package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMemoryIsBounded measures, on the program as a whole, that a first load and later
// changes stay within --memory.
func TestMemoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "sluice")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/sluice")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(args ...string) int64 {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("sluice %q: %v\n%s", args, err, out)
		}
		usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		return usage.Maxrss << 10
	}
	config := `bundle: {name: bounded}
lake: {url: ./lake}
connections:
  export: {connection_type: DYNAMICS365, options: {url: ./export}}
resources:
  pipelines:
    bounded:
      name: bounded
      catalog: main
      schema: crm
      ingestion_definition:
        connection_name: export
        objects:
          - table: {source_schema: contoso, source_table: bench, table_configuration: {scd_type: SCD_TYPE_2}}
`
	if err := os.WriteFile(filepath.Join(dir, "sluice.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	const limit = 256 << 20
	run("simulate", "--out", "export", "--tables", "bench=600000", "--folders", "0")
	for _, what := range []string{"first load", "later changes"} {
		if peak := run("run", "--memory", "256MiB"); peak > limit {
			t.Errorf("%s: %d MiB in memory, the limit is %d", what, peak>>20, limit>>20)
		}
		run("simulate", "--out", "export", "--resume", "--folders", "1")
	}
}
