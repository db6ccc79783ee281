package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// eventsOptions are those of the command events.
type eventsOptions struct {
	Pipeline, Table, Level, Code string
	Since                        time.Duration
	Limit                        int
	Runs                         bool
}

// AddFlags names the options on the command line.
func (o *eventsOptions) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Pipeline, "pipeline", "", "only this `pipeline`, by key or name")
	f.StringVar(&o.Table, "table", "", "only this `table`: table, schema.table or catalog.schema.table of the lake")
	f.StringVar(&o.Level, "level", "info", "least `level`: info, warn, error")
	f.StringVar(&o.Code, "code", "", "only this `code`")
	f.DurationVar(&o.Since, "since", 0, "only of this last `time`, such as 24h; 0 is all")
	f.IntVar(&o.Limit, "limit", 50, "show at most this `number`, the newest; 0 shows all")
	f.BoolVar(&o.Runs, "runs", false, "list the runs themselves")
}

func newEventsCommand(g *globals) *cobra.Command {
	var opts eventsOptions
	cmd := &cobra.Command{
		Use:   "events",
		Short: "List what was of note in earlier runs",
		Long: `Lists the events of earlier runs, the newest last: when, of what table, what
happened, and what to do. docs/events.md explains the codes. With --runs, lists
the runs: when each began, how it ended, and what it did.

Runs are kept for 90 days in the folder .sluice beside the configuration, or in
the one that state.url names. A run that was killed stays RUNNING.`,
		Example: "sluice events --since 24h --level warn\nsluice events --table account --code TYPE_CHANGED\nsluice events --runs --limit 10",
		Args:    exactly(),
		Annotations: notes(`0    listed, also where there are none
1    the history cannot be read
2    the configuration is wrong, or has no such pipeline
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runEvents(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

// request checks the options.
func (o *eventsOptions) request() (control.PastRequest, error) {
	q := control.PastRequest{Pipeline: o.Pipeline, Table: o.Table, Code: strings.ToUpper(o.Code), Since: o.Since, Limit: o.Limit,
		Level: report.Level(strings.ToUpper(o.Level))}
	var lines []string
	switch q.Level {
	case report.Info, report.Warn, report.Error:
	default:
		lines = append(lines, fmt.Sprintf("--level %s: use info, warn or error", o.Level))
	}
	if o.Limit < 0 {
		lines = append(lines, fmt.Sprintf("--limit %d: use 0 for all, or a number", o.Limit))
	}
	if o.Since < 0 {
		lines = append(lines, fmt.Sprintf("--since %s: use a time that is over, without a sign", o.Since))
	}
	if o.Runs && (o.Table != "" || o.Code != "" || q.Level != report.Info) {
		lines = append(lines, "--runs: --table, --code and --level choose events, not runs")
	}
	if len(lines) > 0 {
		return q, usage(lines...)
	}
	return q, nil
}

func (g *globals) runEvents(ctx context.Context, opts eventsOptions) (*outcome, error) {
	request, err := opts.request()
	if err != nil {
		return nil, err
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	var o *outcome
	if opts.Runs {
		runs, err := service.Runs(ctx, request)
		if err != nil {
			return nil, err
		}
		o = runsOutcome(runs, opts.Limit)
	} else {
		events, err := service.Events(ctx, request)
		if err != nil {
			return nil, err
		}
		o = eventsOutcome(events, opts.Limit)
	}
	o.warnings = warnings
	return o, nil
}

func eventsOutcome(events []control.PastEvent, limit int) *outcome {
	o := &outcome{result: map[string]any{"events": events}, summary: counted(len(events), limit, "event")}
	if len(events) > 0 {
		o.show = func(p *page) {
			for i := range events {
				p.event(&events[i])
			}
			p.linef("")
		}
	}
	return o
}

func runsOutcome(runs []control.PastRun, limit int) *outcome {
	o := &outcome{result: map[string]any{"runs": runs}, summary: counted(len(runs), limit, "run")}
	if len(runs) > 0 {
		o.show = func(p *page) { p.runs(runs) }
	}
	return o
}

// counted says how many there are, and whether there may be more.
func counted(n, limit int, what string) string {
	switch {
	case n == 0:
		return "no " + what + "s that fit; every sluice run keeps what is of note"
	case n == limit:
		return fmt.Sprintf("the newest %s; --limit 0 shows all", text.Plural(n, what))
	}
	return text.Plural(n, what)
}

// event shows one, with what to do below it.
func (p *page) event(e *control.PastEvent) {
	about := e.Pipeline
	if e.Table != "" {
		about += "  " + e.Table
	}
	p.linef("%s  %s  %s  %s", e.Time.UTC().Format(time.DateTime)+"Z", p.level(e.Level), p.Bold(e.Code), about)
	p.linef("  %s", strings.ReplaceAll(e.Text, "\n", "\n  "))
	if e.Fix != "" && !strings.HasSuffix(e.Text, e.Fix) {
		p.linef("  %s", p.Faint("→ "+e.Fix))
	}
}

// level colours the name of a level.
func (p *page) level(l report.Level) string {
	padded := fmt.Sprintf("%-5s", l)
	switch l {
	case report.Error:
		return p.Bad(padded)
	case report.Warn:
		return p.Wary(padded)
	case report.Info:
	}
	return padded
}

func (p *page) runs(runs []control.PastRun) {
	table := text.NewTable(p.Style, "BEGAN", "PIPELINE", "STATE", ">TABLES", ">FAILED", ">READ", ">UPSERTED", ">DELETED", ">QUARANTINED", ">SIZE", ">TIME", "UPDATE")
	for i := range runs {
		r := &runs[i]
		took := text.None
		if r.Ended != nil {
			took = text.Duration(r.Ended.Sub(r.Began))
		}
		table.Row(r.Began.UTC().Format(time.DateTime)+"Z", r.Pipeline, p.state(r.State), fmt.Sprint(r.Tables), fmt.Sprint(r.Failed),
			text.Count(r.Rows.Read), text.Count(r.Rows.Upserted), text.Count(r.Rows.Deleted), text.Count(r.Rows.Quarantined),
			text.Size(r.BytesRead), took, r.UpdateID)
	}
	p.linef("%s", table)
}
