package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/storage/local"
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
	f.StringSliceVar(&o.Tables, "tables", nil, "`tables` and their rows: account=1000,contact=5000 (default: all but bench and wide)")
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
		return nil, fmt.Errorf("%w: --resume adds folders to it", err)
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

// Export is what a simulated export holds.
type Export struct {
	Path string `json:"path"`
	// Folders that are closed, Open is the one being written.
	Folders int    `json:"folders"`
	Open    string `json:"open_folder"`
	// Written are the folders that this command added.
	Written []string        `json:"written"`
	Tables  []ExportedTable `json:"tables"`
	Rows    int64           `json:"rows"` // of all CSV files
	Bytes   int64           `json:"bytes"`
}

// ExportedTable counts the rows of one table.
type ExportedTable struct {
	Table    string `json:"table"`
	Rows     int64  `json:"rows"` // of its CSV files: versions, deletes and repeats
	Live     int64  `json:"live"`
	Versions int64  `json:"versions"`
	Deletes  int64  `json:"deletes"`
	Repeats  int64  `json:"repeats"`
}

// shares of the live rows that change from folder to folder.
type shares struct{ inserts, updates, deletes float64 }

// of is a part of so many rows: at least one where there is to be any.
func (shares) of(share float64, rows int64) int { return int(math.Ceil(share * float64(rows))) }

// simulation is an export being written.
type simulation struct {
	g     *globals
	dir   string
	store *local.Store
	sim   *exporter.Simulator

	written []string // folders, by this process
	// marked is what was there when mark was called.
	marked struct{ rows, bytes int64 }
}

// openSimulation writes the initial copy, or continues an export.
func (g *globals) openSimulation(ctx context.Context, dir string, o exporter.Options, resume bool) (*simulation, error) {
	// What is simulated can be written again, so nothing waits for the disk.
	store, err := local.New(dir, local.WithoutSync())
	if err != nil {
		return nil, err
	}
	s := &simulation{g: g, dir: dir, store: store}
	if resume {
		if s.sim, err = exporter.Resume(ctx, store, o); err != nil {
			return nil, err
		}
		return s, s.mark()
	}
	if s.sim, err = exporter.New(o); err != nil {
		return nil, err
	}
	return s, s.write(func() (string, error) {
		name := s.sim.OpenFolder()
		return name, s.sim.Initial(ctx, store)
	})
}

// steps adds folders.
func (s *simulation) steps(ctx context.Context, n int, r shares) error {
	for range n {
		changes := exporter.Changes{Tables: map[string]exporter.Mix{}}
		for _, table := range s.sim.Tables() {
			live := s.sim.Counts(table).Live
			changes.Tables[table] = exporter.Mix{
				Inserts: r.of(r.inserts, max(live, 1)), Updates: r.of(r.updates, live), Deletes: r.of(r.deletes, live),
			}
		}
		if err := s.write(func() (string, error) { return s.sim.Step(ctx, s.store, changes) }); err != nil {
			return err
		}
	}
	return nil
}

// write shows on a terminal how the folder that is written grows: files under
// way are there with their temporary names.
func (s *simulation) write(do func() (string, error)) error {
	open := filepath.Join(s.dir, s.sim.OpenFolder())
	stop := s.g.watch("writing "+open, func() int64 {
		n, err := folderSize(open)
		if err != nil {
			return 0 // files come and go meanwhile
		}
		return n
	})
	name, err := do()
	stop()
	if err == nil && name != "" {
		s.written = append(s.written, name)
	}
	return err
}

func (s *simulation) rows() int64 {
	var n int64
	for _, t := range s.sim.Tables() {
		n += s.sim.Counts(t).Rows
	}
	return n
}

// mark is where wrote begins to count.
func (s *simulation) mark() (err error) {
	s.marked.rows = s.rows()
	s.marked.bytes, err = folderSize(s.dir)
	return err
}

// wrote says how much was written since the mark, with what there is now.
func (s *simulation) wrote(e *Export, took time.Duration) string {
	bytes := e.Bytes - s.marked.bytes
	return fmt.Sprintf("%s rows, %s in %s (%s)", text.Count(s.rows()-s.marked.rows), text.Size(bytes),
		text.Duration(took), text.Rate(bytes, took))
}

// export describes what is there now.
func (s *simulation) export() (*Export, error) {
	e := &Export{Path: s.dir, Open: s.sim.OpenFolder(), Written: s.written, Tables: []ExportedTable{}, Rows: s.rows()}
	for _, name := range s.sim.Tables() {
		c := s.sim.Counts(name)
		e.Tables = append(e.Tables, ExportedTable{name, c.Rows, c.Live, c.Versions, c.Deletes, c.Repeats})
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if isFolderName(entry.Name()) && cmp.Less(entry.Name(), e.Open) {
			e.Folders++
		}
	}
	e.Bytes, err = folderSize(s.dir)
	return e, err
}

// isFolderName tells incremental folders from the rest of an export.
func isFolderName(name string) bool {
	_, err := time.Parse(folderForm, name)
	return err == nil
}

// folderSize sums the sizes of all files below a folder.
func folderSize(dir string) (int64, error) {
	var n int64
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
