package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
)

// initOptions are those of the command init.
type initOptions struct {
	Export string
	Force  bool
}

// AddFlags names the options on the command line.
func (o *initOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Export, "export", "", "`folder` of an export on this machine")
	cmd.Flags().BoolVar(&o.Force, "force", false, "replace the file if there is one")
}

func newInitCommand(g *globals) *cobra.Command {
	var opts initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first configuration",
		Long: `Writes a configuration file with comments, to be edited: where the exports are,
where the tables go, which tables to keep in which way.`,
		Example:     "sluice init\nsluice init --export ./export\nsluice init -f prod.yaml --force",
		Args:        exactly(),
		Annotations: notes("0  written\n2  there is a file already\n3  the file cannot be written", takesConfig),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runInit(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runInit(ctx context.Context, opts initOptions) (*outcome, error) {
	content := spec.Example()
	var warnings []string
	if opts.Export != "" {
		var err error
		if content, warnings, err = g.exampleFor(ctx, opts.Export); err != nil {
			return nil, err
		}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if opts.Force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	if err := writeFile(g.config, content, flags); errors.Is(err, fs.ErrExist) {
		return nil, usage(fmt.Sprintf("write %s: it is there already; --force replaces it, --config names another file", g.config))
	} else if err != nil {
		return nil, fmt.Errorf("write a first configuration: %w", err)
	}
	return &outcome{
		summary:  fmt.Sprintf("wrote %s; edit it, then see 'sluice lint' and 'sluice plan'", g.config),
		result:   map[string]string{"path": g.config},
		warnings: warnings,
	}, nil
}

// Lines of the example that an export decides.
const (
	exampleURL     = "      url: ./export\n"
	exampleTable   = "              source_table: account\n"
	exampleExclude = "                exclude_columns: [entityimage_url]\n"
)

// exampleFor is the example for an export: with its folder, and with a table
// that it has. Columns to leave out are for the user to name.
func (g *globals) exampleFor(ctx context.Context, export string) (content []byte, warnings []string, err error) {
	from, err := relativeTo(g.config, export)
	if err != nil {
		return nil, nil, err
	}
	content = bytes.Replace(spec.Example(), []byte(exampleURL), fmt.Appendf(nil, "      url: %q\n", from), 1)
	tables, problem := g.tablesOf(ctx, content)
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case problem != nil:
		return content, []string{problem.Error()}, nil //nolint:nilerr // the export may come later: what is written is right all the same
	case len(tables) > 0:
		table := tables[0]
		if slices.Contains(tables, "account") {
			table = "account"
		}
		content = bytes.Replace(content, []byte(exampleTable), fmt.Appendf(nil, "              source_table: %q\n", table), 1)
	}
	off := strings.Replace(exampleExclude, "exclude", "# exclude", 1)
	return bytes.Replace(content, []byte(exampleExclude), []byte(off), 1), nil, nil
}

// tablesOf lists the tables that the configuration's exports have and that can
// be kept in step.
func (g *globals) tablesOf(ctx context.Context, content []byte) ([]string, error) {
	config, err := spec.Parse(g.config, content, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(g.config))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", g.config, err)
	}
	config.SetDir(dir)
	resolved, err := config.Resolve()
	if err != nil {
		return nil, err
	}
	found, err := control.New(resolved, work.Options{Clock: g.now}).Discover(ctx)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, d := range found {
		for _, e := range d.Environments {
			for _, t := range e.Tables {
				if t.Problem == "" {
					tables = append(tables, t.SourceTable)
				}
			}
		}
	}
	return tables, nil
}

// relativeTo is the folder as the configuration file names it: relative where
// it was given so.
func relativeTo(config, folder string) (string, error) {
	if filepath.IsAbs(folder) {
		return filepath.ToSlash(folder), nil
	}
	from, err := filepath.Abs(filepath.Dir(config))
	if err != nil {
		return "", fmt.Errorf("find the folder of %s: %w", config, err)
	}
	to, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", folder, err)
	}
	if relative, err := filepath.Rel(from, to); err == nil {
		return "./" + filepath.ToSlash(relative), nil
	}
	return filepath.ToSlash(to), nil // on another drive
}

// writeFile is os.WriteFile with flags.
func writeFile(name string, content []byte, flags int) error {
	f, err := os.OpenFile(name, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
