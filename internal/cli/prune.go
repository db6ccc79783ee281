package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/control"
	"github.com/sluicedata/sluice/internal/pipeline/prune"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// pruneOptions are those of the command prune.
type pruneOptions struct {
	Pipelines []string
	OlderThan time.Duration
	Yes       bool
}

// AddFlags names the options on the command line.
func (o *pruneOptions) AddFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&o.Pipelines, "pipeline", nil, "only exports that this `pipeline` reads, by key or name; may be repeated")
	flags.DurationVar(&o.OlderThan, "older-than", prune.LeastAge, "only folders of at least this `age`, not below 24h")
	flags.BoolVar(&o.Yes, "yes", false, "remove them; without it they are only listed")
}

func newPruneCommand(g *globals) *cobra.Command {
	var opts pruneOptions
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove source folders that every table has",
		Long: `Lists the folders of the export that all tables of all pipelines of this
configuration hold, and what keeps the others that are old enough. Nothing is
removed without --yes.

A folder stays while a table has not got past it, was not made yet, cannot be
read, or skipped it because its model.json was not there. The folder at a
table's cursor always stays, and so do all that are younger than 24 hours.

What is removed is gone: a full refresh reads the folders that are left.
Programs and configurations other than this one are not asked what they need.

Removing needs the role Storage Blob Data Contributor on the container; nothing
else writes to the source. It ends at the first folder of which another program
holds a file (a lease): that folder stays whole, as do those after it, until the
next prune. In each folder model.json goes first: when a removal is interrupted
nothing reads the rest of the folder, and the next prune removes it.`,
		Example: "sluice prune\nsluice prune --older-than 720h --yes",
		Args:    exactly(),
		Annotations: notes(`0    listed or removed
1    a folder could not be removed
2    the configuration is wrong, or has no such pipeline
3    storage cannot be used, or may not be written to
4    another program holds a folder: it and those after it stay
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runPrune(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runPrune(ctx context.Context, opts pruneOptions) (*outcome, error) {
	if opts.OlderThan < prune.LeastAge {
		return nil, usage(fmt.Sprintf("--older-than: %s is too short; folders younger than 24h are never removed", opts.OlderThan))
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	list, err := service.Prune(ctx, control.PruneRequest{Pipelines: opts.Pipelines, OlderThan: opts.OlderThan, Delete: opts.Yes})
	if err != nil {
		return nil, err
	}
	o := pruneOutcome(list, opts)
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

func pruneOutcome(list []prune.Pruned, opts pruneOptions) *outcome {
	o := &outcome{
		result: map[string]any{"exports": list},
		show: func(p *page) {
			for i := range list {
				p.pruned(&list[i])
			}
		},
	}
	var bytes int64
	folders := 0
	var failures []*report.Failure
	for i := range list {
		e := &list[i]
		folders += e.Count
		bytes += e.Bytes
		o.warnings = append(o.warnings, warningLines(e.URL, e.Events)...)
		if len(e.Events) > 0 {
			o.exit = exitPartly
		}
		if e.Error != nil {
			failures = append(failures, e.Error)
			o.code = e.Error.Code
			o.problems = append(o.problems, failureLines(e.URL, e.Error)...)
		}
	}
	if len(failures) > 0 {
		o.exit = exitOfAll(folders, failures)
	}
	o.summary = pruneSummary(fmt.Sprintf("%s, %s", text.Plural(folders, "folder"), text.Size(bytes)), folders, opts.Yes)
	return o
}

func pruneSummary(what string, folders int, removed bool) string {
	switch {
	case removed:
		return what + " removed"
	case folders == 0:
		return "nothing to remove"
	}
	return what + " to remove; only pipelines of this configuration were asked, other readers of the export are not known. sluice prune --yes removes"
}

// shownFolders of an export are listed; --json lists all.
const shownFolders = 20

func (p *page) pruned(e *prune.Pruned) {
	p.linef("%s  %s", p.Bold(or(e.Environment)), p.Faint(fmt.Sprintf("%s, read by %s", e.URL, text.Plural(e.Tables, "table"))))
	if len(e.Folders) > 0 {
		table := text.NewTable(p.Style, "FOLDER", ">FILES", ">SIZE", "NOTE")
		for _, f := range e.Folders[:min(len(e.Folders), shownFolders)] {
			table.Row(f.Folder, text.Count(f.Files), text.Size(f.Bytes), pruneNote(f))
		}
		p.linef("%s", table)
		if n := len(e.Folders) - shownFolders; n > 0 {
			p.linef("%s\n", p.Faint(fmt.Sprintf("… and %s more, the last %s", text.Plural(n, "folder"), e.Folders[len(e.Folders)-1].Folder)))
		}
	}
	if len(e.Kept) == 0 {
		return
	}
	table := text.NewTable(p.Style, "KEPT", ">FOLDERS", ">SIZE", "BY", "BECAUSE")
	for _, k := range e.Kept {
		span := k.Oldest
		if k.Count > 1 {
			span += " to " + k.Newest
		}
		table.Row(span, text.Count(int64(k.Count)), text.Size(k.Bytes), or(k.Table), k.Reason)
	}
	p.linef("%s", table)
}

func pruneNote(f prune.Folder) string {
	switch {
	case f.Skipped != "":
		return f.Skipped
	case f.Remainder:
		return "the rest of a removal"
	}
	return ""
}
