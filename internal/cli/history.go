package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// historyOptions are those of the command history.
type historyOptions struct {
	tableOptions

	Limit int
}

// AddFlags names the options on the command line.
func (o *historyOptions) AddFlags(cmd *cobra.Command) {
	o.tableOptions.AddFlags(cmd)
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
	h, err := service.History(ctx, opts.table(table), opts.Limit)
	if err != nil {
		if h = notCreated(ctx, service, opts.table(table)); h == nil {
			return nil, err
		}
	}
	o := historyOutcome(h, opts.Limit)
	o.warnings = warnings
	return o, nil
}

// notCreated is the empty history of a table that no run has made yet, or nil.
// A folder without a log is an error to whoever asks for commits.
func notCreated(ctx context.Context, service *control.Service, table control.Table) *inspect.History {
	request := control.Request{Tables: []string{table.Name}}
	if table.Pipeline != "" {
		request.Pipelines = []string{table.Pipeline}
	}
	list, err := service.Status(ctx, request)
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
	heads := []string{">VERSION", "TIME", "OPERATION", ">READ", ">UPSERTED", ">DELETED", ">SUPERSEDED", "CURSOR", "BY"}
	noted := slices.ContainsFunc(h.Commits, func(c inspect.Commit) bool { return commitNote(&c) != "" })
	if noted {
		heads = append(heads, "NOTE")
	}
	table := text.NewTable(p.Style, heads...)
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
		cells := []string{version(c.Version), at, or(c.Operation), read, upserted, deleted, superseded, or(c.Cursor), or(c.By)}
		if noted {
			cells = append(cells, commitNote(c))
		}
		table.Row(cells...)
	}
	p.linef("%s", table)
}

// commitNote says what the other columns do not tell of a commit: rows that came
// to the quarantine or left it, and rows that vanished. Empty for most.
func commitNote(c *inspect.Commit) string {
	counted := func(key, what string) string {
		n, err := strconv.Atoi(c.Details[key])
		if err != nil {
			return what // by a version that did not count
		}
		return text.Plural(n, "row") + " " + what
	}
	switch {
	case c.Details["quarantine"] == "discard":
		return counted("discardedRows", "of the quarantine dropped")
	case c.Details["quarantine"] == "retry":
		return counted("appliedRows", "left the quarantine")
	case c.Details["reconciled"] != "":
		return c.Details["reconciled"]
	case c.Rows != nil && c.Rows.Quarantined > 0:
		return text.Plural(int(c.Rows.Quarantined), "row") + " set aside"
	}
	return ""
}
