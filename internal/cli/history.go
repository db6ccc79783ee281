package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// historyOptions are those of the command history.
type historyOptions struct{ Limit int }

// AddFlags names the options on the command line.
func (o *historyOptions) AddFlags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&o.Limit, "limit", 20, "show at most this `number` of commits, the newest; 0 shows all")
}

func newHistoryCommand(g *globals) *cobra.Command {
	var opts historyOptions
	cmd := &cobra.Command{
		Use:   "history TABLE",
		Short: "List the commits of a table",
		Long: `Lists the versions of a table, the newest first: when and by what program each
was written, what became of the rows, and to which folder it moved the cursor.
TABLE is a source name, or catalog.schema.table.`,
		Example: "sluice history account\nsluice history main.d365_prod.account --limit 5",
		Args:    exactly("TABLE"),
		Annotations: notes(`0    listed, also where there is no commit yet
1    the table's log cannot be understood
2    the configuration is wrong, or has no such table
3    storage cannot be used, or its credentials are wrong
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runHistory(ctx, args[0], opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runHistory(ctx context.Context, table string, opts historyOptions) (*outcome, error) {
	if opts.Limit < 0 {
		return nil, usage(fmt.Sprintf("--limit %d: use 0 for all, or a number of commits", opts.Limit))
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	h, err := service.History(ctx, table, opts.Limit)
	if err != nil {
		if h = notCreated(ctx, service, table); h == nil {
			return nil, err
		}
	}
	o := historyOutcome(h, opts.Limit)
	o.warnings = warnings
	return o, nil
}

// notCreated is the empty history of a table that no run has made yet, or nil.
// A folder without a log is an error to whoever asks for commits.
func notCreated(ctx context.Context, service *control.Service, table string) *inspect.History {
	list, err := service.Status(ctx, control.Request{Tables: []string{table}})
	if err != nil || len(list) != 1 || len(list[0].Tables) != 1 {
		return nil
	}
	t := &list[0].Tables[0]
	if t.State != inspect.NotCreated {
		return nil
	}
	return &inspect.History{Table: t.Table, Path: t.Path, Commits: []inspect.Commit{}}
}

func historyOutcome(h *inspect.History, limit int) *outcome {
	o := &outcome{
		result:  h,
		summary: text.Plural(len(h.Commits), "commit"),
		show:    func(p *page) { p.history(h) },
	}
	switch {
	case len(h.Commits) == 0:
		o.summary = fmt.Sprintf("%s has no commits yet: sluice run makes the table", h.Table)
		o.show = nil
	case len(h.Commits) == limit && h.Commits[limit-1].Version > 0:
		o.summary = fmt.Sprintf("the newest %d commits; --limit 0 shows all", limit)
	}
	return o
}

func (p *page) history(h *inspect.History) {
	p.linef("%s  %s", p.Bold(h.Table), p.Faint(h.Path))
	table := text.NewTable(p.Style, ">VERSION", "TIME", "OPERATION", ">READ", ">UPSERTED", ">DELETED", ">SUPERSEDED", "CURSOR", "BY")
	for i := range h.Commits {
		c := &h.Commits[i]
		at := text.None
		if c.Time != nil {
			at = c.Time.UTC().Format(time.DateTime) + "Z"
		}
		read, upserted, deleted, superseded := text.None, text.None, text.None, text.None
		if r := c.Rows; r != nil {
			read, upserted = text.Count(r.Read), text.Count(r.Upserted)
			deleted, superseded = text.Count(r.Deleted), text.Count(r.Superseded)
		}
		table.Row(version(c.Version), at, or(c.Operation), read, upserted, deleted, superseded, or(c.Cursor), or(c.By))
	}
	p.linef("%s", table)
}
