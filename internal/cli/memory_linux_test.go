package cli

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestMemoryIsBounded measures, on the program as a whole, that what it does stays
// within --memory.
func TestMemoryIsBounded(t *testing.T) {
	p := buildMeasured(t)
	t.Run("ordinary rows", func(t *testing.T) {
		p := p.in(t, "bench", 2)
		p.run(t, 0, "simulate", "--out", "export", "--tables", "bench=200000", "--folders", "0")
		p.within(t, 256, "run")
		p.within(t, 128, "run", "--full-refresh")
		p.run(t, 0, "simulate", "--out", "export", "--resume", "--folders", "1")
		p.within(t, 128, "run")
		p.within(t, 128, "reconcile", "bench")
	})
	t.Run("cells of 50 MB", func(t *testing.T) {
		for _, test := range []struct {
			memory int64
			scd    int
		}{{256, 2}, {1024, 1}} {
			p := p.in(t, "annotation", test.scd)
			p.writeLarge(t, "2024-01-15T08.00.00Z", "2024-01-15T08.05.00Z", 1000, 4, 2000)
			p.within(t, test.memory, "run")
			p.writeLarge(t, "2024-01-15T08.05.00Z", "2024-01-15T08.10.00Z", 100_000, 2, 0)
			p.within(t, test.memory, "run")
			p.within(t, test.memory, "reconcile", "annotation")
			p.within(t, test.memory, "explain", "annotation", largeID(1))
		}
	})
}

// measured is the program in a folder of its own.
type measured struct{ program, dir string }

func buildMeasured(t *testing.T) measured {
	t.Helper()
	p := measured{program: filepath.Join(t.TempDir(), "sluice")}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", p.program, "../../cmd/sluice")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

// in gives the program an empty folder and a configuration of one table.
func (p measured) in(t *testing.T, table string, scd int) measured {
	t.Helper()
	p.dir = t.TempDir()
	config := fmt.Sprintf(`bundle: {name: bounded}
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
          - table: {source_schema: contoso, source_table: %s, table_configuration: {scd_type: SCD_TYPE_%d}}
`, table, scd)
	p.write(t, "sluice.yaml", config)
	return p
}

// run runs the program and says how many bytes of memory it had at most.
func (p measured) run(t *testing.T, code int, args ...string) int64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.program, args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("sluice %q: exit status %d, %v\n%.2000s", args, got, err, out)
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return usage.Maxrss << 10
}

// within runs the program with so many MiB, and looks whether they were enough.
func (p measured) within(t *testing.T, mib int64, args ...string) {
	t.Helper()
	peak := p.run(t, 0, append(args, "--memory", fmt.Sprintf("%dMiB", mib))...)
	t.Logf("%s: %d MiB of %d", args[0], peak>>20, mib)
	if peak > mib<<20 {
		t.Errorf("%s: %d MiB in memory, the limit is %d", args[0], peak>>20, mib)
	}
}

func (p measured) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

const largeCell = 50_000_000

func largeID(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-000d3a000000", n) }

// writeLarge writes a folder of annotation with that many rows that have an
// attachment of 50 MB, among ones that have none.
func (p measured) writeLarge(t *testing.T, folder, next string, version, large, small int) {
	t.Helper()
	type attribute struct {
		Name     string `json:"name"`
		DataType string `json:"dataType"`
	}
	manifest, err := json.Marshal(map[string]any{"name": "cdm", "version": "1.0", "entities": []any{map[string]any{
		"$type": "LocalEntity", "name": "annotation",
		"annotations": []any{map[string]string{"name": "Athena:InitialSyncState", "value": "Completed"}},
		"attributes": []attribute{{"Id", "guid"}, {"SinkCreatedOn", "dateTime"}, {"SinkModifiedOn", "dateTime"},
			{"filename", "string"}, {"documentbody", "string"}, {"versionnumber", "int64"}, {"IsDelete", "boolean"}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "export/model.json", string(manifest))
	p.write(t, "export/Changelog/changelog.info", next)
	p.write(t, "export/"+folder+"/model.json", string(manifest))
	p.write(t, "export/"+next+"/model.json", "")
	p.write(t, "export/"+folder+"/annotation/2024.csv", "")
	file, err := os.OpenFile(filepath.Join(p.dir, "export", folder, "annotation/2024.csv"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(file)
	random := rand.NewChaCha8([32]byte{byte(version)})
	for n := range large + small {
		fmt.Fprintf(w, `%s,"1/15/2024 8:00:00 AM","1/15/2024 8:00:00 AM","file %d",`, largeID(n), n)
		if every := (large + small) / large; n%every == 0 {
			writeBody(t, w, random)
		}
		fmt.Fprintf(w, ",%s,\r\n", strconv.Itoa(version+n))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// writeBody writes a cell piece by piece: the peak of a program that is started
// from here would be that of this one, if this one's were larger.
func writeBody(t *testing.T, w *bufio.Writer, random io.Reader) {
	t.Helper()
	_ = w.WriteByte('"')
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	if _, err := io.CopyN(encoder, random, largeCell/4*3); err != nil {
		t.Fatal(err)
	}
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	_ = w.WriteByte('"') // errors stay with the writer
}
