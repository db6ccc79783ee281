package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile/compare"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// Request says which table is to be compared with its export.
type Request struct {
	Table string // see Request.Tables
	// Apply removes the rows that vanished from the source.
	Apply bool
	// MaxKeys is how many differing keys are shown, and how many vanished ones.
	MaxKeys int
	// Since names the folder in which the table's last whole copy begins; by
	// default the manifests tell.
	Since string
}

// Reconciliation is how a table compares with a replay of the folders that are
// left of its export.
type Reconciliation struct {
	Table       string `json:"table"`
	SourceTable string `json:"source_table"`
	Path        string `json:"path"`
	SCDType     string `json:"scd_type"`
	Reconciled
	// Folders with rows of the table that were replayed.
	Folders work.Extent `json:"folders"`
	// OlderGone: the table was made from folders, too, that are gone.
	OlderGone bool `json:"older_folders_gone"`
	// Gone says which, in words; empty for none.
	Gone string `json:"gone,omitempty"`
	// Missed says which folders went before the table had them, in words, so that it
	// needs a full refresh; empty for none. The comparison knows nothing of them.
	Missed string `json:"missed,omitempty"`
	// RefreshSuffices: a full refresh from the folders that are left would give
	// the whole table.
	RefreshSuffices bool `json:"refresh_suffices"`
	// Passes over the data that memory made necessary.
	Passes int `json:"passes"`
	// BadRows of the replayed folders could not be read; their keys are set
	// aside. Quarantined is how many rows the table says were set aside.
	BadRows     int64 `json:"bad_rows"`
	Quarantined int64 `json:"quarantined_rows"`
	// Differences are the first keys that differ, VanishedKeys the first that
	// vanished.
	Differences  []compare.KeyDifference `json:"differences"`
	VanishedKeys []string                `json:"vanished_keys"`
	// ReadAs says, where max_cell_bytes or the selected columns were others once,
	// with what the folders were read and compared.
	ReadAs string `json:"read_as,omitempty"`
	// Copy says what is known of the table's last whole copy, in words; Blocked
	// why nothing may be removed now. Empty for nothing.
	Copy    string         `json:"copy,omitempty"`
	Blocked string         `json:"removal_blocked,omitempty"`
	Events  []report.Event `json:"events"`
}

// reconciling is one table being compared.
type reconciling struct {
	*work.Survey
	*work.Target

	engine *local.Engine
	before *synapselink.Entity // what the source looked like in the folder before
	q      Request
	cursor synapselink.FolderName
	schema batch.Schema
	width  widths
	// behind is behind the last folder that the table was given and that is gone
	// though older ones are left, or cannot be read any more; 0 where there is none.
	behind int64
	judge  compare.Judge
	copied compare.Copy
	report *Reconciliation

	badSince  int64 // bad rows since the copy began
	checked   int64 // keys with rows that are as the folders that are left have them
	after     compare.Tally
	differing compare.Smallest
	vanishing compare.Smallest
	vanished  []change.Key // all of them, in no order, unless there are too many
	unkeyed   int64        // rows of the table without an Id
}

// Table replays the folders that are left of a table and compares. It keeps
// the result beside the table.
func Table(ctx context.Context, p *work.Pipeline, q Request) (*Reconciliation, error) {
	c, err := newReconciling(ctx, p, q)
	if err != nil {
		return nil, err
	}
	for _, do := range []func(context.Context) error{c.findOlder, c.findCopy, c.compare, c.findDifferences, c.conclude, c.apply} {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	c.store(ctx)
	return c.report, nil
}

// newReconciling finds the table and the folders that it holds.
func newReconciling(ctx context.Context, p *work.Pipeline, q Request) (*reconciling, error) {
	survey := p.Survey(work.Request{Tables: []string{q.Table}, FullRefresh: true})
	t, err := survey.PrepareOne(ctx, q.Table)
	if err != nil {
		return nil, err
	}
	c := &reconciling{Survey: survey, Target: t, engine: survey.Engine(1), q: q, cursor: t.Cursor()}
	if err := c.checkComparable(); err != nil {
		return nil, err
	}
	if c.schema, err = t.Schema(); err != nil {
		return nil, err
	}
	c.keepApplied()
	c.differing.Most, c.vanishing.Most = q.MaxKeys, q.MaxKeys
	c.report = c.newReport()
	return c, nil
}

func (c *reconciling) newReport() *Reconciliation {
	r := &Reconciliation{
		Table: c.Name(), SourceTable: c.Spec.SourceTable, Path: c.Lake.URL(c.Path()), SCDType: string(c.Spec.Settings.SCDType),
		Reconciled: Reconciled{TableID: c.Snapshot.Metadata.ID, Version: c.Snapshot.Version, Cursor: c.cursor.String()},
		Folders:    work.ExtentOf(c.Parts), Differences: []compare.KeyDifference{}, VanishedKeys: []string{}, Events: []report.Event{},
	}
	r.Quarantined = quarantine.StateOf(c.Snapshot).Rows
	if text, found := c.Gap(); found {
		r.Missed = text
	}
	return r
}

func (c *reconciling) checkComparable() error {
	if c.Labels != nil {
		return fmt.Errorf("%w: %s holds choice labels, of which nothing tells the removed ones from those that did not change; "+
			"sluice run --table %s --full-refresh makes it anew from the export's root and the folders that are left",
			report.ErrNotComparable, c.Name(), c.Spec.SourceTable)
	}
	if c.Moved {
		return c.MovedError()
	}
	if !c.Exists() || c.cursor.IsZero() {
		return fmt.Errorf("%w: no run of pipeline %s has brought %s up to date yet; run sluice run --table %s",
			report.ErrNotComparable, c.Config.Name, c.Name(), c.Spec.SourceTable)
	}
	as := c.Batch(nil, work.Step{})
	as.Replace = false // nothing is: a table of another kind is not compared
	if err := local.Check(c.Snapshot, as); err != nil {
		return err
	}
	if held, ok := c.Env.Listing.Held(); ok && held.Name.Compare(c.cursor) <= 0 {
		return fmt.Errorf("%w: folder %s, which the table holds, cannot be read any more (%s); restore it, or remove it whole",
			report.ErrNotComparable, held.Name, held.Reason)
	}
	return nil
}

// keepApplied leaves the parts that the table holds: up to its cursor, without
// folders that it skipped and has not been given since.
func (c *reconciling) keepApplied() {
	skipped := c.Skipped()
	c.Parts = slices.DeleteFunc(slices.Clone(c.Parts), func(p work.Part) bool {
		return p.Folder.Digits() > c.cursor.Digits() ||
			slices.Contains(skipped, p.Folder)
	})
}

// tell notes an event and tells the listeners.
func (c *reconciling) tell(code, folder, text string) {
	e := c.Event(code, c.Name(), folder, text)
	c.report.Events = append(c.report.Events, e)
	c.Options.Listener.Event(e)
}

// What the table was made from and cannot be replayed shows in three places: in the
// listing, where a folder has lost its model.json; in the table's rows and the
// deletes that it remembers, each with its folder; and in the table's log, whose
// commits name their folders. Rows do not tell of a folder that only repeated what
// the table had, so that the log is asked before anything is called different or
// vanished.

// findOlder finds out by the rows, and where another program rewrote some by the
// log, whether the table was made from folders that are gone.
func (c *reconciling) findOlder(ctx context.Context) error {
	c.judge.Type, c.judge.Removals = c.SCDType(), c.removals()
	c.behind = c.unreadable()
	if behind, known := c.Hole(); known && c.Env.Oldest.Digits() < behind.Digits() {
		c.behind = max(c.behind, behind.Digits())
	}
	rows, unknown, err := c.placesOfRows(ctx)
	if err != nil {
		return err
	}
	c.setOlder(rows)
	if !c.judge.OlderGone && unknown {
		_, err = c.askFolders(ctx)
	}
	return err
}

// unreadable is behind the last folder that the table was given and that cannot
// be read any more, because its model.json went; 0 where there is none.
func (c *reconciling) unreadable() int64 {
	last := int64(0)
	skipped := c.Skipped()
	for _, f := range c.Env.Listing.Abandoned() {
		if f.Digits() <= c.cursor.Digits() && !slices.ContainsFunc(skipped, func(s synapselink.FolderName) bool { return s.Digits() == f.Digits() }) {
			last = max(last, f.Digits()+1)
		}
	}
	return last
}

// conclude sums up.
func (c *reconciling) conclude(context.Context) error {
	r := c.report
	r.At = c.Options.Clock().UTC().Truncate(time.Second)
	for _, key := range c.vanishing.Keys() {
		r.VanishedKeys = append(r.VanishedKeys, key.String())
	}
	r.RefreshSuffices = c.refreshSuffices()
	r.Verdict = c.verdict()
	c.tellReads()
	c.block()
	if r.Verdict == Different {
		with := "a replay of folders " + r.Folders.Oldest + " to " + r.Folders.Newest
		if r.Folders.Searched == 0 {
			with = "an export of which no folder with rows of the table is left"
		}
		c.tell(report.ReconcileDiffers, "", fmt.Sprintf("compared with %s, keys are missing: %d, extra: %d, different: %d; %s",
			with, r.Missing, r.Extra, r.Differing, c.refreshHint()))
	}
	return nil
}

// refreshHint says what can be done about rows that are not what they should be. A
// full refresh reads what vanished rows came from, too, where it is left.
func (c *reconciling) refreshHint() string {
	hint := c.repair()
	if len(c.judge.Removals) > 0 {
		hint += "; a full refresh brings back rows that reconcile removed, as far as folders that are left have them: sluice reconcile " + c.Spec.SourceTable +
			" --apply, with the same --since if one was given, removes them again"
	}
	return hint
}

// repair is what makes the table right.
func (c *reconciling) repair() string {
	command := "sluice run --table " + c.Spec.SourceTable + " --full-refresh"
	switch refused := c.CheckRefresh(); {
	case c.report.RefreshSuffices && refused != nil:
		return fmt.Sprintf("the folders that are left hold the whole table, but a full refresh is refused: %v; with on_gap: continue %s rebuilds it", refused, command)
	case c.report.RefreshSuffices:
		return "the folders that are left hold the whole table: " + command + " rebuilds it"
	case c.judge.Type == change.Type2 && c.report.OlderGone:
		return "the folders that are left do not hold the whole table, so that a full refresh loses history: have it exported again (remove it in Synapse Link and add it), " +
			"and copy the table first if its history is to be kept, then " + command
	}
	return "the folders that are left do not hold the whole table: have it exported again (remove it in Synapse Link and add it), then " + command
}

// block finds what speaks against removing vanished rows.
func (c *reconciling) block() {
	r := c.report
	switch {
	case r.Vanished == 0:
	case c.copied.Running:
		r.Blocked = "the copy is not complete: rows that seem to have vanished may still come"
	case c.copied.Failures:
		r.Blocked = "the service reports failures of the copy: rows that seem to have vanished may be among those that it could not export"
	case int64(len(c.vanished)) < r.Vanished && c.copyHoles() == "":
		r.Blocked = fmt.Sprintf("%s vanished, more than memory holds; raise --memory, or run a full refresh", rowsText(r.Vanished))
	case c.copyHoles() != "":
		r.Blocked = c.copyHoles()
	case c.q.Since == "" && !c.copied.Proven:
		r.Blocked = fmt.Sprintf("no model.json showed the copy under way, so that it may have begun before folder %s, and rows that came again there would be lost; "+
			"name its first folder with --since: the one with rows of %s that was written when the table was added to Synapse Link again, or one before it, which finds fewer rows",
			r.Since, c.Spec.SourceTable)
	}
}

func rowsText(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// refreshSuffices: the folders that are left give the whole table. That is so
// when they are all that the table was made from, or when a type 1 table was
// copied again, it is known where that copy begins, and all of it can be read: a
// copy brings no history.
func (c *reconciling) refreshSuffices() bool {
	switch {
	case !c.report.OlderGone && !c.IsPartial():
		return true
	case c.report.OlderGone && c.judge.Type == change.Type2:
		return false
	}
	return (c.copied.Whole() && c.copied.Proven || c.q.Since != "") && c.copyHoles() == ""
}

// copyBegins is the first folder, as digits, that may be of the last whole copy:
// it may have begun in a folder between that cannot be read.
func (c *reconciling) copyBegins() int64 {
	if c.q.Since == "" && !c.copied.After.IsZero() {
		return c.copied.After.Digits() + 1
	}
	return c.judge.Since
}

// copyHoles says what of the last whole copy cannot be read, empty for nothing.
func (c *reconciling) copyHoles() string {
	from := c.copyBegins()
	skipped := c.Skipped()
	inCopy := func(f synapselink.FolderName) bool { return f.Digits() >= from }
	at, gone := slices.IndexFunc(skipped, inCopy), c.PassedOver(work.LateGone)
	switch {
	case c.badSince > 0:
		return fmt.Sprintf("%s since the copy began cannot be read, and what seems to have vanished may be there; see sluice quarantine list", rowsText(c.badSince))
	case at >= 0:
		return fmt.Sprintf("folder %s was skipped and may still come, and rows that seem to have vanished with it", skipped[at])
	case slices.ContainsFunc(gone, inCopy):
		return fmt.Sprintf("folder %s was skipped and is gone, and what seems to have vanished may have been in it; have the table exported again",
			gone[slices.IndexFunc(gone, inCopy)])
	case c.unreadable() > from:
		return "a folder of the copy has lost its model.json, and what seems to have vanished may be there; restore it, or have the table exported again"
	case c.behind > from:
		return "a folder of the copy is gone, and what seems to have vanished may have been there; have the table exported again"
	}
	return ""
}
