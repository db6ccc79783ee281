package cli

import (
	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/quarantine"
)

func newQuarantineCommand(g *globals) *cobra.Command {
	return g.parent(&cobra.Command{
		Use:   "quarantine",
		Short: "Look at rows that could not be read, and try them again",
		Long: `With max_bad_rows, rows that cannot be read are set aside instead of failing
their table: its quarantine. They are kept as they were written, with place and
reason, and with what the table looked like there, so that they can be read again
when their folder is gone from the export.`,
		Annotations: notes("0  done\n1  failed\n2  the command or the configuration is wrong"),
	}, newQuarantineListCommand(g), newQuarantineShowCommand(g), newQuarantineRetryCommand(g), newQuarantineDiscardCommand(g))
}

// tableAndRow are the arguments TABLE and, if wanted, ROW.
func tableAndRow(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return exactly("TABLE")(cmd, args)
	}
	return exactly("TABLE", "ROW")(cmd, args)
}

// rowArgument is the place that the second argument names, all rows without one.
func rowArgument(args []string) (quarantine.Place, error) {
	if len(args) < 2 {
		return quarantine.Place{}, nil
	}
	return quarantine.ParsePlace(args[1])
}

// quarantinedColumn names the column that is the matter.
func quarantinedColumn(r *inspect.QuarantinedRow) string {
	if r.ColumnName == "" {
		return text.None
	}
	return r.ColumnName
}
