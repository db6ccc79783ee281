package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

func newQuarantineShowCommand(g *globals) *cobra.Command {
	var opts tableOptions
	cmd := &cobra.Command{
		Use:   "show TABLE [ROW]",
		Short: "Print rows that were set aside, whole",
		Long: `Prints rows of a table that were set aside, with their text as it was written.
ROW is a number or a place, FOLDER/FILE:LINE, as sluice quarantine list shows
them; without it all rows are printed, long ones to their first 500 characters.`,
		Example: "sluice quarantine show account\nsluice quarantine show account 3\nsluice quarantine show account 2024-09-11T16.29.10Z/2024.csv:17",
		Args:    tableAndRow,
		Annotations: notes(`0    shown, also where there is none
1    there is no such row, or the quarantine cannot be read
2    the configuration is wrong, has no such table, or ROW names no place
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runQuarantineShow(ctx, args, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runQuarantineShow(ctx context.Context, args []string, opts tableOptions) (*outcome, error) {
	place, err := rowArgument(args)
	if err != nil {
		return nil, err
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	q, err := service.QuarantinedRows(ctx, opts.table(args[0]), place)
	if err != nil {
		return nil, err
	}
	most := 0
	if place.IsAll() {
		most = longest
	}
	return &outcome{
		result: q, warnings: warnings,
		summary: fmt.Sprintf("%s has %s set aside", q.Table, text.Plural(int(q.Count), "row")),
		show: func(p *page) {
			for i := range q.Rows {
				p.quarantinedRow(&q.Rows[i], most)
			}
		},
	}, nil
}

// quarantinedRow shows a row and at most so many characters of its text, 0 for
// all.
func (p *page) quarantinedRow(r *inspect.QuarantinedRow, most int) {
	column := text.None
	if r.Column > 0 {
		column = strings.TrimSpace(fmt.Sprintf("%d %s", r.Column, r.ColumnName))
	}
	p.linef("%s  %s/%s:%d", p.Bold(fmt.Sprint(r.N)), r.Folder, r.File, r.Line)
	pairs := [][2]string{
		{"file", fmt.Sprintf("%s, byte %d", r.URL, r.Offset)}, {"Id", or(r.ID)}, {"column", column}, {"code", r.Code},
		{"reason", text.Printable(r.Reason, 0)}, {"set aside", r.Time.UTC().Format(time.DateTime) + "Z"},
		{"row", text.Printable(string(r.Text()), most)},
	}
	if r.Truncated {
		pairs = append(pairs, [2]string{"", p.Wary("only the beginning of the row was kept; it cannot be read again")})
	}
	p.linef("%s", text.Pairs("  ", pairs...))
}
