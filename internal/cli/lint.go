package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/spec"
)

func newLintCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "lint",
		Short: "Check the configuration",
		Long: `Checks the configuration file and says what is wrong and what has no effect,
each with file, line and column. It looks at nothing but the file; 'sluice plan'
also looks at exports and tables.`,
		Example:     "sluice lint\nsluice lint -f prod.yaml --json",
		Args:        exactly(),
		Annotations: notes("0  no errors; there may be warnings\n2  errors, or there is no such file", takesConfig),
		RunE: g.action(func(context.Context, []string) (*outcome, error) {
			return g.runLint()
		}),
	}
}

func (g *globals) runLint() (*outcome, error) {
	findings := []spec.Finding{}
	config, err := spec.Load(g.config, os.LookupEnv)
	if problems, ok := errors.AsType[spec.Problems](err); ok {
		for _, p := range problems {
			findings = append(findings, spec.Finding{Level: spec.LevelError, Problem: p})
		}
	} else if err != nil {
		return nil, err
	} else {
		findings = append(findings, spec.Lint(config)...)
	}
	return lintOutcome(g.config, findings), nil
}

func lintOutcome(file string, findings []spec.Finding) *outcome {
	count := map[spec.Level]int{}
	for _, f := range findings {
		count[f.Level]++
	}
	o := &outcome{
		result:  map[string]any{"findings": findings},
		summary: file + ": no findings",
		show: func(p *page) {
			for _, f := range findings {
				p.linef("%s", showFinding(p, f))
			}
		},
	}
	var parts []string
	for _, level := range []spec.Level{spec.LevelError, spec.LevelWarning} {
		if n := count[level]; n > 0 {
			parts = append(parts, text.Plural(n, string(level)))
		}
	}
	if len(parts) > 0 {
		o.summary = fmt.Sprintf("%s: %s", file, strings.Join(parts, ", "))
	}
	if count[spec.LevelError] > 0 {
		o.exit = exitUsage
	}
	return o
}

// showFinding is "file:line:column: error: path: message; hint", as compilers
// write it and editors read it.
func showFinding(p *page, f spec.Finding) string {
	level := p.Wary(string(f.Level))
	if f.Level == spec.LevelError {
		level = p.Bad(string(f.Level))
	}
	rest := f.Problem
	rest.Position = spec.Position{}
	return fmt.Sprintf("%s: %s: %s", f.Position, level, rest.Error())
}
