package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// quarantineListOptions are those of the command quarantine list.
type quarantineListOptions struct {
	requestOptions

	Limit int
}

// AddFlags names the options on the command line.
func (o *quarantineListOptions) AddFlags(cmd *cobra.Command) {
	o.requestOptions.AddFlags(cmd)
	cmd.Flags().IntVar(&o.Limit, "limit", 50, "show at most this `number` of rows of each table; 0 shows all")
}

func newQuarantineListCommand(g *globals) *cobra.Command {
	var opts quarantineListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rows that were set aside",
		Long: `Lists the rows of each table that were set aside: their numbers, where they stand
in the export, and what is wrong with them. A number holds until rows come or go.
Rows whose folders are gone are listed as any other.`,
		Example: "sluice quarantine list\nsluice quarantine list --table account --limit 0 --json",
		Args:    exactly(),
		Annotations: notes(`0    listed, also where there is none
1    a quarantine cannot be read
2    the configuration is wrong, or names of pipelines or tables
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runQuarantineList(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runQuarantineList(ctx context.Context, opts quarantineListOptions) (*outcome, error) {
	if opts.Limit < 0 {
		return nil, usage(fmt.Sprintf("--limit %d: use 0 for all, or a number of rows", opts.Limit))
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	list, err := service.Quarantine(ctx, opts.request(), opts.Limit)
	if err != nil {
		return nil, err
	}
	o := &outcome{result: map[string]any{"tables": list}, warnings: warnings, summary: "no rows are set aside"}
	if rows := quarantinedRows(list); rows > 0 {
		o.summary = setAsideSentence(rows)
		o.show = func(p *page) {
			for i := range list {
				p.quarantined(&list[i])
			}
		}
	}
	return o, nil
}

func quarantinedRows(list []inspect.Quarantined) int64 {
	rows := int64(0)
	for i := range list {
		rows += list[i].Count
	}
	return rows
}

func setAsideSentence(rows int64) string {
	if rows == 1 {
		return "1 row is set aside; sluice quarantine show prints it whole, retry reads it again"
	}
	return text.Plural(int(rows), "row") + " are set aside; sluice quarantine show prints them whole, retry reads them again"
}

func (p *page) quarantined(q *inspect.Quarantined) {
	shown := ""
	if int64(len(q.Rows)) < q.Count {
		shown = fmt.Sprintf(", the first %d", len(q.Rows))
	}
	p.linef("%s  %s%s", p.Bold(q.Table), text.Plural(int(q.Count), "row"), shown)
	table := text.NewTable(p.Style, ">N", "FOLDER", "FILE:LINE", "COLUMN", "CODE", "SET ASIDE", "REASON")
	for i := range q.Rows {
		r := &q.Rows[i]
		table.Row(fmt.Sprint(r.N), r.Folder, fmt.Sprintf("%s:%d", r.File, r.Line), quarantinedColumn(r), r.Code,
			r.Time.UTC().Format(time.DateTime)+"Z", r.Reason)
	}
	p.linef("%s", table)
}
