package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// report prints the figures, and writes them down where asked to.
func (b *bench) report(ctx context.Context) error {
	text := b.markdown(ctx)
	fmt.Print(text)
	if b.docs == "" {
		return nil
	}
	return os.WriteFile(b.docs, []byte(text), 0o644)
}

func (b *bench) markdown(ctx context.Context) string {
	var out strings.Builder
	fmt.Fprintf(&out, `# Benchmarks

Written by `+"`make bench`"+`: whole processes, %d runs of each command in turn, medians. The data is made by the
simulator: the table %s with %d rows × 22 columns, %.2f GB of CSV, some 400 bytes a row; later folders have eight
updates to one insert and one delete. After the first load DuckDB reads both results and compares rows and checksums.
DuckDB is given what makes it faster: decimals of 18 digits instead of the 38 that the manifest declares, timestamps
without zone, no order of rows. Times on other machines differ; the ratios of one run are what to look at.

%s

| workload | tool | wall s | CPU s | peak MiB | MB written | |
|---|---|---:|---:|---:|---:|---|
`, b.runs, table, b.rows, float64(b.csvBytes)/1e9, b.machine(ctx))
	for _, r := range b.results {
		fmt.Fprintf(&out, "| %s | %s | %.2f | %.2f | %d | %.1f | %s |\n", r.workload, r.tool,
			r.cost.wall.Seconds(), r.cost.cpu.Seconds(), r.cost.peak>>20, float64(r.bytes)/1e6, r.note)
	}
	fmt.Fprintf(&out, "\nSluice ran with `--memory %s`.\n", b.memory)
	return out.String()
}

// machine names what the figures were measured on.
func (b *bench) machine(ctx context.Context) string {
	model := "processor unknown"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	duckdb, err := exec.CommandContext(ctx, b.python, "-c", "import duckdb; print(duckdb.__version__)").Output() //nolint:gosec // own tool
	if err != nil {
		duckdb = []byte("?")
	}
	return fmt.Sprintf("%s, %d processors, %s/%s; %s; DuckDB %s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH,
		runtime.Version(), strings.TrimSpace(string(duckdb)))
}
