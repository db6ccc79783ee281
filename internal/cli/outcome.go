package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
)

// outcome is what a command did or found, for both forms of output.
type outcome struct {
	// summary in one line, without a full stop.
	summary string
	// result for programs.
	result any
	// show writes the result for people, all but the summary. Where it is nil
	// the summary is all.
	show func(*page)
	// raw is shown for people in place of show and summary.
	raw []byte
	// warnings and problems are lines for standard error.
	warnings, problems []string
	// code is the class of the problems, for programs.
	code string
	exit exitCode
}

// page is what show writes to.
type page struct {
	bytes.Buffer
	text.Style
}

func (p *page) linef(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// envelope is the document that --json prints.
type envelope struct {
	Command string   `json:"command"`
	OK      bool     `json:"ok"`
	Summary string   `json:"summary"`
	Result  any      `json:"result"`
	Error   *Problem `json:"error"`
}

// action makes a cobra function of one that gives an outcome.
func (g *globals) action(do func(ctx context.Context, args []string) (*outcome, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := g.check(cmd); err != nil {
			return err
		}
		o, err := do(cmd.Context(), args)
		if err != nil {
			return err
		}
		return g.finish(cmd, o)
	}
}

// finish shows an outcome.
func (g *globals) finish(cmd *cobra.Command, o *outcome) error {
	g.exit = o.exit
	if o.exit != exitDone && cmd.Context().Err() != nil {
		g.exit, o.code = exitInterrupted, codeInterrupted
	}
	for _, w := range o.warnings {
		g.complain("warning: " + w)
	}
	if g.json {
		e := envelope{Command: nameOf(cmd), OK: g.exit == exitDone, Summary: o.summary, Result: o.result}
		if len(o.problems) > 0 {
			e.Error = &Problem{o.code, strings.Join(o.problems, "\n")}
		}
		return g.document(e)
	}
	p := &page{Style: style(g.out)}
	switch {
	case o.raw != nil:
		p.Write(o.raw)
	case o.show != nil:
		o.show(p)
		fallthrough
	default:
		p.linef("%s", o.summary)
	}
	_, err := g.out.Write(p.Bytes())
	for _, line := range o.problems {
		g.complain(line)
	}
	return g.written(err)
}

// tell shows people a part of the output as soon as it is known.
func (g *globals) tell(show func(*page)) error {
	if g.json {
		return nil
	}
	p := &page{Style: style(g.out)}
	show(p)
	_, err := g.out.Write(p.Bytes())
	return g.written(err)
}

// fail shows an error that left nothing to show beside it.
func (g *globals) fail(ctx context.Context, cmd *cobra.Command, err error) exitCode {
	problem, code := classify(ctx, err)
	if g.program.wantsJSON() {
		summary, _, _ := strings.Cut(problem.Message, "\n")
		if err := g.document(envelope{Command: nameOf(cmd), Summary: summary, Error: &problem}); err == nil {
			return code
		}
	}
	for line := range strings.SplitSeq(problem.Message, "\n") {
		g.complain(line)
	}
	return code
}

func (g *globals) document(e envelope) error {
	enc := json.NewEncoder(g.out)
	enc.SetEscapeHTML(false)
	return g.written(enc.Encode(e))
}

func (g *globals) written(err error) error {
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// complain writes a line for people to standard error.
func (g *globals) complain(line string) {
	s := style(g.err)
	name := s.Faint("sluice:")
	switch rest, warns := strings.CutPrefix(line, "warning: "); {
	case warns:
		fmt.Fprintln(g.err, name, s.Wary("warning:"), rest)
	default:
		fmt.Fprintln(g.err, name, line)
	}
}

// nameOf is the command as it is typed after "sluice".
func nameOf(cmd *cobra.Command) string {
	if name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "); name != "" {
		return name
	}
	return cmd.Name()
}
