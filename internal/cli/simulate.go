package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// simulateOptions are those of the command simulate.
type simulateOptions struct {
	Out                       string
	Tables                    []string
	Rows                      int64
	Folders                   int
	Inserts, Updates, Deletes float64
	Seed                      uint64
	Faults                    string
	Start                     string
	Interval                  time.Duration
	Resume                    bool

	changed func(flag string) bool
}

// AddFlags names the options on the command line.
func (o *simulateOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.Out, "out", "", "`folder` of the export")
	f.StringSliceVar(&o.Tables, "tables", nil, "`tables` and their rows: account=1000,contact=5000 (default: those of demo)")
	f.Int64Var(&o.Rows, "rows", 1000, "`number` of rows of each table for which --tables gives none")
	f.IntVar(&o.Folders, "folders", 2, "`number` of later folders, with changes")
	f.Float64Var(&o.Inserts, "inserts", 0.01, "`share` of a table's rows that each later folder adds, 0 to 1")
	f.Float64Var(&o.Updates, "updates", 0.02, "`share` that it changes")
	f.Float64Var(&o.Deletes, "deletes", 0.005, "`share` that it deletes")
	f.Uint64Var(&o.Seed, "seed", exporter.DefaultSeed, "`number` from which all content follows")
	f.StringVar(&o.Faults, "faults", "", "comma-separated `list` of faults, or all")
	f.StringVar(&o.Start, "start", exporter.DefaultStart.Format(time.RFC3339), "`time` of the first folder")
	f.DurationVar(&o.Interval, "interval", exporter.DefaultInterval, "`time` between folders")
	f.BoolVar(&o.Resume, "resume", false, "add folders to the export that is there")
	o.changed = f.Changed
}

func newSimulateCommand(g *globals) *cobra.Command {
	var opts simulateOptions
	var faults [][2]string
	for _, f := range exporter.Faults() {
		faults = append(faults, [2]string{string(f.Name), f.Description})
	}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Write an export as Synapse Link does",
		Long: `Writes an export of a Dataverse environment as Azure Synapse Link does: an
initial copy of all rows, then folders with inserts, updates and deletes. Equal
options give equal files. With --resume, folders are added to an export that
this command wrote.

Tables: ` + wrapped(exporter.TableNames(), 70, "        ") + `

Faults make the export as awkward as real ones are:
` + strings.TrimRight(text.Pairs("  ", faults...), "\n"),
		Example: `sluice simulate --out ./export
sluice simulate --out ./export --tables account=1000000 --folders 0
sluice simulate --out ./export --tables account=1000,contact=5000 --faults crlf-cells,late-manifest
sluice simulate --out ./export --resume --folders 5 --deletes 0.1`,
		Args: exactly(),
		Annotations: notes(`0    written
2    an option is wrong, there is an export already, or none to resume
3    the folder cannot be written
130  interrupted; --resume goes on`, takesProgress),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runSimulate(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

// wrapped joins words with commas in lines of that width.
func wrapped(words []string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, w := range words {
		if i < len(words)-1 {
			w += ","
		}
		switch {
		case column == 0:
		case column+1+len(w) > width:
			b.WriteString("\n" + indent)
			column = 0
		default:
			w = " " + w
		}
		b.WriteString(w)
		column += len(w)
	}
	return b.String()
}

// exportOptions are those of the simulator. To resume an export only what was
// given counts: the rest is that of the export.
func (o *simulateOptions) exportOptions() (exporter.Options, error) {
	var e exporter.Options
	given := func(flag string) bool { return !o.Resume || o.changed(flag) }
	if given("seed") {
		e.Seed = o.Seed
	}
	if given("interval") {
		e.Interval = o.Interval
	}
	var err error
	if given("start") {
		if e.Start, err = parseTime(o.Start); err != nil {
			return e, err
		}
	}
	if given("tables") {
		if e.Tables, err = o.tables(); err != nil {
			return e, err
		}
	}
	if e.Faults, err = exporter.ParseFaults(o.Faults); err != nil {
		return e, err
	}
	for _, share := range []float64{o.Inserts, o.Updates, o.Deletes} {
		if !(share >= 0 && share <= 1) {
			return e, usage(fmt.Sprintf("--inserts, --updates and --deletes are shares of 0 to 1, not %v", share))
		}
	}
	if o.Folders < 0 || o.Rows < 0 {
		return e, usage("--folders and --rows are 0 or more")
	}
	return e, nil
}

// timeForms are those of --start.
var timeForms = []string{time.RFC3339, folderForm, time.DateTime, time.DateOnly}

func parseTime(s string) (time.Time, error) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage(fmt.Sprintf("--start %q is not a time: write 2024-01-15T08:00:00Z or 2024-01-15", s))
}

// tables reads account=1000,contact.
func (o *simulateOptions) tables() ([]exporter.TableOption, error) {
	names := o.Tables
	if len(names) == 0 {
		for _, t := range demoTables {
			names = append(names, t.name)
		}
	}
	var list []exporter.TableOption
	for _, item := range names {
		name, number, has := strings.Cut(item, "=")
		t := exporter.TableOption{Name: strings.TrimSpace(name), Rows: o.Rows}
		if has {
			n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(number), "_", ""), 10, 64)
			if err != nil {
				return nil, usage(fmt.Sprintf("--tables: %q is not a number of rows, in %q", number, item))
			}
			t.Rows = n
		}
		list = append(list, t)
	}
	return list, nil
}

func (g *globals) runSimulate(ctx context.Context, opts simulateOptions) (*outcome, error) {
	if opts.Out == "" {
		return nil, usage("simulate needs --out, the folder to write to", "see 'sluice simulate --help'")
	}
	options, err := opts.exportOptions()
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	began := g.now()
	s, err := g.openSimulation(ctx, opts.Out, options, opts.Resume)
	if errors.Is(err, exporter.ErrExists) {
		return nil, usage(err.Error(), "--resume adds folders to it")
	}
	if errors.Is(err, exporter.ErrNoExport) {
		return nil, usage(err.Error(), "without --resume a new one is begun")
	}
	if err != nil {
		return nil, err
	}
	if err := s.steps(ctx, opts.Folders, shares{opts.Inserts, opts.Updates, opts.Deletes}); err != nil {
		return nil, err
	}
	return simulateOutcome(s, g.now().Sub(began))
}

func simulateOutcome(s *simulation, took time.Duration) (*outcome, error) {
	export, err := s.export()
	if err != nil {
		return nil, err
	}
	return &outcome{
		result:  export,
		summary: fmt.Sprintf("wrote %s to %s: %s", text.Plural(len(s.written), "folder"), s.dir, s.wrote(export, took)),
		show: func(p *page) {
			table := text.NewTable(p.Style, "TABLE", ">CSV ROWS", ">LIVE ROWS", ">VERSIONS", ">DELETES", ">REPEATED")
			for _, t := range export.Tables {
				table.Row(t.Table, text.Count(t.Rows), text.Count(t.Live), text.Count(t.Versions), text.Count(t.Deletes), text.Count(t.Repeats))
			}
			p.linef("%s", table)
			p.linef("%s in all, %s; %s is being written\n", text.Plural(export.Folders, "closed folder"), text.Size(export.Bytes), export.Open)
		},
	}, nil
}
