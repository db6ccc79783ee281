package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// checkOptions are those of the commands check and doctor; Full is doctor's alone.
type checkOptions struct {
	Pipelines []string
	Full      bool
}

// AddFlags names the options on the command line.
func (o *checkOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.Pipelines, "pipeline", nil, "only what this `pipeline` needs, by key or name; may be repeated")
}

func newCheckCommand(g *globals) *cobra.Command {
	var opts checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Prove that exports can be read and the lake written",
		Long: `Goes through what a run needs, one step after the other, and stops each part at
the first step that fails, with the reason and what to do about it.

  network, token, container, namespace  the storage account, if there is one
  signature                             what a shared access signature allows
  list                                  the folder or container can be listed
  environment                           each source_schema is one folder
  changelog.info, model.json            the export is in the mode that is read
  freshness                             how long it has been at its folder
  schema                                the columns of every table
  write                                 the lake takes a file and removes it
  tables                                those that are there may be gone on with

It writes nothing but a file _sluice_check_… in the lake, and removes it. Where
that is refused it says so, and how to.
sluice doctor looks at tables, clocks and this machine as well.`,
		Example: "sluice check\nsluice check --pipeline prod --json",
		Args:    exactly(),
		Annotations: notes(`0    every step passed, or warns
1    a step failed
2    the configuration is wrong, or a pipeline's name
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.look(ctx, opts, (*control.Service).Check)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

// look asks for steps and shows them.
func (g *globals) look(ctx context.Context, opts checkOptions,
	ask func(*control.Service, context.Context, control.Request) ([]control.Looked, error)) (*outcome, error) {
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	defer service.Close()
	g.working(ctx)
	list, err := ask(service, ctx, control.Request{Pipelines: opts.Pipelines, Full: opts.Full})
	if err != nil {
		return nil, err
	}
	o := lookedOutcome(list)
	o.warnings = warnings
	return o, nil
}

func lookedOutcome(list []control.Looked) *outcome {
	o := &outcome{
		result: map[string]any{"checks": list},
		show: func(p *page) {
			for i := range list {
				p.looked(&list[i])
			}
		},
	}
	count := map[string]int{}
	steps := 0
	for i := range list {
		for j := range list[i].Steps {
			steps++
			s := &list[i].Steps[j]
			count[string(s.State)]++
			if s.State == control.StepFail {
				o.failedStep(list[i].Subject, s)
			}
		}
	}
	o.summary = fmt.Sprintf("%s: %d passed", text.Plural(steps, "step"), count[string(control.StepPass)])
	for _, part := range []struct{ state, what string }{
		{string(control.StepWarn), "with a warning"}, {string(control.StepFail), "failed"}, {string(control.StepSkip), "not looked at"},
	} {
		if n := count[part.state]; n > 0 {
			o.summary += fmt.Sprintf(", %d %s", n, part.what)
		}
	}
	return o
}

// failedStep adds a step to the problems; storage counts for more than the rest.
func (o *outcome) failedStep(subject string, s *control.Step) {
	line := subject + ": " + s.Name + ": " + s.Reason
	if s.Fix != "" {
		line += "; " + s.Fix
	}
	o.problems = append(o.problems, line)
	if o.code == "" {
		o.code = s.Code
	}
	switch {
	case s.Storage:
		o.exit = exitEnvironment
	case o.exit == exitDone:
		o.exit = exitFailed
	}
}

// looked shows the steps of one subject, each fix on a line of its own.
func (p *page) looked(l *control.Looked) {
	if len(l.Steps) == 0 {
		return
	}
	p.linef("%s", strings.TrimSpace(p.Bold(l.Subject)+"  "+l.Location))
	var pairs [][2]string
	for i := range l.Steps {
		s := &l.Steps[i]
		said := s.Reason
		if s.Fix != "" {
			said += "\n" + p.Faint("→ ") + s.Fix
		}
		pairs = append(pairs, [2]string{p.stepState(s) + "  " + s.Name, said})
	}
	p.linef("%s", text.Pairs("  ", pairs...))
}

func (p *page) stepState(s *control.Step) string {
	name := string(s.State)
	switch s.State {
	case control.StepPass:
		return p.Good(name)
	case control.StepWarn:
		return p.Wary(name)
	case control.StepFail:
		return p.Bad(name)
	default:
		return p.Faint(name)
	}
}
