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
  UNREADABLE   the table or its source cannot be read; the reason is told
  FULL_REFRESH_REQUIRED
               folders went away from the export before they were read`,
		Example: "sluice status\nsluice status --table account --json",
		Args:    exactly(),
		Annotations: notes(`0    shown, also when tables are behind
1    no table can be read
2    the configuration is wrong, or names of pipelines or tables
3    storage cannot be used, or its credentials are wrong
4    some tables cannot be read
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
			continue
		}
		for j := range s.Tables {
			t := &s.Tables[j]
			count[t.State]++
			if t.Error != nil {
				failures = append(failures, t.Error)
				o.problems = append(o.problems, failureLines(t.Table, t.Error)...)
			} else {
				done++
			}
		}
	}
	o.exit = exitOfAll(done, failures)
	var parts []string
	for _, s := range []struct {
		state inspect.Standing
		what  string
	}{
		{inspect.UpToDate, "up to date"}, {inspect.Behind, "behind"},
		{inspect.NotCreated, "not created yet"}, {inspect.Unreadable, "unreadable"},
		{inspect.RefreshRequired, "to be refreshed in full"},
	} {
		if n := count[s.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.what))
		}
	}
	o.summary = text.Plural(done+count[inspect.Unreadable]+count[inspect.RefreshRequired], "table")
	if len(parts) > 0 {
		o.summary += ": " + strings.Join(parts, ", ")
	}
	return o
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
	compared := slices.ContainsFunc(s.Tables, func(t inspect.TableStatus) bool { return t.Reconciled != nil })
	if compared {
		heads = append(heads, "RECONCILED")
	}
	aside := slices.ContainsFunc(s.Tables, func(t inspect.TableStatus) bool { return t.Quarantined > 0 })
	if aside {
		heads = append(heads, ">SET ASIDE")
	}
	table := text.NewTable(p.Style, heads...)
	for i := range s.Tables {
		t := &s.Tables[i]
		age := text.None
		if t.AppliedAge != nil {
			age = text.Ago(time.Duration(*t.AppliedAge) * time.Second)
			if t.Stale {
				age = p.Wary(age + ", stale")
			}
		}
		row := []string{strings.TrimPrefix(t.Table, prefix), scd(t.SCDType), p.state(string(t.State)), or(t.Cursor), age,
			version(t.Version), text.Count(t.Rows), fmt.Sprint(t.Files), text.Size(t.Bytes), waiting(t)}
		if compared {
			row = append(row, p.reconciled(t.Reconciled, now))
		}
		if aside {
			row = append(row, text.Count(t.Quarantined))
		}
		table.Row(row...)
	}
	p.linef("%s", table)
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
