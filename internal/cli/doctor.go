package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/control"
)

func newDoctorCommand(g *globals) *cobra.Command {
	var opts checkOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong with exports, lake, tables and this machine",
		Long: `Does what sluice check does, and looks at what goes wrong in operation, too:

  clock            this machine's clock against that of the storage service, or
                   of the lake's file system
  conditional put  of two writers of one file, the second one is refused
  tables           for each: the log can be read, every data file is there with
                   its size, every deletion vector can be read
  index            the key indexes (.sluice/index) say what the tables hold; of
                   large tables a sample is compared, with --full every row
  memory           --memory against the container's limit, and GOMEMLIMIT
  disk             room for temporary files
  version          of this program

Looking at tables lists all their files. A run at the same time looks for keys
in the whole table while doctor has its index open.`,
		Example: "sluice doctor\nsluice doctor --full\nsluice doctor --memory 512MiB --json",
		Args:    exactly(),
		Annotations: notes(`0    every step passed, or warns
1    a step failed
2    the configuration is wrong, or a pipeline's name
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesLog, []string{"memory"}),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.look(ctx, opts, (*control.Service).Doctor)
		}),
	}
	opts.AddFlags(cmd)
	cmd.Flags().BoolVar(&opts.Full, "full", false, "compare key indexes with all rows, however many: reads the keys of all tables")
	return cmd
}
