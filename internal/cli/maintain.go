package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/upkeep"
)

// maintainOptions are those of the command maintain.
type maintainOptions struct {
	Pipelines []string
	Only      []string
	Limit     byteSize
	Retention time.Duration
	Force     bool
	DryRun    bool
}

// maintainParts are what --only may name.
var maintainParts = []string{"compact", "vacuum", "log"}

// AddFlags names the options on the command line.
func (o *maintainOptions) AddFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&o.Pipelines, "pipeline", nil, "only tables of this `pipeline`, by key or name; may be repeated")
	flags.StringArrayVar(&o.Only, "only", nil, "only this `part` of the work: compact, vacuum, log; may be repeated")
	flags.Var(&o.Limit, "limit", "rewrite at most about this `size` of data files in each table (default all that is due)")
	flags.DurationVar(&o.Retention, "retention", 0, "remove files that were taken out of the table this `time` ago; 0s is the table's, a week, or none with --force")
	flags.BoolVar(&o.Force, "force", false, "allow a --retention below the table's, down to 0s; programs that are reading lose files")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would be done")
}

func newMaintainCommand(g *globals) *cobra.Command {
	var opts maintainOptions
	cmd := &cobra.Command{
		Use:   "maintain [TABLE…]",
		Short: "Merge small files, remove what no reader needs",
		Long: `Looks after tables: all of the configuration, or those named, by source name or
catalog.schema.table. Runs do the same by themselves, within limits; this does
all that is due, and is never needed for right results.

  compact  merges small files, and writes files anew of which more than a fifth
           of the rows are dead. Readers see the same rows
  vacuum   removes data files that were taken out of the table longer than the
           retention ago, and what killed runs left behind
  log      writes a checkpoint where the last is far behind, and removes commits
           that are older than delta.logRetentionDuration (30 days)

Runs may go on meanwhile: what one of them changes is left to the next time, and
a table that is being loaded is not merged.`,
		Example: "sluice maintain --dry-run\nsluice maintain account contact\nsluice maintain account --only vacuum --retention 0s --force",
		Args:    cobra.ArbitraryArgs,
		Annotations: notes(`0    done
1    every table failed
2    the configuration is wrong, has no such table, or the retention is refused
3    storage cannot be used, or its credentials are wrong
4    some tables failed, or were left to another time
130  interrupted`, takesConfig, takesWork, takesProgress, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runMaintain(ctx, args, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

// request is what the options ask for.
func (o *maintainOptions) request(tables []string) (upkeep.Request, error) {
	q := upkeep.Request{Tables: tables, Bytes: int64(o.Limit), Retention: o.Retention, Force: o.Force, DryRun: o.DryRun}
	for _, part := range o.Only {
		if !slices.Contains(maintainParts, part) {
			return q, usage(fmt.Sprintf("--only: %q is none of %s", part, strings.Join(maintainParts, ", ")))
		}
	}
	wants := func(part string) bool { return len(o.Only) == 0 || slices.Contains(o.Only, part) }
	q.Compact, q.Vacuum, q.Log = wants("compact"), wants("vacuum"), wants("log")
	switch {
	case o.Retention < 0:
		return q, usage("--retention: write 0s or more")
	case o.Force && !q.Vacuum:
		return q, usage("--force belongs to vacuum, which --only leaves out")
	}
	return q, nil
}

func (g *globals) runMaintain(ctx context.Context, tables []string, opts maintainOptions) (*outcome, error) {
	request, err := opts.request(tables)
	if err != nil {
		return nil, err
	}
	progress, done := g.progress()
	service, warnings, err := g.service(progress)
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	list, err := service.Maintain(ctx, opts.Pipelines, request)
	done()
	if err != nil {
		return nil, err
	}
	o := maintainOutcome(list, opts.DryRun)
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

func maintainOutcome(list []upkeep.Maintained, dry bool) *outcome {
	o := &outcome{
		result: map[string]any{"dry_run": dry, "tables": list},
		code:   codeTables,
		show:   func(p *page) { p.maintained(list, dry) },
	}
	var failures []*report.Failure
	var total maintainTotal
	for i := range list {
		m := &list[i]
		o.warnings = append(o.warnings, warningLines(m.Table, m.Events)...)
		if m.Postponed != "" {
			o.warnings = append(o.warnings, fmt.Sprintf("%s: %s; %s due to be merged", m.Table, m.Postponed, areDue(m.Due)))
		}
		if m.Error != nil {
			failures = append(failures, m.Error)
			o.problems = append(o.problems, failureLines(m.Table, m.Error)...)
			continue
		}
		total.add(m, dry)
	}
	o.exit = exitOfAll(total.tables, failures)
	if o.exit == exitDone && total.postponed {
		o.exit = exitPartly
	}
	o.summary = total.summary(dry)
	return o
}

func isOrAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func areDue(files int) string {
	if files == 1 {
		return "1 file is"
	}
	return text.Count(int64(files)) + " files are"
}

// maintainTotal is what came of all tables.
type maintainTotal struct {
	tables        int
	merged, bytes int64
	removed, free int64
	strays        int64
	postponed     bool
}

func (t *maintainTotal) add(m *upkeep.Maintained, dry bool) {
	t.tables++
	t.merged += int64(m.Merged.Files)
	t.bytes += m.Merged.BytesRead
	if dry {
		t.merged += int64(m.Due)
		t.bytes += m.DueBytes
	}
	t.removed += m.Vacuumed.Files + m.Log.Files
	t.free += m.Vacuumed.Bytes + m.Log.Bytes
	t.strays += m.Strays
	t.postponed = t.postponed || m.Postponed != ""
}

func (t *maintainTotal) summary(dry bool) string {
	if t.tables == 0 {
		return "no table was looked after"
	}
	if t.merged+t.removed == 0 && t.strays > 0 {
		return fmt.Sprintf("%s: nothing to do yet; %s of no version %s removed once older than the retention",
			text.Plural(t.tables, "table"), text.Plural(int(t.strays), "file"), isOrAre(t.strays))
	}
	if t.merged+t.removed == 0 {
		return text.Plural(t.tables, "table") + ": nothing to do"
	}
	merged, removed := "merged", "removed"
	if dry {
		merged, removed = "to merge", "to remove"
	}
	return fmt.Sprintf("%s: %s files (%s) %s, %s files (%s) %s", text.Plural(t.tables, "table"),
		text.Count(t.merged), text.Size(t.bytes), merged, text.Count(t.removed), text.Size(t.free), removed)
}

func (p *page) maintained(list []upkeep.Maintained, dry bool) {
	table := text.NewTable(p.Style, "TABLE", ">FILES", ">SMALL", ">DEAD ROWS", ">MERGED", ">REMOVED", ">FREED", ">LOG", "NOTE")
	shown := 0
	for i := range list {
		m := &list[i]
		if m.Version < 0 && m.Error == nil {
			continue // not made yet
		}
		shown++
		merged := m.Merged.Files
		if dry {
			merged = m.Due
		}
		table.Row(m.Table, became(int64(m.Before.Files), int64(m.After.Files)), became(int64(m.Before.Small), int64(m.After.Small)),
			became(m.Before.Dead, m.After.Dead), text.Count(int64(merged)), text.Count(m.Vacuumed.Files),
			text.Size(m.Vacuumed.Bytes+m.Log.Bytes), text.Count(m.Log.Files), maintainNote(m))
	}
	if shown > 0 {
		p.linef("%s", table)
	}
}

// became shows a number that changed, or did not.
func became(before, after int64) string {
	if before == after {
		return text.Count(before)
	}
	return text.Count(before) + " → " + text.Count(after)
}

func maintainNote(m *upkeep.Maintained) string {
	switch {
	case m.Error != nil:
		return m.Error.Code
	case m.Postponed != "":
		return m.Postponed
	case m.Strays > 0:
		return fmt.Sprintf("%s of no version yet", text.Plural(int(m.Strays), "file"))
	}
	return ""
}

// byteSize is the value of a flag: any size.
type byteSize int64

func (b *byteSize) String() string {
	if *b == 0 {
		return ""
	}
	return text.FormatSize(int64(*b))
}

// Type is what cobra calls the value in a help text.
func (*byteSize) Type() string { return "size" }

// Set reads a size.
func (b *byteSize) Set(s string) error {
	n, err := text.ParseSize(s)
	*b = byteSize(n)
	return err
}
