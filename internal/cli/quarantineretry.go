package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

func newQuarantineRetryCommand(g *globals) *cobra.Command {
	var opts requestOptions
	cmd := &cobra.Command{
		Use:   "retry [TABLE…]",
		Short: "Read the rows that were set aside again",
		Long: `Reads the rows that were set aside again, as the configuration now wants them: it
may leave out the column that was the matter, or this version may read what an
older one could not. Those that can be read are applied, in one commit to each
table, as if they had come in their folder; the others stay. Changes are ordered
for each key, so that nothing newer is overwritten. TABLE is a source name, or
catalog.schema.table; without one all tables are meant.`,
		Example: "sluice quarantine retry\nsluice quarantine retry account",
		Args:    cobra.ArbitraryArgs,
		Annotations: notes(`0    none is left, or there was none
1    every table failed
2    the configuration is wrong, or names of pipelines or tables
3    storage cannot be used, or its credentials are wrong
4    rows are left, or some tables failed
130  interrupted; run again to go on`, takesConfig, takesWork, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			opts.Tables = append(opts.Tables, args...)
			return g.runQuarantineRetry(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runQuarantineRetry(ctx context.Context, opts requestOptions) (*outcome, error) {
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	results, err := service.RetryQuarantine(ctx, opts.request())
	if err != nil {
		return nil, err
	}
	o := retryOutcome(results)
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

func retryOutcome(results []report.Result) *outcome {
	o := &outcome{result: map[string]any{"pipelines": results}, code: codeTables}
	t := totalOf(results)
	left := false
	for i := range results {
		o.collect(&results[i])
		for j := range results[i].Tables {
			left = left || results[i].Tables[j].State == report.CompletedWithWarnings
		}
	}
	o.exit = exitOfAll(t.done, t.failures)
	if o.exit == exitDone && left {
		o.exit, o.code = exitPartly, codeQuarantined
		o.problems = append(o.problems, "rows are left set aside")
	}
	o.summary = "no rows are set aside"
	if t.tables > 0 {
		o.summary = fmt.Sprintf("%s read again = %s applied + %s superseded + %s left", text.Plural(int(t.rows.Read), "row"),
			text.Count(t.rows.Upserted+t.rows.Deleted), text.Count(t.rows.Superseded), text.Count(t.rows.Quarantined))
		o.show = func(p *page) {
			for i := range results {
				if len(results[i].Tables) > 0 {
					p.retried(&results[i])
				}
			}
		}
	}
	return o
}

// retried shows what became of the rows of each table.
func (p *page) retried(r *report.Result) {
	var names []string
	for i := range r.Tables {
		names = append(names, r.Tables[i].Table)
	}
	prefix := commonPrefix(names)
	p.heading(r.Name, prefix)
	table := text.NewTable(p.Style, "TABLE", "STATE", ">READ", ">UPSERTED", ">DELETED", ">SUPERSEDED", ">LEFT", ">VERSION")
	for i := range r.Tables {
		t := &r.Tables[i]
		table.Row(strings.TrimPrefix(t.Table, prefix), p.state(string(t.State)), text.Count(t.Rows.Read), text.Count(t.Rows.Upserted),
			text.Count(t.Rows.Deleted), text.Count(t.Rows.Superseded), text.Count(t.Rows.Quarantined), version(t.Version))
	}
	p.linef("%s", table)
}
