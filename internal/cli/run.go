package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// runOptions are those of the command run.
type runOptions struct {
	requestOptions

	FullRefresh, Recheck     bool
	MetricsFile, LineageFile string
}

// AddFlags names the options on the command line.
func (o *runOptions) AddFlags(cmd *cobra.Command) {
	o.requestOptions.AddFlags(cmd)
	cmd.Flags().BoolVar(&o.FullRefresh, "full-refresh", false,
		"rebuild the tables from the folders that are left, in one commit each")
	cmd.Flags().BoolVar(&o.Recheck, "recheck", false,
		"look at every table, also where nothing is new and it was looked at within the hour")
	cmd.Flags().StringVar(&o.MetricsFile, "metrics-file", "", "write metrics for Prometheus' node_exporter to this `file`")
	cmd.Flags().StringVar(&o.LineageFile, "lineage-file", "", "append OpenLineage events to this `file`")
}

func newRunCommand(g *globals) *cobra.Command {
	var opts runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Bring the tables up to date",
		Long: `Reads the folders of the export that are new for each table and applies them,
one atomic commit for each. A table goes on where its own log says it stands, so
a run that was interrupted or failed is simply run again.

Every row read is counted as one of
  upserted     it is in the table, as current row or as a version
  deleted      it removed or closed a row
  superseded   it changed nothing: older, repeated, or a delete of an unknown key
  quarantined  it was set aside
and the four add up to the rows read.

A table that fails leaves the others alone; its cursor stays where it was.`,
		Example: `sluice run
sluice run --table account --table contact
sluice run --pipeline prod --full-refresh --table account
sluice run --memory 256MiB --json`,
		Args: exactly(),
		Annotations: notes(`0    every table is up to date
1    every table failed
2    the configuration is wrong, or names of pipelines or tables
3    storage cannot be used, or its credentials are wrong
4    some tables failed, or rows were quarantined
130  interrupted; run again to go on`, takesConfig, takesWork, takesProgress, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runRun(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runRun(ctx context.Context, opts runOptions) (*outcome, error) {
	progress, done := g.progress()
	service, warnings, err := g.service(progress)
	if err != nil {
		return nil, err
	}
	request := opts.request()
	request.FullRefresh, request.Recheck = opts.FullRefresh, opts.Recheck
	g.working(ctx)
	stop := service.Watch(ctx, control.Watch{MetricsFile: opts.MetricsFile, LineageFile: opts.LineageFile,
		Getenv: os.Getenv, Version: buildVersion().Version})
	began := g.now()
	results, err := service.Run(ctx, request)
	done()
	for _, problem := range stop(ctx) {
		warnings = append(warnings, problem.Error())
	}
	if err != nil {
		return nil, err
	}
	o := runOutcome(results, g.now().Sub(began))
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

// runOutcome shows the results of updates that took so long in all.
func runOutcome(results []report.Result, took time.Duration) *outcome {
	o := &outcome{
		result: map[string]any{"pipelines": results},
		code:   codeTables,
		show: func(p *page) {
			for i := range results {
				if len(results[i].Tables) > 0 {
					p.result(&results[i])
				}
			}
		},
	}
	t := totalOf(results)
	for i := range results {
		o.collect(&results[i])
	}
	o.exit = exitOfAll(t.done, t.failures)
	if o.exit == exitDone && t.rows.Quarantined > 0 {
		o.exit, o.code = exitPartly, codeQuarantined
		o.problems = append(o.problems, quarantinedText(t.rows.Quarantined))
	}
	o.summary = t.summary(took)
	return o
}

// collect takes over what goes to standard error.
func (o *outcome) collect(r *report.Result) {
	o.warnings = append(o.warnings, warningLines(r.Name, r.Events)...)
	if r.Error != nil {
		o.problems = append(o.problems, failureLines(r.Name, r.Error)...)
		o.code = r.Error.Code
	}
	for i := range r.Tables {
		t := &r.Tables[i]
		o.warnings = append(o.warnings, warningLines(t.Table, t.Events)...)
		if t.Error != nil {
			o.problems = append(o.problems, failureLines(t.Table, t.Error)...)
		}
	}
}

// total of a number of updates.
type total struct {
	rows         report.Rows
	bytes        int64
	tables, done int // done: completed
	changed      int // tables that were brought up to date by a new version
	further      int // tables that have a new version and failed then
	waiting      int // tables that are not there yet
	held         bool
	// lookedAt is when tables were looked at that no update of now has looked at,
	// the earliest.
	lookedAt *time.Time
	failures []*report.Failure
}

func totalOf(results []report.Result) total {
	var t total
	for i := range results {
		r := &results[i]
		if r.Error != nil {
			t.failures = append(t.failures, r.Error)
		}
		for _, s := range r.Source {
			t.held = t.held || s.Held != ""
		}
		if r.LookedAt != nil && (t.lookedAt == nil || r.LookedAt.Before(*t.lookedAt)) {
			t.lookedAt = r.LookedAt
		}
		rows := r.Total()
		t.rows.Read += rows.Read
		t.rows.Upserted += rows.Upserted
		t.rows.Deleted += rows.Deleted
		t.rows.Superseded += rows.Superseded
		t.rows.Quarantined += rows.Quarantined
		for j := range r.Tables {
			t.addTable(&r.Tables[j])
		}
	}
	return t
}

func (t *total) addTable(r *report.TableResult) {
	t.tables++
	t.bytes += r.BytesRead
	if r.Error != nil {
		t.failures = append(t.failures, r.Error)
	} else {
		t.done++
	}
	switch {
	case r.Folders > 0 && r.Error != nil:
		t.further++
	case r.Folders > 0:
		t.changed++
	case r.Error == nil && r.Version < 0:
		t.waiting++
	}
}

// summary says it in one line.
func (t *total) summary(took time.Duration) string {
	var parts []string
	if n := len(t.failures); n > 0 && t.tables > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s failed", t.tables-t.done, text.Plural(t.tables, "table")))
	} else if n > 0 {
		parts = append(parts, "nothing was done")
	}
	if t.further > 0 {
		parts = append(parts, furtherTables(t.further))
	}
	if t.changed > 0 {
		parts = append(parts, text.Plural(t.changed, "table")+" brought up to date")
	}
	switch {
	case t.changed+t.further > 0:
		parts = append(parts, rowsSentence(t.rows))
		parts = append(parts, fmt.Sprintf("%s in %s (%s)", text.Size(t.bytes), text.Duration(took), text.Rate(t.bytes, took)))
	case len(t.failures) == 0 && t.tables == 0:
		parts = append(parts, "there are no tables: the export has none yet, or the configuration names none")
	case len(t.failures) == 0 && t.tables > t.waiting:
		parts = append(parts, fmt.Sprintf("nothing new: %s up to date", areTables(t.tables-t.waiting)))
	}
	if t.lookedAt != nil {
		parts = append(parts, "tables as they were looked at "+t.lookedAt.UTC().Format("15:04")+" UTC: looked at again within the hour, or now with --recheck")
	}
	if t.waiting > 0 {
		parts = append(parts, fmt.Sprintf("%s for a first folder that can be read", waitTables(t.waiting)))
	}
	if t.held {
		parts = append(parts, "folders that are not complete hold back what follows")
	}
	return strings.Join(parts, "; ")
}

func areTables(n int) string {
	if n == 1 {
		return "1 table is"
	}
	return text.Plural(n, "table") + " are"
}

func waitTables(n int) string {
	if n == 1 {
		return "1 table waits"
	}
	return text.Plural(n, "table") + " wait"
}

func furtherTables(n int) string {
	if n == 1 {
		return "1 table got further before it failed"
	}
	return text.Plural(n, "table") + " got further before they failed"
}

func quarantinedText(n int64) string {
	if n == 1 {
		return "1 row was quarantined"
	}
	return text.Plural(int(n), "row") + " were quarantined"
}

func rowsSentence(r report.Rows) string {
	return fmt.Sprintf("%s read = %s upserted + %s deleted + %s superseded + %s quarantined",
		text.Plural(int(r.Read), "row"), text.Count(r.Upserted), text.Count(r.Deleted), text.Count(r.Superseded), text.Count(r.Quarantined))
}

// result shows the tables of one update.
func (p *page) result(r *report.Result) {
	var names []string
	for i := range r.Tables {
		names = append(names, r.Tables[i].Table)
	}
	prefix := commonPrefix(names)
	p.heading(r.Name, prefix)
	table := text.NewTable(p.Style, "TABLE", ">SCD", "STATE", ">FOLDERS", ">READ", ">UPSERTED", ">DELETED",
		">SUPERSEDED", ">QUARANTINED", ">TIME", ">MB/S", ">VERSION", "CURSOR")
	for i := range r.Tables {
		t := &r.Tables[i]
		table.Row(strings.TrimPrefix(t.Table, prefix), scd(t.SCDType), p.state(string(t.State)), fmt.Sprint(t.Folders),
			text.Count(t.Rows.Read), text.Count(t.Rows.Upserted), text.Count(t.Rows.Deleted),
			text.Count(t.Rows.Superseded), text.Count(t.Rows.Quarantined),
			text.Duration(t.Duration), text.MegabytesPerSecond(t.BytesRead, t.Duration), version(t.Version), or(t.Cursor))
	}
	p.linef("%s", table)
}
