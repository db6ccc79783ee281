// Command bench measures Sluice against its yardsticks: whole processes, in turn,
// on data that the simulator makes, with the results compared. `make bench` runs
// it and writes docs/benchmarks.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

// options of a run.
type options struct {
	rows    int64
	changes int
	runs    int
	dir     string
	tools   string
	docs    string
	memory  string
}

func main() {
	var o options
	flag.Int64Var(&o.rows, "rows", 5_000_000, "rows of the table")
	flag.IntVar(&o.changes, "changes", 10_000, "changes in each later folder")
	flag.IntVar(&o.runs, "runs", 3, "runs of each command, in turn")
	flag.StringVar(&o.dir, "dir", ".bench", "folder for data, made anew")
	flag.StringVar(&o.tools, "tools", os.Getenv("SLUICE_TOOLS"), "folder of the tools; default .tools")
	flag.StringVar(&o.docs, "docs", "", "write the figures to this Markdown file")
	flag.StringVar(&o.memory, "memory", "1GiB", "Sluice's --memory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.tools == "" {
		o.tools = ".tools"
	}
	b := &bench{options: o, python: filepath.Join(o.tools, "venv", "bin", "python")}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := b.firstLoad(ctx); err != nil {
		return err
	}
	if err := b.increments(ctx); err != nil {
		return err
	}
	if err := b.planning(ctx); err != nil {
		return err
	}
	if err := b.overAzurite(ctx); err != nil {
		return err
	}
	return b.report(ctx)
}
