package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/spec"
)

func newConfigCommand(g *globals) *cobra.Command {
	return g.parent(&cobra.Command{
		Use:         "config",
		Short:       "Show the configuration as it takes effect, or its schema",
		Long:        `Shows the configuration as it takes effect, or the JSON Schema of the file.`,
		Annotations: notes("0  shown\n2  the configuration is wrong"),
	}, newConfigPrintCommand(g), newConfigSchemaCommand(g))
}

func newConfigPrintCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "print",
		Short: "Print the configuration as it takes effect",
		Long: `Prints the configuration as YAML as it takes effect: environment variables
replaced, folders absolute, defaults filled in, every table with the settings
that it ends up with. Secrets are not shown.`,
		Example:     "sluice config print\nsluice config print -f prod.yaml",
		Args:        exactly(),
		Annotations: notes("0  printed\n2  the configuration is wrong, or there is none", takesConfig),
		RunE: g.action(func(context.Context, []string) (*outcome, error) {
			return g.runConfigPrint()
		}),
	}
}

func (g *globals) runConfigPrint() (*outcome, error) {
	config, err := spec.Load(g.config, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	printed, err := spec.Print(config)
	if err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSON(printed)
	if err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return &outcome{
		summary: "configuration of " + g.config,
		result:  map[string]json.RawMessage{"configuration": asJSON},
		raw:     printed,
	}, nil
}

func newConfigSchemaCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration file",
		Long: `Prints the JSON Schema of sluice.yaml, by which editors complete and check it.
With the YAML extension of VS Code, this is the first line of the file:

  # yaml-language-server: $schema=sluice.schema.json`,
		Example:     "sluice config schema > sluice.schema.json",
		Args:        exactly(),
		Annotations: notes("0  printed"),
		RunE: g.action(func(context.Context, []string) (*outcome, error) {
			schema := spec.Schema()
			return &outcome{
				summary: "JSON Schema of the configuration file",
				result:  map[string]json.RawMessage{"schema": schema},
				raw:     schema,
			}, nil
		}),
	}
}
