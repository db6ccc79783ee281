package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const table = "bench"

// bench holds what the workloads share and what they found.
type bench struct {
	options
	python    string
	sluice    string
	simulator *exporter.Simulator
	store     *local.Store
	csvBytes  int64
	results   []result
}

// result is one line of the report.
type result struct {
	workload, tool string
	cost           cost
	bytes          int64 // written
	note           string
}

func (b *bench) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir}, parts...)...)
}

// prepare builds the binary and the export.
func (b *bench) prepare(ctx context.Context) error {
	if err := os.RemoveAll(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o750); err != nil {
		return err
	}
	b.sluice = b.path("sluice")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.sluice, "./cmd/sluice") //nolint:gosec // own path
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building sluice: %w\n%s", err, out)
	}
	var err error
	if b.store, err = local.New(b.path("export"), local.WithoutSync()); err != nil {
		return err
	}
	b.simulator, err = exporter.New(exporter.Options{Tables: []exporter.TableOption{{Name: table, Rows: b.rows}}})
	if err != nil {
		return err
	}
	fmt.Printf("simulating %d rows\n", b.rows)
	if err := b.simulator.Initial(ctx, b.store); err != nil {
		return err
	}
	b.csvBytes, err = folderSize(b.firstFolder())
	if err != nil {
		return err
	}
	for _, scd := range []int{1, 2} {
		if err := b.writeConfig(scd); err != nil {
			return err
		}
	}
	return nil
}

// firstFolder holds the CSV files of the initial copy.
func (b *bench) firstFolder() string {
	name := b.simulator.Options().Start.UTC().Format("2006-01-02T15.04.05Z")
	return b.path("export", name, table)
}

func (b *bench) writeConfig(scd int) error {
	text := strings.NewReplacer("{scd}", fmt.Sprint(scd), "{table}", table).Replace(`bundle: {name: bench}
lake: {url: ./lake{scd}}
connections:
  export: {connection_type: DYNAMICS365, options: {url: ./export}}
resources:
  pipelines:
    bench:
      name: bench
      catalog: main
      schema: bench
      ingestion_definition:
        connection_name: export
        objects:
          - table: {source_schema: contoso, source_table: {table}, destination_catalog: main, destination_schema: bench,
                    table_configuration: {scd_type: SCD_TYPE_{scd}}}
`)
	return os.WriteFile(b.path(fmt.Sprintf("scd%d.yaml", scd)), []byte(text), 0o600)
}

func (b *bench) runSluice(ctx context.Context, scd int) (cost, error) {
	return measure(ctx, b.sluice, "run", "-f", b.path(fmt.Sprintf("scd%d.yaml", scd)), "--memory", b.memory, "--json")
}

func (b *bench) lake(scd int) string { return b.path(fmt.Sprintf("lake%d", scd)) }

// firstLoad loads the initial copy, Sluice and DuckDB in turn.
func (b *bench) firstLoad(ctx context.Context) error {
	parquet := b.path("duckdb.parquet")
	var duck []cost
	var ours [3][]cost // by SCD type
	for i := range b.runs {
		fmt.Printf("first load, run %d of %d\n", i+1, b.runs)
		for _, scd := range []int{1, 2} {
			if err := os.RemoveAll(b.lake(scd)); err != nil {
				return err
			}
			c, err := b.runSluice(ctx, scd)
			if err != nil {
				return err
			}
			ours[scd] = append(ours[scd], c)
		}
		c, err := measure(ctx, b.python, "scripts/bench/duckdb_load.py", b.firstFolder(), parquet)
		if err != nil {
			return err
		}
		duck = append(duck, c)
	}
	if _, err := measure(ctx, b.python, "scripts/bench/same_rows.py", b.tablePath(1), parquet); err != nil {
		return fmt.Errorf("the results differ: %w", err)
	}
	const workload = "first load"
	info, err := os.Stat(parquet)
	if err != nil {
		return err
	}
	b.add(workload, "DuckDB → Parquet, newest version per key", median(duck), info.Size(), "")
	for _, scd := range []int{1, 2} {
		costs := ours[scd]
		size, err := folderSize(b.lake(scd))
		if err != nil {
			return err
		}
		b.add(workload, fmt.Sprintf("Sluice → Delta, SCD type %d", scd), median(costs), size, ratio(median(costs), median(duck), "DuckDB"))
	}
	return nil
}

func (b *bench) tablePath(scd int) string {
	path, _ := filepath.Abs(filepath.Join(b.lake(scd), "main", "bench", table))
	return path
}

// increments applies later folders to the loaded tables, one run each.
func (b *bench) increments(ctx context.Context) error {
	costs := map[int][]cost{}
	written := map[int]int64{}
	for i := range b.runs {
		fmt.Printf("%d changes, run %d of %d\n", b.changes, i+1, b.runs)
		mix := exporter.Mix{Updates: b.changes * 8 / 10, Inserts: b.changes / 10, Deletes: b.changes / 10}
		if _, err := b.simulator.Step(ctx, b.store, exporter.Changes{Mix: mix}); err != nil {
			return err
		}
		for _, scd := range []int{1, 2} {
			before, err := folderSize(b.lake(scd))
			if err != nil {
				return err
			}
			c, err := b.runSluice(ctx, scd)
			if err != nil {
				return err
			}
			after, err := folderSize(b.lake(scd))
			if err != nil {
				return err
			}
			costs[scd] = append(costs[scd], c)
			written[scd] = after - before
		}
	}
	for _, scd := range []int{1, 2} {
		b.add(fmt.Sprintf("%d changes", b.changes), fmt.Sprintf("Sluice → Delta, SCD type %d", scd), median(costs[scd]), written[scd], "")
	}
	var idle []cost
	for range b.runs {
		c, err := b.runSluice(ctx, 1)
		if err != nil {
			return err
		}
		idle = append(idle, c)
	}
	b.add("nothing new", "Sluice", median(idle), 0, "")
	return nil
}

func (b *bench) add(workload, tool string, c cost, bytes int64, note string) {
	b.results = append(b.results, result{workload, tool, c, bytes, note})
}

func ratio(a, other cost, name string) string {
	return fmt.Sprintf("%.2f × the wall and %.2f × the CPU time of %s",
		a.wall.Seconds()/other.wall.Seconds(), a.cpu.Seconds()/other.cpu.Seconds(), name)
}
