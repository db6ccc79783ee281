package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// planOptions are those of the command plan.
type planOptions struct {
	requestOptions

	FullRefresh bool
}

// AddFlags names the options on the command line.
func (o *planOptions) AddFlags(cmd *cobra.Command) {
	o.requestOptions.AddFlags(cmd)
	cmd.Flags().BoolVar(&o.FullRefresh, "full-refresh", false, "plan a run with --full-refresh")
}

func newPlanCommand(g *globals) *cobra.Command {
	var opts planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say what a run would do, without doing it",
		Long: `Looks at exports and tables and says for each table which folders a run would
read, which columns are new and how many commits it would write. It changes
nothing.`,
		Example: "sluice plan\nsluice plan --table account --full-refresh",
		Args:    exactly(),
		Annotations: notes(`0    a run could bring every table up to date
1    every table would fail
2    the configuration is wrong, or names of pipelines or tables
3    storage cannot be used, or its credentials are wrong
4    some tables would fail
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runPlan(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runPlan(ctx context.Context, opts planOptions) (*outcome, error) {
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	request := opts.request()
	request.FullRefresh = opts.FullRefresh
	g.working(ctx)
	plans, err := service.Plan(ctx, request)
	if err != nil {
		return nil, err
	}
	o := planOutcome(plans)
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

func planOutcome(plans []pipeline.Plan) *outcome {
	o := &outcome{
		result: map[string]any{"pipelines": plans},
		code:   codeTables,
		show: func(p *page) {
			for i := range plans {
				if len(plans[i].Tables) > 0 {
					p.plan(&plans[i])
				}
			}
		},
	}
	var failures []*report.Failure
	var done, waiting, commits, files int
	var bytes int64
	for i := range plans {
		plan := &plans[i]
		o.warnings = append(o.warnings, warningLines(plan.Name, plan.Events)...)
		if plan.Error != nil {
			failures, o.code = append(failures, plan.Error), plan.Error.Code
			o.problems = append(o.problems, failureLines(plan.Name, plan.Error)...)
		}
		for j := range plan.Tables {
			t := &plan.Tables[j]
			if t.Error != nil {
				failures = append(failures, t.Error)
				o.problems = append(o.problems, failureLines(t.Table, t.Error)...)
				continue
			}
			done++
			if t.Action != pipeline.ActionNothing {
				waiting++
			}
			commits += t.Commits
			files += t.Files
			bytes += t.Bytes
		}
	}
	o.exit = exitOfAll(done, failures)
	o.summary = fmt.Sprintf("a run would bring %s up to date: %s with %s to read, %s to write; nothing was changed",
		text.Plural(waiting, "table"), text.Plural(files, "file"), text.Size(bytes), text.Plural(commits, "commit"))
	switch {
	case len(failures) > 0 && done == 0:
		o.summary = "a run would fail; nothing was changed"
	case len(failures) > 0:
		o.summary = fmt.Sprintf("%s would fail; %s", text.Plural(len(failures), "table"), o.summary)
	case waiting == 0:
		o.summary = fmt.Sprintf("nothing new: %s up to date; nothing was changed", areTables(done))
	}
	return o
}

func (p *page) plan(plan *pipeline.Plan) {
	var names []string
	for i := range plan.Tables {
		names = append(names, plan.Tables[i].Table)
	}
	prefix := commonPrefix(names)
	p.heading(plan.Name, prefix)
	table := text.NewTable(p.Style, "TABLE", ">SCD", "ACTION", ">FOLDERS", "FROM", "TO", ">FILES", ">SIZE", ">COMMITS", "COLUMNS")
	for i := range plan.Tables {
		t := &plan.Tables[i]
		from, to := text.None, text.None
		if n := len(t.Folders); n > 0 {
			from, to = t.Folders[0], t.Folders[n-1]
		}
		table.Row(strings.TrimPrefix(t.Table, prefix), scd(t.SCDType), p.state(string(t.Action)), fmt.Sprint(len(t.Folders)),
			from, to, fmt.Sprint(t.Files), text.Size(t.Bytes), fmt.Sprint(t.Commits), columnChanges(t))
	}
	p.linef("%s", table)
}

// columnChanges says how the columns of a table would change: by name where
// they are few.
func columnChanges(t *pipeline.TablePlan) string {
	const few = 3
	var added []string
	for _, c := range t.Added {
		added = append(added, c.Name+" "+c.Type)
	}
	var parts []string
	for _, group := range []struct {
		what  string
		names []string
	}{{"new", added}, {"no longer there", t.Missing}} {
		switch n := len(group.names); {
		case n == 0:
		case n > few:
			parts = append(parts, fmt.Sprintf("%d %s", n, group.what))
		default:
			parts = append(parts, group.what+": "+strings.Join(group.names, ", "))
		}
	}
	return strings.Join(parts, "; ")
}
