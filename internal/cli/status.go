package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/inspect"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

func newStatusCommand(g *globals) *cobra.Command {
	var opts requestOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say where the tables stand",
		Long: `Shows for each table how far it has got (the cursor is the last folder that it
holds), how fresh it is (the age of the newest folder that was looked through for
it), how many rows it has, and how many folders wait for it. The lines above the
tables are about the source: when the newest folder is old, it is the export that
does not move.

  UP_TO_DATE   holds every folder that can be read
  BEHIND       folders wait; sluice run applies them
  NOT_CREATED  no run has made the table yet
  UNREADABLE   the table or its source cannot be read; the reason is told, and of
               the table what the lake alone knows
  TABLE_GONE   the export describes the table no longer; its rows stay
  FOREIGN_TABLE
               another pipeline keeps the table, or something else made it
  FULL_REFRESH_REQUIRED
               folders went away from the export before they were read

LAST RUN is how the last run ended for the table, with the code of its failure or
of its first warning; sluice events tells more. NOTE names the ways in which
the table is known to differ from its source until a full refresh makes it whole:
FOLDER_GAP, it lacks changes of folders that went away unread, before the one
named; INITIAL_COPY_GONE, it lacks rows that did not change since that folder;
TABLE_COPIED_ANEW, it may have rows that were deleted before it was exported again
(sluice reconcile finds them). The table itself tells it, not the run history.`,
		Example: "sluice status\nsluice status --table account --json",
		Args:    exactly(),
		Annotations: notes(`0    shown, also when tables are behind
1    no table can be read, or is this pipeline's to write
2    the configuration is wrong, or names of pipelines or tables
3    storage cannot be used, or its credentials are wrong
4    some tables cannot be read, or need a full refresh
130  interrupted`, takesConfig, takesLog),
		RunE: g.action(func(ctx context.Context, _ []string) (*outcome, error) {
			return g.runStatus(ctx, opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runStatus(ctx context.Context, opts requestOptions) (*outcome, error) {
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	list, err := service.Status(ctx, opts.request())
	if err != nil {
		return nil, err
	}
	o := statusOutcome(list, g.now())
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

func statusOutcome(list []inspect.Status, now time.Time) *outcome {
	o := &outcome{
		result: map[string]any{"pipelines": list},
		code:   codeTables,
		show: func(p *page) {
			for i := range list {
				p.status(&list[i], now)
			}
		},
	}
	var failures []*report.Failure
	count := map[inspect.Standing]int{}
	done := 0
	for i := range list {
		s := &list[i]
		o.warnings = append(o.warnings, warningLines(s.Name, s.Events)...)
		if s.Error != nil {
			failures, o.code = append(failures, s.Error), s.Error.Code
			o.problems = append(o.problems, failureLines(s.Name, s.Error)...)
		}
		for j := range s.Tables {
			t := &s.Tables[j]
			count[t.State]++
			switch {
			case s.Error != nil: // which is told once for all of its tables
			case t.Error != nil:
				failures = append(failures, t.Error)
				o.problems = append(o.problems, failureLines(t.Table, t.Error)...)
			default:
				done++
			}
		}
	}
	o.exit = exitOfAll(done, failures)
	o.summary = standingsSentence(count)
	return o
}

// standingsSentence counts the tables of each standing.
func standingsSentence(count map[inspect.Standing]int) string {
	var parts []string
	all := 0
	for _, s := range []struct {
		state inspect.Standing
		what  string
	}{
		{inspect.UpToDate, "up to date"}, {inspect.Behind, "behind"},
		{inspect.NotCreated, "not created yet"}, {inspect.Unreadable, "unreadable"},
		{inspect.RefreshRequired, "to be refreshed in full"}, {inspect.Foreign, "kept by something else"},
		{inspect.Gone, "gone from the export"},
	} {
		if n := count[s.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.what))
			all += n
		}
	}
	summary := text.Plural(all, "table")
	if len(parts) > 0 {
		summary += ": " + strings.Join(parts, ", ")
	}
	return summary
}

func (p *page) status(s *inspect.Status, now time.Time) {
	var names []string
	for i := range s.Tables {
		names = append(names, s.Tables[i].Table)
	}
	prefix := commonPrefix(names)
	p.heading(s.Name, prefix)
	for _, source := range s.Source {
		if source.Newest == "" && len(s.Source) == 1 {
			source.Newest = newestCursor(s.Tables)
		}
		p.source(source, now)
	}
	heads := []string{"TABLE", ">SCD", "STATE", "CURSOR", "FRESH", ">VERSION", ">ROWS", ">FILES", ">SIZE", ">WAITING"}
	further := slices.DeleteFunc(p.furtherColumns(now), func(c statusColumn) bool { return !slices.ContainsFunc(s.Tables, c.has) })
	for _, c := range further {
		heads = append(heads, c.head)
	}
	table := text.NewTable(p.Style, heads...)
	for i := range s.Tables {
		t := &s.Tables[i]
		row := []string{strings.TrimPrefix(t.Table, prefix), scd(t.SCDType), p.state(string(t.State)), or(t.Cursor), p.fresh(t),
			version(t.Version), text.Count(t.Rows), fmt.Sprint(t.Files), text.Size(t.Bytes), waiting(t)}
		for _, c := range further {
			row = append(row, c.cell(t))
		}
		table.Row(row...)
	}
	p.linef("%s", table)
}

func (p *page) fresh(t *inspect.TableStatus) string {
	if t.AppliedAge == nil {
		return text.None
	}
	age := text.Ago(time.Duration(*t.AppliedAge) * time.Second)
	if t.Stale {
		return p.Wary(age + ", stale")
	}
	return age
}

// statusColumn is shown where a table has something to say in it.
type statusColumn struct {
	head string
	has  func(inspect.TableStatus) bool
	cell func(*inspect.TableStatus) string
}

func (p *page) furtherColumns(now time.Time) []statusColumn {
	return []statusColumn{
		{"LAST RUN", func(t inspect.TableStatus) bool { return t.LastRun != nil }, func(t *inspect.TableStatus) string { return p.lastRun(t.LastRun, now) }},
		{"RECONCILED", func(t inspect.TableStatus) bool { return t.Reconciled != nil }, func(t *inspect.TableStatus) string { return p.reconciled(t.Reconciled, now) }},
		{">SET ASIDE", func(t inspect.TableStatus) bool { return t.Quarantined > 0 }, func(t *inspect.TableStatus) string { return text.Count(t.Quarantined) }},
		{"NOTE", func(t inspect.TableStatus) bool { return len(t.Notes) > 0 }, p.notes},
	}
}

// lastRun is how the last run ended for a table, and when.
func (p *page) lastRun(r *inspect.LastRun, now time.Time) string {
	if r == nil {
		return text.None
	}
	ended := p.state(string(r.State))
	if r.Code != "" {
		ended += " " + r.Code
	}
	return ended + ", " + text.Ago(now.Sub(r.Ended))
}

// notes are the ways in which a table is known to differ from its source, each with
// its folder.
func (p *page) notes(t *inspect.TableStatus) string {
	var parts []string
	for _, n := range t.Notes {
		parts = append(parts, n.Code+" "+n.Folder)
	}
	if len(parts) == 0 {
		return text.None
	}
	return p.Wary(strings.Join(parts, ", "))
}

// newestCursor is the newest folder where none is newer than all tables: then
// the source's listing, which begins behind the tables, is empty.
func newestCursor(tables []inspect.TableStatus) string {
	newest := ""
	for i := range tables {
		newest = max(newest, tables[i].Cursor)
	}
	return newest
}

func waiting(t *inspect.TableStatus) string {
	if t.Waiting == 0 {
		return text.None
	}
	return fmt.Sprintf("%s, %s", text.Plural(t.Waiting, "folder"), text.Size(t.WaitingBytes))
}
