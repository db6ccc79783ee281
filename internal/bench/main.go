package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options of a run.
type options struct {
	rows    int64
	slope   int64 // rows of the larger table; 0: none
	keys    int64 // rows of the table of few columns; 0: none
	changes []int
	runs    int
	long    time.Duration // a command that takes longer is run once
	timeout time.Duration
	only    []string // workloads; empty: all
	tools   []string // empty: all
	dir     string
	home    string // folder of the tools' programs
	docs    string
	memory  string
	render  bool // write the docs from the results that are there
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == launchArgument {
		os.Exit(launch(os.Args[2:]))
	}
	o, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}

func parse(args []string, complaints io.Writer) (options, error) {
	o := options{home: cmp.Or(os.Getenv("SLUICE_TOOLS"), ".tools"), changes: []int{1_000, 10_000, 100_000}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(complaints)
	f.Int64Var(&o.rows, "rows", fullRows, "rows of the table; 50000 for a look that takes minutes")
	f.Int64Var(&o.slope, "slope", 50_000_000, "rows of a larger table that Sluice alone takes changes on, 500 bytes of disk each; 0: leave it out")
	f.Int64Var(&o.keys, "keys", 100_000_000, "rows of a table of few columns, Sluice alone, 270 bytes of disk each; 0: leave it out")
	f.IntVar(&o.runs, "runs", 3, "runs of each command, in turn")
	f.DurationVar(&o.long, "long", 30*time.Second, "commands that take longer are run once")
	f.DurationVar(&o.timeout, "timeout", 10*time.Minute, "a command that takes longer has failed")
	f.StringVar(&o.dir, "dir", ".bench", "folder for data and results")
	f.StringVar(&o.docs, "docs", "", "write the figures to this Markdown file")
	f.StringVar(&o.memory, "memory", "1GiB", "Sluice's --memory where the workload does not say")
	f.BoolVar(&o.render, "render", false, "measure nothing: write -docs from the results that are there")
	list := func(to *[]string, known []string) func(string) error {
		return func(text string) error {
			*to = strings.Split(text, ",")
			for _, name := range *to {
				if !slices.Contains(known, name) {
					return fmt.Errorf("%q is not among %s", name, strings.Join(known, ", "))
				}
			}
			return nil
		}
	}
	f.Func("only", "workloads, with commas between: "+strings.Join(workloadNames(), ", "), list(&o.only, workloadNames()))
	f.Func("tools", "tools, with commas between: "+strings.Join(toolNames(), ", "), list(&o.tools, toolNames()))
	f.Func("changes", "numbers of changes, with commas between (1000,10000,100000)", func(text string) error {
		o.changes = nil
		for n := range strings.SplitSeq(text, ",") {
			v, err := strconv.Atoi(n)
			if err != nil || v < 10 {
				return fmt.Errorf("%q is no number of at least 10", n)
			}
			o.changes = append(o.changes, v)
		}
		return nil
	})
	return o, f.Parse(args)
}

func run(ctx context.Context, o options) error {
	book, err := openBook(filepath.Join(o.dir, "results.json"), o)
	if err != nil {
		return err
	}
	b := &bench{options: o, book: book}
	if !o.render {
		if err := b.measureAll(ctx); err != nil {
			return err
		}
	}
	text := book.markdown()
	fmt.Print(text)
	if o.docs == "" {
		return nil
	}
	return writeDocs(o.docs, text)
}

// measureAll runs the workloads. One that fails leaves a line and the next has
// its turn.
func (b *bench) measureAll(ctx context.Context) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	for _, w := range workloads() {
		if len(b.only) > 0 && !slices.Contains(b.only, w.name) || w.name == slopeWorkload && b.slope == 0 || w.name == keysWorkload && b.keys == 0 {
			continue
		}
		began := time.Now()
		fmt.Printf("== %s\n", w.name)
		if err := os.RemoveAll(b.path()); err != nil {
			return err
		}
		b.workload = w.name
		if err := b.book.begin(w.name); err != nil {
			return err
		}
		if err := w.run(b, ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			fmt.Printf("   failed: %v\n", err)
			if err := b.book.add(result{Workload: w.name, Failed: firstLine(err.Error())}); err != nil {
				return err
			}
		}
		fmt.Printf("   %.0f s\n", time.Since(began).Seconds())
	}
	return os.RemoveAll(b.path())
}
