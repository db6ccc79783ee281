package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// demoOptions are those of the command demo.
type demoOptions struct {
	Dir       string
	Rows      int64
	Seed      uint64
	KeepGoing bool

	changed func(flag string) bool
}

const (
	defaultDemoDir  = "sluice-demo"
	defaultDemoRows = 10_000
	demoSteps       = 2 // later folders
)

// demoShares change enough to be seen and little enough to be realistic.
var demoShares = shares{inserts: 0.01, updates: 0.02, deletes: 0.005}

// demoTables and how many rows they have for each account.
var demoTables = []struct {
	name  string
	share float64
}{
	{"account", 1}, {"contact", 2.5}, {"opportunity", 1}, {"lead", 0.8}, {"incident", 1.2}, {"systemuser", 0.02},
	{"annotation", 0.5}, {"custtable", 0.5}, {"inventtrans", 2}, {"mserp_custcustomerv3entity", 0.5},
}

// AddFlags names the options on the command line.
func (o *demoOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Dir, "dir", defaultDemoDir, "`folder` of the demo")
	f.Int64Var(&o.Rows, "rows", defaultDemoRows, "`number` of accounts; the other tables have their share")
	f.Uint64Var(&o.Seed, "seed", exporter.DefaultSeed, "`number` from which all content follows")
	f.BoolVar(&o.KeepGoing, "keep-going", false, "add two folders of changes to a demo that was made before, and run again")
	o.changed = f.Changed
}

func newDemoCommand(g *globals) *cobra.Command {
	var opts demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a simulated export becomes Delta tables",
		Long: `Writes the export of a simulated Dynamics 365 environment to a folder, loads it
into Delta tables, lets two more folders with inserts, updates and deletes
arrive, and applies them. Shows what became of every row, and how to look at the
tables with Sluice, DuckDB, polars and Spark. Needs no configuration and touches
nothing outside of its folder.`,
		Example: `sluice demo
sluice demo --keep-going
sluice demo --dir /tmp/big --rows 1000000`,
		Args: exactly(),
		Annotations: notes(`0    done
1    a table failed
2    the folder holds something else, or a demo already
3    the folder cannot be written
130  interrupted`, takesWork, takesProgress, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runDemo(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

// demo is a demo being made.
type demo struct {
	g      *globals
	folder demoFolder
	sim    *simulation
	out    *outcome
	// Result, in the order of the runs.
	runs []DemoRun
}

// DemoRun is one update of the demo's pipeline.
type DemoRun struct {
	// Folders that arrived before it.
	Folders   []string        `json:"folders"`
	Pipelines []report.Result `json:"pipelines"`
}

// DemoResult is what the demo did.
type DemoResult struct {
	Path   string    `json:"path"`
	Config string    `json:"config"`
	Export *Export   `json:"export"`
	Runs   []DemoRun `json:"runs"`
	Hints  []Hint    `json:"hints"`
}

func (g *globals) runDemo(ctx context.Context, opts demoOptions) (*outcome, error) {
	if opts.Rows < 1 {
		return nil, usage(fmt.Sprintf("--rows %d: a demo needs 1 or more", opts.Rows))
	}
	d := &demo{g: g, folder: demoFolder(opts.Dir), out: &outcome{code: codeTables}}
	exists, err := d.folder.open(opts.KeepGoing)
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	began := g.now()
	if exists {
		err = d.resume(ctx, opts)
	} else {
		err = d.load(ctx, opts)
	}
	if err == nil {
		err = d.change(ctx)
	}
	if err != nil {
		return nil, err
	}
	return d.outcome(g.now().Sub(began))
}

// load writes the initial copy and brings it into the tables.
func (d *demo) load(ctx context.Context, opts demoOptions) error {
	if err := d.folder.begin(); err != nil {
		return err
	}
	options := exporter.Options{
		Seed:        opts.Seed,
		Environment: "contoso",
		Faults:      []exporter.Fault{exporter.RepeatedRows, exporter.DeleteReinsert},
	}
	for _, t := range demoTables {
		options.Tables = append(options.Tables, exporter.TableOption{Name: t.name, Rows: max(1, int64(t.share*float64(opts.Rows)))})
	}
	began := d.g.now()
	var err error
	if d.sim, err = d.g.openSimulation(ctx, d.folder.export(), options, false); err != nil {
		return err
	}
	if err := d.wrote("An environment of Dynamics 365 is simulated in "+d.folder.export(), d.g.now().Sub(began)); err != nil {
		return err
	}
	return d.update(ctx, "Initial load", d.sim.written)
}

// resume finds the demo that is there.
func (d *demo) resume(ctx context.Context, opts demoOptions) error {
	if opts.changed("rows") {
		return usage("--rows cannot change when a demo keeps going", "leave it out, or begin anew with --dir")
	}
	var options exporter.Options
	if opts.changed("seed") {
		options.Seed = opts.Seed
	}
	var err error
	d.sim, err = d.g.openSimulation(ctx, d.folder.export(), options, true)
	if errors.Is(err, exporter.ErrNoExport) {
		return usage(fmt.Sprintf("the demo in %s was not finished and cannot keep going", d.folder), "remove the folder and begin anew, or name another with --dir")
	}
	return err
}

// change lets folders arrive and applies them.
func (d *demo) change(ctx context.Context) error {
	if err := d.sim.mark(); err != nil {
		return err
	}
	before, began := len(d.sim.written), d.g.now()
	if err := d.sim.steps(ctx, demoSteps, demoShares); err != nil {
		return err
	}
	if err := d.wrote("Later folders arrive, with inserts, updates and deletes", d.g.now().Sub(began)); err != nil {
		return err
	}
	return d.update(ctx, "Applying them", d.sim.written[before:])
}

// wrote tells what the simulator has written.
func (d *demo) wrote(what string, took time.Duration) error {
	export, err := d.sim.export()
	if err != nil {
		return err
	}
	return d.g.tell(func(p *page) {
		p.linef("%s", p.Bold(what))
		p.linef("%s, %s\n", text.Plural(len(export.Tables), "table"), d.sim.wrote(export, took))
	})
}

// update runs the pipeline and shows what came of it.
func (d *demo) update(ctx context.Context, title string, folders []string) error {
	progress, done := d.g.progress()
	service, _, err := d.g.withConfig(d.folder.config()).service(progress)
	if err != nil {
		return err
	}
	began := d.g.now()
	results, err := service.Run(ctx, control.Request{})
	done()
	if err != nil {
		return err
	}
	d.runs = append(d.runs, DemoRun{folders, results})
	o := runOutcome(results, d.g.now().Sub(began))
	d.out.exit = max(d.out.exit, o.exit)
	d.out.problems = append(d.out.problems, o.problems...)
	return d.g.tell(func(p *page) {
		p.linef("%s: %s", p.Bold(title), d.g.invocation()+" run -f "+shellWord(d.folder.config()))
		o.show(p)
		p.linef("%s\n", o.summary)
	})
}

// outcome ends the demo.
func (d *demo) outcome(took time.Duration) (*outcome, error) {
	export, err := d.sim.export()
	if err != nil {
		return nil, err
	}
	key, err := eventfulKey(d.folder.export(), d.sim.written, "account")
	if err != nil {
		return nil, err
	}
	hints := d.folder.hints(d.g.invocation(), key)
	d.out.result = DemoResult{Path: string(d.folder), Config: d.folder.config(), Export: export, Runs: d.runs, Hints: hints}
	d.out.summary = fmt.Sprintf("%s is ready: export, tables and sluice.yaml, in %s", d.folder, text.Duration(took))
	d.out.show = func(p *page) { p.hints(hints) }
	return d.out, nil
}
