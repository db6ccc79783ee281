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
	q      Request
	cursor synapselink.FolderName
	schema batch.Schema
	width  widths
	judge  compare.Judge
	copied compare.Copy
	report *Reconciliation

	badSince  int64 // bad rows since the copy began
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
	return r
}

func (c *reconciling) checkComparable() error {
	if c.Labels != nil {
		return fmt.Errorf("%w: %s holds choice labels, which every folder brings whole", report.ErrNotComparable, c.Name())
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
			slices.ContainsFunc(skipped, func(f synapselink.FolderName) bool { return f.Digits() == p.Folder.Digits() })
	})
}

// tell notes an event and tells the listeners.
func (c *reconciling) tell(code, folder, text string) {
	e := c.Event(code, c.Name(), folder, text)
	c.report.Events = append(c.report.Events, e)
	c.Options.Listener.Event(e)
}

// findOlder finds out whether the table was made from folders that are gone: by
// its rows, and where another program rewrote some, by its log.
func (c *reconciling) findOlder(ctx context.Context) error {
	// What has no model.json is not left, whether the table was given it or not.
	unreadable := c.unreadable()
	c.judge.Oldest = c.cursor.Digits() + 1 // none is left
	for _, f := range c.Env.Listing.Ready() {
		if digits := f.Digits(); digits >= unreadable {
			c.judge.Oldest = min(c.judge.Oldest, digits)
		}
	}
	c.judge.Type, c.judge.Removals = c.SCDType(), c.removals()
	least, unknown, err := c.leastFolder(ctx)
	if err != nil {
		return err
	}
	c.judge.OlderGone = least < c.judge.Oldest || unreadable > 0
	if !c.judge.OlderGone && unknown {
		if c.judge.OlderGone, err = c.olderInLog(ctx); err != nil {
			return err
		}
	}
	c.report.OlderGone = c.judge.OlderGone
	return nil
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
	r.RefreshSuffices = !r.OlderGone && !c.IsPartial() || c.copied.Whole() || c.q.Since != ""
	r.Verdict = r.verdict()
	c.block()
	if r.Verdict == Different {
		c.tell(report.ReconcileDiffers, "", fmt.Sprintf("compared with a replay of folders %s to %s, keys are missing: %d, extra: %d, different: %d; %s",
			r.Folders.Oldest, r.Folders.Newest, r.Missing, r.Extra, r.Differing, c.refreshHint()))
	}
	return nil
}

// refreshHint says what can be done about rows that are not what they should be.
func (c *reconciling) refreshHint() string {
	command := "sluice run --table " + c.Spec.SourceTable + " --full-refresh"
	if c.report.RefreshSuffices {
		return "the folders that are left hold the whole table: " + command + " rebuilds it"
	}
	return "the folders that are left do not hold the whole table: have it exported again (remove it in Synapse Link and add it), then " + command
}

// block finds what speaks against removing vanished rows.
func (c *reconciling) block() {
	r := c.report
	// The copy may have begun in a folder between that cannot be read.
	from := c.judge.Since
	if c.q.Since == "" && !c.copied.After.IsZero() {
		from = c.copied.After.Digits() + 1
	}
	var waiting []synapselink.FolderName
	for _, f := range c.Skipped() {
		if f.Digits() >= from {
			waiting = append(waiting, f)
		}
	}
	switch {
	case r.Vanished == 0:
	case c.copied.Running:
		r.Blocked = "the copy is not complete: rows that seem to have vanished may still come"
	case c.copied.Failures:
		r.Blocked = "the service reports failures of the copy: rows that seem to have vanished may be among those that it could not export"
	case c.badSince > 0:
		r.Blocked = fmt.Sprintf("%s since the copy began cannot be read, and what seems to have vanished may be there; see sluice quarantine list", rowsText(c.badSince))
	case len(waiting) > 0:
		r.Blocked = fmt.Sprintf("folder %s was skipped and may still come, and rows that seem to have vanished with it", waiting[0])
	case c.unreadable() > from:
		r.Blocked = "a folder of the copy has lost its model.json, and what seems to have vanished may be there; restore it, or have the table exported again"
	case int64(len(c.vanished)) < r.Vanished:
		r.Blocked = fmt.Sprintf("%s vanished, more than memory holds; raise --memory, or run a full refresh", rowsText(r.Vanished))
	}
}

func rowsText(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
