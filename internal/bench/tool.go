package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tool is a program that brings an export into tables.
type tool struct {
	flag, name string
	venv       string // folder with its Python, below that of the tools; empty: Sluice
	form       string // of its tables: delta or parquet
	table      string // pattern of a table's path in the tool's folder
	history    bool   // keeps SCD type 2, too
	many       bool   // takes part where there are many tables
}

// Names of the tools that figures are compared with.
const (
	sluiceName = "Sluice"
	duckdbName = "DuckDB → Parquet"
	sparkName  = "Spark"
)

// tools in the order of the report.
func tools() []tool {
	return []tool{
		{flag: "sluice", name: sluiceName, form: "delta", table: "lake/main/bench/{table}", history: true, many: true},
		{flag: "duckdb", name: duckdbName, venv: "venv", form: "parquet", table: "lake/{table}.parquet"},
		{flag: "deltars", name: "delta-rs", venv: "venv", form: "delta", table: "lake/{table}", many: true},
		{flag: "dlt", name: "dlt", venv: "dlt", form: "delta", table: "lake/lake/{table}", many: true},
		{flag: "spark", name: sparkName, venv: "venv", form: "delta", table: "lake/{table}", history: true, many: true},
	}
}

func toolNames() []string {
	var out []string
	for _, t := range tools() {
		out = append(out, t.flag)
	}
	return out
}

// entrant is a tool in a workload, with what it has made so far.
type entrant struct {
	tool
	scd    int
	dir    string
	memory string            // Sluice's --memory
	behind []string          // folders that it was not given yet
	costs  map[string][]cost // by the name of the part
	broken error             // it cannot go on
}

// entrants are the tools that were asked for and for which want holds.
func (b *bench) entrants(scd int, want func(tool) bool) []*entrant {
	var out []*entrant
	for _, t := range tools() {
		if want(t) && (len(b.tools) == 0 || slices.Contains(b.tools, t.flag)) {
			dir := b.path(fmt.Sprintf("%s-%d", t.flag, scd))
			out = append(out, &entrant{tool: t, scd: scd, dir: dir, memory: b.memory, costs: map[string][]cost{}})
		}
	}
	return out
}

func anyTool(tool) bool       { return true }
func historian(t tool) bool   { return t.history }
func manyTabled(t tool) bool  { return t.many }
func onlySluice(t tool) bool  { return t.venv == "" }
func (e *entrant) ours() bool { return onlySluice(e.tool) }

// isOut: it takes no further part.
func (e *entrant) isOut() bool { return e.broken != nil }

// apply gives a tool the folders that it is behind.
func (b *bench) apply(ctx context.Context, e *entrant, s *source) (cost, error) {
	command, err := b.command(e, s)
	if err != nil {
		return cost{}, err
	}
	before, err := contents(e.dir)
	if err != nil {
		return cost{}, err
	}
	settleDisk()
	limited, stop := context.WithTimeoutCause(ctx, b.timeout, errTooLong)
	defer stop()
	c, err := measure(limited, command...)
	if err != nil {
		if errors.Is(context.Cause(limited), errTooLong) {
			err = fmt.Errorf("%w than %v", errTooLong, b.timeout)
		}
		return c, err
	}
	after, err := contents(e.dir)
	if err != nil {
		return c, err
	}
	c.Written = newBytes(before, after)
	e.behind = nil
	return c, nil
}

var errTooLong = errors.New("it took longer")

// command is what brings the tool's tables up to date.
func (b *bench) command(e *entrant, s *source) ([]string, error) {
	if err := os.MkdirAll(e.dir, 0o750); err != nil {
		return nil, err
	}
	if e.ours() {
		path := filepath.Join(e.dir, "sluice.yaml")
		text := configuration(place{"url": "./lake"}, place{"url": s.dir}, s.tables, e.scd)
		return []string{b.sluice, "run", "-f", path, "--memory", e.memory, "--json"}, os.WriteFile(path, []byte(text), 0o600)
	}
	command := []string{
		filepath.Join(b.home, e.venv, "bin", "python"), filepath.Join("scripts", "bench", "peer_"+e.flag+".py"),
		"--lake", filepath.Join(e.dir, "lake"), "--scd", fmt.Sprint(e.scd), "--jars", filepath.Join(b.home, "jars"), "--folders",
	}
	return append(append(append(command, e.behind...), "--tables"), s.tables...), nil
}

// place is a location of a configuration.
type place map[string]string

func (p place) yaml() string {
	var keys []string
	for key, value := range p {
		keys = append(keys, fmt.Sprintf("%s: %q", key, value))
	}
	slices.Sort(keys)
	return "{" + strings.Join(keys, ", ") + "}"
}

// configuration is a sluice.yaml; without tables it keeps all of the export.
func configuration(lake, export place, tables []string, scd int) string {
	var objects strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&objects, "          - table: {source_schema: contoso, source_table: %s, table_configuration: {scd_type: SCD_TYPE_%d}}\n", t, scd)
	}
	if len(tables) == 0 {
		objects.WriteString("          - schema: {source_schema: contoso}\n")
	}
	return fmt.Sprintf(`bundle: {name: bench}
lake: %s
state: {url: ./state}
connections:
  export: {connection_type: DYNAMICS365, options: %s}
resources:
  pipelines:
    bench:
      catalog: main
      schema: bench
      ingestion_definition:
        connection_name: export
        objects:
%s`, lake.yaml(), export.yaml(), objects.String())
}
