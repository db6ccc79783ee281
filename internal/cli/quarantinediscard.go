package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// discardOptions are those of the command quarantine discard.
type discardOptions struct {
	tableOptions

	Yes bool
}

// AddFlags names the options on the command line.
func (o *discardOptions) AddFlags(cmd *cobra.Command) {
	o.tableOptions.AddFlags(cmd)
	cmd.Flags().BoolVar(&o.Yes, "yes", false, "drop the rows; without it nothing is done")
}

func newQuarantineDiscardCommand(g *globals) *cobra.Command {
	var opts discardOptions
	cmd := &cobra.Command{
		Use:   "discard TABLE [ROW]",
		Short: "Drop rows that were set aside, for good",
		Long: `Drops rows of a table that were set aside: the one that ROW names by its number or
its place, FOLDER/FILE:LINE, or all of them. They are then neither in the table nor
anywhere else in the lake; how many there were stands in the table's history.`,
		Example: "sluice quarantine discard account 3 --yes\nsluice quarantine discard account --yes",
		Args:    tableAndRow,
		Annotations: notes(`0    dropped, or there was none
1    there is no such row, or the table cannot be written
2    the configuration is wrong, has no such table, or --yes is missing
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runQuarantineDiscard(ctx, args, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runQuarantineDiscard(ctx context.Context, args []string, opts discardOptions) (*outcome, error) {
	place, err := rowArgument(args)
	if err != nil {
		return nil, err
	}
	if !opts.Yes {
		what := "all rows of " + args[0] + " that were set aside"
		if !place.IsAll() {
			what = "row " + args[1] + " of " + args[0]
		}
		return nil, usage(fmt.Sprintf("quarantine discard drops %s for good: give --yes if that is wanted", what))
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	d, err := service.DiscardQuarantine(ctx, opts.table(args[0]), place)
	if err != nil {
		return nil, err
	}
	return &outcome{
		result: d, warnings: warnings,
		summary: fmt.Sprintf("%s of %s dropped, %s left set aside", text.Plural(int(d.Discarded), "row"), d.Table, text.Count(d.Left)),
	}, nil
}
