package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/quarantine"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// ReconcileRequest says which table is to be compared with its export.
type ReconcileRequest struct {
	Table string // see Request.Tables
	// Apply removes the rows that vanished from the source.
	Apply bool
	// MaxKeys is how many differing keys are shown, and how many vanished ones.
	MaxKeys int
	// Since names the folder in which the table's last whole copy begins; by
	// default the manifests tell.
	Since string
}

// Errors of Reconcile and Prune.
var (
	// ErrNotComparable: table and export cannot be compared now.
	ErrNotComparable = errors.New("the table cannot be compared with the export")
	// ErrBadFolder: what was given is no folder of the export.
	ErrBadFolder = errors.New("no such folder")
)

// Reconciliation is how a table compares with a replay of the folders that are
// left of its export.
type Reconciliation struct {
	Table       string `json:"table"`
	SourceTable string `json:"source_table"`
	Path        string `json:"path"`
	SCDType     string `json:"scd_type"`
	Reconciled
	// Folders with rows of the table that were replayed.
	Folders FolderExtent `json:"folders"`
	// OlderGone: the table was made from folders, too, that are gone.
	OlderGone bool `json:"older_folders_gone"`
	// Gone says which, in words; empty for none.
	Gone string `json:"gone,omitempty"`
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
	Differences  []reconcile.KeyDifference `json:"differences"`
	VanishedKeys []string                  `json:"vanished_keys"`
	// ReadAs says, where max_cell_bytes or the selected columns were others once,
	// with what the folders were read and compared.
	ReadAs string `json:"read_as,omitempty"`
	// Copy says what is known of the table's last whole copy, in words; Blocked
	// why nothing may be removed now. Empty for nothing.
	Copy    string  `json:"copy,omitempty"`
	Blocked string  `json:"removal_blocked,omitempty"`
	Events  []Event `json:"events"`
}

// reconciling is one table being compared.
type reconciling struct {
	*bringing
	q      ReconcileRequest
	cursor synapselink.FolderName
	schema batch.Schema
	width  widths
	// behind is behind the last folder that the table was given and that is gone
	// though older ones are left, or cannot be read any more; 0 where there is none.
	behind int64
	judge  reconcile.Judge
	copied reconcile.Copy
	report *Reconciliation

	badSince  int64 // bad rows since the copy began
	after     reconcile.Tally
	differing reconcile.Smallest
	vanishing reconcile.Smallest
	vanished  []change.Key // all of them, in no order, unless there are too many
	unkeyed   int64        // rows of the table without an Id
}

// Reconcile replays the folders that are left of a table and compares. It keeps
// the result beside the table.
func (r *Runner) Reconcile(ctx context.Context, q ReconcileRequest) (*Reconciliation, error) {
	c, err := r.reconciling(ctx, q)
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

// reconciling finds the table and the folders that it holds.
func (r *Runner) reconciling(ctx context.Context, q ReconcileRequest) (*reconciling, error) {
	u := &update{Runner: r, opts: r.Options.withDefaults(), request: Request{Tables: []string{q.Table}, FullRefresh: true}}
	u.info = RunInfo{Pipeline: r.Pipeline.Name, UpdateID: u.opts.NewID(), At: u.opts.Clock()}
	targets, err := u.prepare(ctx)
	if err != nil {
		return nil, err
	}
	t, err := single(targets, q.Table)
	if err != nil {
		return nil, err
	}
	if t.err != nil {
		return nil, t.err
	}
	c := &reconciling{bringing: &bringing{update: u, target: t, engine: u.engine(1)}, q: q, cursor: u.cursor(t)}
	if err := c.checkComparable(); err != nil {
		return nil, err
	}
	if c.schema, err = t.schema(); err != nil {
		return nil, err
	}
	c.keepApplied()
	c.differing.Most, c.vanishing.Most = q.MaxKeys, q.MaxKeys
	c.report = c.newReport()
	return c, nil
}

func (c *reconciling) newReport() *Reconciliation {
	r := &Reconciliation{
		Table: c.name(), SourceTable: c.spec.SourceTable, Path: c.Lake.URL(c.path()), SCDType: string(c.spec.Settings.SCDType),
		Reconciled: Reconciled{TableID: c.snapshot.Metadata.ID, Version: c.snapshot.Version, Cursor: c.cursor.String()},
		Folders:    FolderExtent{Searched: len(c.parts)}, Differences: []reconcile.KeyDifference{}, VanishedKeys: []string{}, Events: []Event{},
	}
	if n := len(c.parts); n > 0 {
		r.Folders.Oldest, r.Folders.Newest = c.parts[0].folder.String(), c.parts[n-1].folder.String()
	}
	r.Quarantined = quarantine.StateOf(c.snapshot).Rows
	return r
}

func (c *reconciling) checkComparable() error {
	if c.labels != nil {
		return fmt.Errorf("%w: %s holds choice labels, of which nothing tells the removed ones from those that did not change; "+
			"sluice run --table %s --full-refresh makes it anew from the export's root and the folders that are left",
			ErrNotComparable, c.name(), c.spec.SourceTable)
	}
	if c.moved {
		return c.movedError(c.target)
	}
	if !c.exists() || c.cursor.IsZero() {
		return fmt.Errorf("%w: no run of pipeline %s has brought %s up to date yet; run sluice run --table %s",
			ErrNotComparable, c.Pipeline.Name, c.name(), c.spec.SourceTable)
	}
	if err := local.Check(c.snapshot, local.Batch{Source: c.source(), Origin: c.origin(), Type: c.scdType()}); err != nil {
		return err
	}
	if held, ok := c.env.listing.Held(); ok && held.Name.Compare(c.cursor) <= 0 {
		return fmt.Errorf("%w: folder %s, which the table holds, cannot be read any more (%s); restore it, or remove it whole",
			ErrNotComparable, held.Name, held.Reason)
	}
	return nil
}

// keepApplied leaves the parts that the table holds: up to its cursor, without
// folders that it skipped and has not been given since.
func (c *reconciling) keepApplied() {
	skipped := c.skipped(c.target)
	c.parts = slices.DeleteFunc(slices.Clone(c.parts), func(p part) bool {
		return p.folder.Digits() > c.cursor.Digits() ||
			slices.Contains(skipped, p.folder)
	})
}

// tell notes an event and tells the listeners.
func (c *reconciling) tell(code, folder, text string) {
	e := c.event(code, c.name(), folder, text)
	c.report.Events = append(c.report.Events, e)
	c.opts.Listener.Event(e)
}

// conclude sums up.
func (c *reconciling) conclude(context.Context) error {
	r := c.report
	r.At = c.opts.Clock().UTC().Truncate(time.Second)
	for _, key := range c.vanishing.Keys() {
		r.VanishedKeys = append(r.VanishedKeys, key.String())
	}
	r.RefreshSuffices = c.refreshSuffices()
	r.Verdict = r.verdict()
	c.tellReads()
	c.block()
	if r.Verdict == Different {
		with := "a replay of folders " + r.Folders.Oldest + " to " + r.Folders.Newest
		if r.Folders.Searched == 0 {
			with = "an export of which no folder with rows of the table is left"
		}
		c.tell(ReconcileDiffers, "", fmt.Sprintf("compared with %s, keys are missing: %d, extra: %d, different: %d; %s",
			with, r.Missing, r.Extra, r.Differing, c.refreshHint()))
	}
	return nil
}

// refreshSuffices: the folders that are left give the whole table. That is so
// when they are all that the table was made from, or when a type 1 table was
// copied again and all of that copy can be read: a copy brings no history.
func (c *reconciling) refreshSuffices() bool {
	switch {
	case !c.report.OlderGone && !c.isPartial():
		return true
	case c.report.OlderGone && c.judge.Type == change.Type2:
		return false
	}
	return (c.copied.Whole() || c.q.Since != "") && c.copyHoles() == ""
}

// refreshHint says what can be done about rows that are not what they should be.
func (c *reconciling) refreshHint() string {
	command := "sluice run --table " + c.spec.SourceTable + " --full-refresh"
	switch refused := c.checkRefresh(); {
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
	skipped := c.skipped(c.target)
	inCopy := func(f synapselink.FolderName) bool { return f.Digits() >= from }
	at, gone := slices.IndexFunc(skipped, inCopy), c.passedOver(c.target, lateGone)
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
	default:
		r.Blocked = c.copyHoles()
	}
}

func rowsText(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
