package interop_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/interop"
)

// TestScenarioTablesAreReadByEveryEngine lets the scenarios of internal/pipeline
// leave their tables in a folder, and compares what each engine sees in them with
// what Sluice sees, which the scenarios compare with what must be there.
func TestScenarioTablesAreReadByEveryEngine(t *testing.T) {
	engines := []interop.Engine{interop.DeltaRS, interop.DuckDB, interop.Polars, interop.Spark}
	for _, engine := range engines {
		interop.Start(t, engine)
	}
	folder := t.TempDir()
	scenarios := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run=^TestSemantics$", "../pipeline")
	scenarios.Env = append(os.Environ(), "SLUICE_SCENARIO_TABLES="+folder)
	if out, err := scenarios.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tables := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "_delta_log" {
			return err
		}
		tables++
		table := filepath.Dir(path)
		t.Run(strings.TrimPrefix(filepath.ToSlash(table), filepath.ToSlash(folder)+"/"), func(t *testing.T) {
			want := ownRows(t, table)
			for _, engine := range engines {
				got, err := interop.Start(t, engine).Rows(table, interop.Select{})
				if err != nil {
					t.Errorf("%v", err)
					continue
				}
				compareRows(t, table, engine, sorted(want), sorted(got))
			}
		})
		return fs.SkipDir
	})
	if err != nil {
		t.Fatal(err)
	}
	if tables < 100 {
		t.Errorf("only %d tables: the scenarios have left more", tables)
	}
}
