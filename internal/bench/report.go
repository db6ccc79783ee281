package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// handWritten begins the part of the docs that the bench leaves alone.
const handWritten = "<!-- What follows is written by hand; what stands before is written by make bench. -->\n"

// writeDocs replaces the measured part of a page.
func writeDocs(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, kept, ok := strings.Cut(string(old), handWritten); ok {
		text += "\n" + handWritten + kept
	}
	return os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // the page that the command line names
}

const preamble = `# Benchmarks

Written by ` + "`make bench`" + `: whole processes, one after the other, on an export that the simulator writes. The table
*bench* has %s rows of 22 columns, some 400 bytes of CSV each; folders of changes have eight updates to one insert
and one delete. Commands are run %d times in turn, long ones once; times are medians, peaks are
the highest. After each step DuckDB reads all results, and a tool whose tables have other rows or another checksum than
Sluice's, or another number of rows than the simulator wrote, has failed. Times on other machines differ; the ratios of
one run are what to look at. Measured %s:

%s
`

const explanation = `
*wall* is that of the whole process, *work* what the tool itself counts without its start, *CPU* that of all its
processes, *peak* that of the largest. *written* are the bytes of files that are new or have changed afterwards: tables,
state, indexes. *rows* were counted in the tables, whose checksums are equal; larger tables are compared after their first
load and at the end. *÷ Sluice* compares wall times.

| peer | is run as |
|---|---|
| DuckDB → Parquet | types in ` + "`read_csv`" + `, no order of rows, newest version per key by a window; changes rewrite the Parquet file, since Parquet alone can do no less. It writes no Delta table |
| delta-rs | fed by DuckDB in Arrow batches; ` + "`merge`" + ` without streaming, so that it may prune by the source's bounds |
| dlt | Arrow batches from DuckDB, ` + "`merge`" + ` with the upsert strategy and ` + "`hard_delete`" + ` into Delta tables of the filesystem destination; all tables of a folder in one load |
| Spark | local on all processors, deletion vectors on, as many shuffle and snapshot partitions as processors, CSV typed by the reader; changes with the first compiler and the serial collector, which halves their CPU time; ` + "`MERGE`" + `, for SCD type 2 the one of Delta's documentation with closing and new rows in one source |

Peers get decimals of 18 digits instead of the 38 that manifests declare, which makes all of them faster. Their scripts
are in [scripts/bench](../scripts/bench). Sluice runs with ` + "`--memory %s`" + ` where a line says nothing else.
`

// markdown is the report.
func (b *book) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, preamble, grouped(b.Rows), b.Runs, b.At.Format(time.DateOnly), "* "+strings.Join(b.Machine, "\n* "))
	if b.Rows != fullRows {
		fmt.Fprintf(&out, "\n**This is not the full size of %s rows: the figures below say nothing about the ones to reach.**\n", grouped(fullRows))
	}
	out.WriteString("\n## Figures to reach\n\n| workload | at least | measured | |\n|---|---|---|---|\n")
	for _, t := range targets() {
		v := t.check(b)
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", t.what, t.least, v.figure, v.word())
	}
	out.WriteString("\n## Measurements\n" + fmt.Sprintf(explanation, b.Memory))
	group := ""
	for _, r := range b.Results {
		if r.Group != group {
			group = r.Group
			fmt.Fprintf(&out, "\n### %s\n\n", title(group))
			out.WriteString("| | tool | wall s | work s | CPU s | peak MiB | written MB | rows | ÷ Sluice | |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---|\n")
		}
		out.WriteString(b.line(r))
	}
	return out.String()
}

func title(group string) string {
	return map[string]string{
		"tall": "One table", slopeWorkload: "A larger table", keysWorkload: "A long table", "many": "Many tables, several folders", "small": "Small tables",
		"wide": "A wide table", "memory": "Memory", "planning": "Planning", "azurite": "Azurite, the emulator of Azure's blob service",
	}[group]
}

func (v verdict) word() string {
	switch {
	case !v.known:
		return "not measured"
	case v.reached:
		return "reached"
	}
	return "**missed**"
}

// line is one result as a row of a table.
func (b *book) line(r result) string {
	note := r.Note
	if r.Tool == sluiceName && r.Read > 0 {
		note = fmt.Sprintf("%.0f MB of CSV", float64(r.Read)/1e6)
	}
	if r.Indexed > 0 {
		note += fmt.Sprintf(", key index %.1f bytes a row", perRow(r))
	}
	if r.Failed != "" {
		note = strings.ReplaceAll("failed: "+r.Failed, "|", `\|`)
	}
	if r.Runs == 0 {
		return fmt.Sprintf("| %s | %s | | | | | | | | %s |\n", r.Workload, r.Tool, note)
	}
	work, times, rows := "", "", ""
	if r.Apply > 0 {
		work = seconds(r.Apply)
	}
	if r.Rows > 0 {
		rows = grouped(r.Rows)
	}
	if ours := b.find(r.Workload, sluiceName); ours.counts() && r.Tool != sluiceName && r.Failed == "" {
		times = fmt.Sprintf("%.1f", r.Wall/ours.Wall)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.2f | %d | %.1f | %s | %s | %s |\n", r.Workload, r.Tool,
		seconds(r.Wall), work, r.CPU, r.Peak>>20, float64(r.Written)/1e6, rows, times, note)
}

func perRow(r result) float64 { return float64(r.Indexed) / float64(r.Rows) }

// seconds shows milliseconds where they matter.
func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.3f", s)
	}
	return fmt.Sprintf("%.2f", s)
}
