package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicedata/sluice/internal/cli/text"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// reconcileOptions are those of the command reconcile.
type reconcileOptions struct {
	tableOptions

	Apply   bool
	MaxKeys int
	Since   string
}

// AddFlags names the options on the command line.
func (o *reconcileOptions) AddFlags(cmd *cobra.Command) {
	o.tableOptions.AddFlags(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.Apply, "apply", false, "remove the rows that vanished from the source; nothing else is changed")
	flags.IntVar(&o.MaxKeys, "max-keys", 20, "show this many `keys` that differ, and that vanished")
	flags.StringVar(&o.Since, "since", "", "the `folder` in which the last whole copy of the table begins, where model.json does not tell")
}

func newReconcileCommand(g *globals) *cobra.Command {
	var opts reconcileOptions
	cmd := &cobra.Command{
		Use:   "reconcile TABLE",
		Short: "Compare a table with what its export says",
		Long: `Replays the folders that are left of a table by the rules for changes, without
what wrote the table, and compares: numbers of rows, checksums that do not
depend on their order, and the keys that differ. TABLE is a source name, or
catalog.schema.table. The result is kept beside the table and shown by status.

  MATCHES        the table has what the folders say
  VANISHED_ROWS  the table was exported again in full, and rows that it has did
                 not come again: the source has them no more, and left no
                 delete. --apply removes them; in a table with history their
                 last version is closed
  DIFFERS        keys are missing in the table, are extra in it, or have other
                 values; the result says what repairs that
  NOT_CHECKABLE  no folder that is left tells the last state of any row

Folders that were removed cannot be replayed: rows that came from them are taken
as they are, and counted as unchecked. Keys of rows that cannot be read are set
aside.

Where model.json never showed that the table is being exported again, but only
that it was, --apply removes nothing without --since: rows that came in a folder
before would be lost. Name the folder that was being written when the table was
added to Synapse Link again, or one before it; too early a folder finds fewer
rows. A full refresh reads old folders again, and brings removed rows back as
long as these are left: use --apply again after it.`,
		Example: "sluice reconcile account\nsluice reconcile account --apply",
		Args:    exactly("TABLE"),
		Annotations: notes(`0    the table matches, or does now; or nothing can be checked
1    the table cannot be compared, or vanished rows cannot be removed now
2    the configuration is wrong, or has no such table or folder
3    storage cannot be used, or its credentials are wrong
4    the table differs, or has rows that vanished
130  interrupted`, takesConfig, takesWork, takesLog),
		RunE: g.action(func(ctx context.Context, args []string) (*outcome, error) {
			return g.runReconcile(ctx, args[0], opts)
		}),
	}
	opts.AddFlags(cmd)
	return cmd
}

func (g *globals) runReconcile(ctx context.Context, table string, opts reconcileOptions) (*outcome, error) {
	if opts.MaxKeys < 0 {
		return nil, usage("--max-keys: write 0 or more")
	}
	service, warnings, err := g.service(report.Listener{})
	if err != nil {
		return nil, err
	}
	g.working(ctx)
	r, err := service.Reconcile(ctx, opts.Pipeline, reconcile.Request{Table: table, Apply: opts.Apply, MaxKeys: opts.MaxKeys, Since: opts.Since})
	if err != nil {
		return nil, err
	}
	o := reconcileOutcome(r, opts)
	o.warnings = append(warnings, o.warnings...)
	return o, nil
}

func reconcileOutcome(r *reconcile.Reconciliation, opts reconcileOptions) *outcome {
	o := &outcome{
		result:   r,
		summary:  reconcileSummary(r),
		show:     func(p *page) { p.reconciliation(r) },
		warnings: warningLines(r.Table, r.Events),
	}
	switch {
	case opts.Apply && r.Blocked != "":
		o.exit, o.code = exitFailed, codeBlocked
		o.problems = []string{fmt.Sprintf("%s: nothing was removed: %s", r.Table, r.Blocked)}
	case r.Verdict == reconcile.Different || r.Verdict == reconcile.HasVanished:
		o.exit = exitPartly
	}
	return o
}

// codeBlocked: rows that vanished may not be removed now.
const codeBlocked = "REMOVAL_BLOCKED"

func reconcileSummary(r *reconcile.Reconciliation) string {
	switch {
	case r.Verdict == reconcile.Different:
		return fmt.Sprintf("%s differs in %s: %d missing, %d extra, %d different", r.Table,
			text.Plural(int(r.Missing+r.Extra+r.Differing), "key"), r.Missing, r.Extra, r.Differing)
	case r.Verdict == reconcile.HasVanished && r.Blocked != "":
		return fmt.Sprintf("%s has %s that the source seems to have no more", r.Table, text.Plural(int(r.Vanished), "row"))
	case r.Verdict == reconcile.HasVanished:
		return fmt.Sprintf("%s has %s that vanished from the source", r.Table, text.Plural(int(r.Vanished), "row"))
	case r.Verdict == reconcile.NotCheckable:
		return fmt.Sprintf("%s cannot be checked: no folder that is left tells the last state of any of its rows%s", r.Table, missedToo(r))
	case r.Removed > 0:
		return fmt.Sprintf("%s matches its export, now that %s that vanished from the source went%s", r.Table, text.Plural(int(r.Removed), "row"), missedToo(r))
	case r.Unchecked > 0:
		return fmt.Sprintf("%s matches what is left of its export; %s could not be checked%s", r.Table, text.Plural(int(r.Unchecked), "key"), missedToo(r))
	case r.Missed != "":
		return r.Table + " matches what is left of its export" + missedToo(r)
	}
	return r.Table + " matches its export"
}

// missedToo is said of a table that lacks folders, whatever else is right.
func missedToo(r *reconcile.Reconciliation) string {
	if r.Missed == "" {
		return ""
	}
	return "; it lacks folders that went before it had them, and needs a full refresh"
}

func (p *page) reconciliation(r *reconcile.Reconciliation) {
	p.linef("%s  %s", p.Bold(r.Table), p.state(string(r.Verdict)))
	replayed := "nothing"
	if r.Folders.Searched > 0 {
		replayed = fmt.Sprintf("%s, %s to %s, in %s", text.Plural(r.Folders.Searched, "folder"),
			r.Folders.Oldest, r.Folders.Newest, text.Plural(r.Passes, "pass"))
	}
	pairs := [][2]string{
		{"table", fmt.Sprintf("%s (SCD type %s), version %d", r.Path, scd(r.SCDType), r.Version)},
		{"replayed", replayed},
	}
	for _, more := range [][2]string{{"read as", r.ReadAs}, {"copy", r.Copy}, {"gone", r.Gone}, {"missed", r.Missed}, {"removal", r.Blocked}} {
		if more[1] != "" {
			pairs = append(pairs, more)
		}
	}
	p.Write([]byte(text.Pairs("  ", pairs...)))
	sides := text.NewTable(p.Style, "", ">ROWS", ">LIVE KEYS", "CHECKSUM")
	sides.Row("table", text.Count(r.InTable.Rows), text.Count(r.InTable.Keys), r.InTable.Checksum)
	sides.Row("export", text.Count(r.InExport.Rows), text.Count(r.InExport.Keys), r.InExport.Checksum)
	p.linef("\n%s", sides)
	p.keyCounts(r)
	p.differences(r)
}

// keyCounts shows what there is of each kind.
func (p *page) keyCounts(r *reconcile.Reconciliation) {
	var kinds []string
	for _, k := range []struct {
		n    int64
		what string
	}{{r.Missing, "missing"}, {r.Extra, "extra"}, {r.Differing, "different"}, {r.Vanished, "vanished"}, {r.Unchecked, "unchecked"}, {r.SetAside, "set aside"}} {
		if k.n > 0 {
			kinds = append(kinds, text.Count(k.n)+" "+k.what)
		}
	}
	if r.UncheckedRows > 0 {
		kinds = append(kinds, fmt.Sprintf("%s of %s rows unchecked", text.Count(r.UncheckedRows), text.Count(r.InTable.Rows)))
	}
	if r.BadRows > 0 {
		kinds = append(kinds, text.Plural(int(r.BadRows), "row")+" that cannot be read")
	}
	if r.Quarantined > 0 {
		kinds = append(kinds, text.Plural(int(r.Quarantined), "row")+" in quarantine")
	}
	if len(kinds) > 0 {
		p.linef("keys: %s\n", strings.Join(kinds, ", "))
	}
}

func (p *page) differences(r *reconcile.Reconciliation) {
	for _, k := range r.Differences {
		p.linef("%s  %s", p.Bold(k.Key), p.Wary(k.Kind))
		for _, v := range k.Versions {
			p.linef("  version %d %s", v.Version, v.Kind)
			for _, c := range v.Columns {
				p.linef("    %s: table %s, export %s", c.Column, shownValue(c.Table), shownValue(c.Export))
			}
		}
	}
	vanished := p.Wary("vanished")
	if r.Removed > 0 {
		vanished = "vanished, removed"
	}
	for _, key := range r.VanishedKeys {
		p.linef("%s  %s", p.Bold(key), vanished)
	}
	rest := max(0, int(r.Missing+r.Extra+r.Differing)-len(r.Differences)) + max(0, int(r.Vanished)-len(r.VanishedKeys))
	if rest > 0 {
		p.linef("%s", p.Faint(fmt.Sprintf("… and %s more; --max-keys shows them", text.Plural(rest, "key"))))
	}
	if len(r.Differences)+len(r.VanishedKeys)+rest > 0 {
		p.linef("")
	}
}

// shownCell is how many characters of a value are shown.
const shownCell = 80

func shownValue(v *string) string {
	if v == nil {
		return text.None
	}
	return strings.ReplaceAll(text.Printable(*v, shownCell), "\n", `\n`)
}

// reconciled is the last comparison of a table in a list of tables.
func (p *page) reconciled(r *reconcile.Reconciled, now time.Time) string {
	if r == nil {
		return text.None
	}
	if r.BeforeRefresh {
		return p.Faint(string(r.Verdict) + ", before the full refresh")
	}
	return p.state(string(r.Verdict)) + ", " + text.Ago(now.Sub(r.At))
}
