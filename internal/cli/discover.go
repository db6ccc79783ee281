package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// discoverOptions are those of the command discover.
type discoverOptions struct{ Columns bool }

// AddFlags names the options on the command line.
func (o *discoverOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.Columns, "columns", false, "list the columns with their types")
}

func newDiscoverCommand(g *globals) *cobra.Command {
	var opts discoverOptions
	cmd := &cobra.Command{
		Use:   "discover [TABLE]...",
		Short: "List what the exports hold",
		Long: `Lists the tables of every environment that the configured connections have, or
of those named: columns, folders, files, size and rows, and whether the service
has finished the initial copy. Rows are counted where that is cheap, and include
changes and deletes. A table with a problem cannot be ingested; it says why.`,
		Example: "sluice discover\nsluice discover --columns account contact",
		Annotations: notes(`0    listed, also where tables have problems
1    no environment can be understood
2    the configuration is wrong, or no environment has such a table
3    storage cannot be used, or its credentials are wrong
4    some environments cannot be read
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runDiscover(ctx, args, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runDiscover(ctx context.Context, tables []string, opts discoverOptions) (*outcome, error) {
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	found, err := service.Discover(ctx)
	if err != nil {
		return nil, err
	}
	if err := narrow(found, tables); err != nil {
		return nil, err
	}
	o := discoverOutcome(found, opts.Columns, g.now())
	o.warnings = warnings
	return o, nil
}

// narrow keeps only the tables that are named; each must be somewhere.
func narrow(found []control.Discovered, tables []string) error {
	if len(tables) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for i := range found {
		for j := range found[i].Environments {
			e := &found[i].Environments[j]
			e.Tables = slices.DeleteFunc(e.Tables, func(t inspect.Available) bool {
				at := slices.IndexFunc(tables, func(name string) bool { return strings.EqualFold(name, t.SourceTable) })
				if at >= 0 {
					seen[tables[at]] = true
				}
				return at < 0
			})
		}
	}
	var lines []string
	for _, name := range tables {
		if !seen[name] {
			lines = append(lines, fmt.Sprintf("no environment has a table %q", name))
		}
	}
	if len(lines) > 0 {
		return usage(append(lines, "'sluice discover' lists all")...)
	}
	return nil
}

func discoverOutcome(found []control.Discovered, columns bool, now time.Time) *outcome {
	o := &outcome{
		result: map[string]any{"connections": found},
		code:   "ENVIRONMENTS_FAILED",
		show: func(p *page) {
			for i := range found {
				for j := range found[i].Environments {
					p.environment(found[i].Connection, &found[i].Environments[j], columns, now)
				}
			}
		},
	}
	var failures []*report.Failure
	environments, tables, problems, bytes := 0, 0, 0, int64(0)
	for i := range found {
		for j := range found[i].Environments {
			e := &found[i].Environments[j]
			environments++
			if e.Error != nil {
				failures = append(failures, e.Error)
				o.problems = append(o.problems, failureLines(e.URL, e.Error)...)
			}
			for k := range e.Tables {
				tables++
				bytes += e.Tables[k].Bytes
				if e.Tables[k].Problem != "" {
					problems++
				}
			}
		}
	}
	o.exit = exitOfAll(environments-len(failures), failures)
	o.summary = fmt.Sprintf("%s in %s, %s", text.Plural(tables, "table"), text.Plural(environments, "environment"), text.Size(bytes))
	if problems > 0 {
		o.summary += fmt.Sprintf("; %d cannot be ingested", problems)
	}
	return o
}

func (p *page) environment(connection string, e *inspect.Discovery, columns bool, now time.Time) {
	p.linef("%s", p.Bold(connection))
	p.source(e.Source, now)
	table := text.NewTable(p.Style, "TABLE", ">COLUMNS", ">FOLDERS", ">FILES", ">SIZE", ">ROWS", "INITIAL COPY")
	for i := range e.Tables {
		t := &e.Tables[i]
		rows := text.None
		if t.Rows != nil {
			rows = text.Count(*t.Rows)
		}
		table.Row(t.SourceTable, fmt.Sprint(len(t.Columns)), fmt.Sprint(t.Folders), fmt.Sprint(t.Files), text.Size(t.Bytes),
			rows, or(t.InitialSyncState))
	}
	p.Write([]byte(table.String()))
	for i := range e.Tables {
		if t := &e.Tables[i]; t.Problem != "" {
			p.linef("%s cannot be ingested: %s", p.Bad(t.SourceTable), t.Problem)
		}
	}
	p.linef("")
	if !columns {
		return
	}
	for i := range e.Tables {
		p.linef("%s", p.Bold(e.Tables[i].SourceTable))
		var pairs [][2]string
		for _, c := range e.Tables[i].Columns {
			pairs = append(pairs, [2]string{c.Name, c.Type})
		}
		p.linef("%s", text.Pairs("  ", pairs...))
	}
}
