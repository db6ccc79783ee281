package reconcile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile/compare"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage"
)

// Verdict of a comparison.
type Verdict string

// The verdicts.
const (
	// Matches: the table has what the folders that are left say, and rows of it were
	// compared.
	Matches Verdict = "MATCHES"
	// HasVanished: beside that it has rows that the source has no more.
	HasVanished Verdict = "VANISHED_ROWS"
	// Different: there are keys that differ.
	Different Verdict = "DIFFERS"
	// NotCheckable: of no key of the table the last state is in a folder that is left.
	NotCheckable Verdict = "NOT_CHECKABLE"
)

// Reconciled is what is kept of a comparison, and shown by status.
type Reconciled struct {
	Verdict Verdict   `json:"verdict"`
	At      time.Time `json:"at"`
	// TableID, Version and Cursor say what was compared.
	TableID string `json:"table_id"`
	Version int64  `json:"table_version"`
	Cursor  string `json:"cursor"`
	// InTable are the table's rows, InExport those that it should have.
	InTable  Tally `json:"in_table"`
	InExport Tally `json:"in_export"`
	// Keys that are missing in the table, that only the table has, that have
	// other rows or values, whose rows vanished from the source, whose last state
	// only folders that are gone could tell, and of which a row could not be read.
	Missing   int64 `json:"missing_keys"`
	Extra     int64 `json:"extra_keys"`
	Differing int64 `json:"differing_keys"`
	Vanished  int64 `json:"vanished_key_count"`
	Unchecked int64 `json:"unchecked_keys"`
	SetAside  int64 `json:"set_aside_keys"`
	// UncheckedRows of the table are in no folder that is left.
	UncheckedRows int64 `json:"unchecked_rows"`
	// Since is the folder in which the table's last whole copy begins.
	Since string `json:"copied_since,omitempty"`
	// Removed rows that had vanished.
	Removed int64 `json:"removed_rows"`
	// BeforeRefresh: a full refresh made the table anew since then, which brings
	// removed rows back where their folders are left. It is known when this is read
	// and is not kept.
	BeforeRefresh bool `json:"before_full_refresh,omitempty"`
}

// Tally counts rows. Keys are those with a current row; the checksum does not
// depend on the order of the rows.
type Tally struct {
	Rows     int64  `json:"rows"`
	Keys     int64  `json:"live_keys"`
	Checksum string `json:"checksum"`
}

func shownTally(t compare.Tally) Tally { return Tally{t.Rows, t.Keys, t.Checksum.String()} }

func (c *reconciling) verdict() Verdict {
	switch r := c.report; {
	case r.Missing+r.Extra+r.Differing > 0:
		return Different
	case r.Vanished > 0:
		return HasVanished
	}
	return c.agreement()
}

// agreement is the verdict where nothing differs: something must have been compared
// for it to say more than that.
func (c *reconciling) agreement() Verdict {
	if c.report.InTable.Rows > 0 && c.checked == 0 {
		return NotCheckable
	}
	return Matches
}

// keptFile keeps the last comparison beside the table, where readers of
// the table see nothing of it.
func keptFile(t *work.Target) string { return t.Path() + "/_sluice/reconcile.json" }

// store keeps the result. What was found stands without that.
func (c *reconciling) store(ctx context.Context) {
	err := func() error {
		text, err := json.MarshalIndent(&c.report.Reconciled, "", "  ")
		if err != nil {
			return err
		}
		file, err := c.Lake.Write(ctx, keptFile(c.Target))
		if err != nil {
			return err
		}
		defer file.Abort()
		if _, err := file.Write(append(text, '\n')); err != nil {
			return err
		}
		return file.Close()
	}()
	if err != nil {
		c.tell(report.CacheNotWritten, "", fmt.Sprintf("the result is not kept for sluice status in %s: %v", c.Lake.URL(keptFile(c.Target)), err))
	}
}

// KeptOf reads the last comparisons of tables. One of a table that was
// replaced since by another at its place tells nothing, nor does one that cannot be
// read; one from before a full refresh is marked.
func KeptOf(ctx context.Context, lake storage.Store, targets []*work.Target) map[*work.Target]*Reconciled {
	list := make([]*Reconciled, len(targets))
	var group errgroup.Group
	group.SetLimit(work.SnapshotsAtOnce)
	for i, t := range targets {
		if t.Err != nil || !t.Exists() {
			continue
		}
		group.Go(func() error {
			list[i] = keptOf(ctx, lake, t)
			return nil
		})
	}
	_ = group.Wait() // nothing fails
	found := map[*work.Target]*Reconciled{}
	for i, t := range targets {
		if list[i] != nil {
			found[t] = list[i]
		}
	}
	return found
}

func keptOf(ctx context.Context, lake storage.Store, t *work.Target) *Reconciled {
	text, err := storage.ReadAll(ctx, lake, keptFile(t))
	if err != nil {
		return nil
	}
	var r Reconciled
	if json.NewDecoder(bytes.NewReader(text)).Decode(&r) != nil || r.TableID != t.Snapshot.Metadata.ID || r.Version > t.Snapshot.Version {
		return nil
	}
	r.BeforeRefresh = rebuilt(ctx, lake, t, &r)
	return &r
}

// mostLookedThrough commits are read to find out whether one rebuilt the table.
const mostLookedThrough = 100

// rebuilt reports whether a full refresh replaced what was compared. The log is
// read only where no file is left from well before the comparison.
func rebuilt(ctx context.Context, lake storage.Store, t *work.Target, r *Reconciled) bool {
	since := int(min(t.Snapshot.Version-r.Version, mostLookedThrough))
	if since == 0 {
		return false
	}
	before := r.At.Add(-24 * time.Hour).UnixMilli()
	if slices.ContainsFunc(t.Snapshot.Files(), func(f delta.Add) bool { return f.ModificationTime < before }) {
		return false
	}
	entries, err := delta.History(ctx, lake, t.Path(), since)
	return err == nil && slices.ContainsFunc(entries, func(e delta.HistoryEntry) bool {
		return e.Version > r.Version && e.Operation == replaceOperation
	})
}
