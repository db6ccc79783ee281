package cli

import (
	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/control"
)

// requestOptions select pipelines and tables.
type requestOptions struct {
	Pipelines, Tables []string
}

// AddFlags names the options on the command line.
func (o *requestOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.Pipelines, "pipeline", nil, "only this `pipeline`, by key or name; may be repeated")
	cmd.Flags().StringArrayVar(&o.Tables, "table", nil, "only this `table`, by source name or catalog.schema.table; may be repeated")
}

// tableOptions say whose table is meant.
type tableOptions struct{ Pipeline string }

// AddFlags names the options on the command line.
func (o *tableOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Pipeline, "pipeline", "", "the `pipeline` that has the table, by key or name, where several have one of that name")
}

func (o *tableOptions) table(name string) control.Table {
	return control.Table{Pipeline: o.Pipeline, Name: name}
}

func (o *requestOptions) request() control.Request {
	return control.Request{Pipelines: o.Pipelines, Tables: o.Tables}
}
