package reconcile

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/pipeline/reconcile/compare"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// ledgerShare of the memory holds the keys of one pass; the rest is for reading.
// vanishedShare holds the keys of vanished rows.
const (
	ledgerShare   = 4
	vanishedShare = 16
)

// findCopy finds the last whole copy that was made again of the table.
func (c *reconciling) findCopy(ctx context.Context) error {
	var seen []compare.Seen
	for i, p := range c.Parts {
		if p.Err != nil {
			return p.Err
		}
		if i > 0 && c.Parts[i-1].Folder == p.Folder {
			continue
		}
		// What folders have in common is shared, but not what is to be told apart here.
		entity, err := c.Env.Export.TableSchema(ctx, p.Folder, c.Spec.SourceTable)
		if err != nil {
			return err
		}
		seen = append(seen, compare.Seen{Folder: p.Folder, State: entity.InitialSyncState,
			Completed: entity.Annotations[work.CompletedAnnotation]})
	}
	c.copied = compare.LastCopy(seen)
	if c.q.Since != "" {
		return c.copiedSince(c.q.Since)
	}
	since := c.copied.Since
	switch {
	case since.IsZero():
		return nil
	case c.copied.Whole():
		c.judge.Since = since.Digits()
		c.report.Since = since.String()
		c.report.Copy = fmt.Sprintf("the table was exported again in full, beginning with folder %s", since)
	case c.copied.Running:
		c.report.Copy = fmt.Sprintf("the table is being exported again in full, since folder %s; what vanished can be told when that is complete", since)
	default:
		c.report.Copy = fmt.Sprintf("the table was exported again, beginning with folder %s, and the service reports failures; what vanished cannot be told", since)
	}
	return nil
}

// copiedSince takes a user's word for where the copy begins.
func (c *reconciling) copiedSince(text string) error {
	name, err := synapselink.ParseFolderName(text)
	if err != nil {
		return fmt.Errorf("%w: %w", report.ErrBadFolder, err)
	}
	if !slices.ContainsFunc(c.Parts, func(p work.Part) bool { return p.Folder.Digits() == name.Digits() }) {
		return fmt.Errorf("%w: %s is none of the %d folders with rows of %s that the table holds, %s to %s",
			report.ErrBadFolder, name, len(c.Parts), c.Spec.SourceTable, c.report.Folders.Oldest, c.report.Folders.Newest)
	}
	c.judge.Since = name.Digits()
	c.report.Since = name.String()
	c.report.Copy = fmt.Sprintf("the table is taken to have been exported again in full, beginning with folder %s", name)
	return nil
}

// compare goes through both sides. Where they differ it looks into the table's log,
// which may explain it, and if it does, compares anew.
func (c *reconciling) compare(ctx context.Context) error {
	if err := c.compareAll(ctx); err != nil {
		return err
	}
	r := c.report
	if r.Missing+r.Extra+r.Differing+r.Vanished == 0 {
		return nil
	}
	explained, err := c.askLog(ctx)
	if err != nil || !explained {
		return err
	}
	r.Missing, r.Extra, r.Differing, r.Vanished, r.Unchecked, r.UncheckedRows, r.SetAside, r.BadRows = 0, 0, 0, 0, 0, 0, 0, 0
	c.badSince, c.unkeyed, c.checked, c.after, c.vanished = 0, 0, 0, compare.Tally{}, nil
	c.differing, c.vanishing = compare.Smallest{Most: c.q.MaxKeys}, compare.Smallest{Most: c.q.MaxKeys}
	r.Passes = 0
	return c.compareAll(ctx)
}

// askLog finds out what only the table's log tells: that there were folders which
// are gone though no row is from them, and that columns came to the table later
// than to its folders.
func (c *reconciling) askLog(ctx context.Context) (explained bool, err error) {
	if explained, err = c.askFolders(ctx); err != nil {
		return false, err
	}
	if c.report.Differing > 0 {
		if c.width, err = c.findWidths(ctx); err != nil {
			return false, err
		}
	}
	return explained || len(c.width) > 0, nil
}

// compareAll goes through both sides, as often as memory makes necessary.
func (c *reconciling) compareAll(ctx context.Context) error {
	var table, export compare.Tally
	for todo := []compare.Part{{}}; len(todo) > 0; {
		c.report.Passes++
		ledger := compare.NewLedger(todo[0], c.Options.Memory/ledgerShare)
		if err := c.fill(ctx, ledger, c.report.Passes == 1); err != nil {
			return err
		}
		todo = append(todo[1:], ledger.Later...)
		for key, h := range ledger.Keys() {
			f := c.judge.Key(key, h)
			c.count(key, f)
			table.Add(c.judge.Type, h.Rows)
			export.Add(c.judge.Type, f.Export)
			if f.Kind == compare.Vanished {
				c.after.Add(c.judge.Type, f.Export)
			} else {
				c.after.Add(c.judge.Type, h.Rows)
			}
		}
	}
	table.Rows += c.unkeyed
	c.after.Rows += c.unkeyed
	c.report.Extra += c.unkeyed
	c.report.InTable, c.report.InExport = shownTally(table), shownTally(export)
	return nil
}

// fill reads both sides into a ledger. What is counted over all keys is counted
// in the first pass.
func (c *reconciling) fill(ctx context.Context, ledger *compare.Ledger, first bool) error {
	to := &sides{
		part: func() func(change.Key) bool {
			part := ledger.Part
			return part.Has
		},
		change:  ledger.AddChange,
		row:     ledger.AddRow,
		deleted: ledger.AddTombstone,
		bad: func(folder int64, key change.Key, known bool) error {
			if first {
				c.report.BadRows++
				if folder >= c.judge.Since {
					c.badSince++
				}
			}
			if known {
				return ledger.SetAside(key)
			}
			return nil
		},
		unkeyed: func() {
			if first {
				c.unkeyed++
			}
		},
	}
	if err := c.replay(ctx, to); err != nil {
		return err
	}
	return c.scan(ctx, to)
}

func (c *reconciling) count(key change.Key, f compare.Finding) {
	r := c.report
	if f.Kind == compare.Same && len(f.Export) > 0 {
		c.checked++
	}
	switch f.Kind {
	case compare.Same:
		r.UncheckedRows += f.Given
	case compare.Missing:
		r.Missing++
		c.differing.Add(key)
	case compare.Extra:
		r.Extra++
		c.differing.Add(key)
	case compare.Differs:
		r.Differing++
		c.differing.Add(key)
	case compare.Vanished:
		r.Vanished++
		if c.judge.Type == change.Type2 {
			c.checked++ // its history stays
		}
		c.vanishing.Add(key)
		if int64(len(c.vanished)+1)*int64(len(key)) <= c.Options.Memory/vanishedShare {
			c.vanished = append(c.vanished, key)
		}
	case compare.Unchecked:
		r.Unchecked++
		r.UncheckedRows += f.Given
	case compare.SetAside:
		r.SetAside++
	}
}

// findDifferences reads the rows of the first keys that differ once more, whole.
func (c *reconciling) findDifferences(ctx context.Context) error {
	keys := c.differing.Keys()
	if len(keys) == 0 {
		return nil
	}
	found := map[change.Key]*compare.History{}
	for _, key := range keys {
		found[key] = &compare.History{}
	}
	to := &sides{
		part: func() func(change.Key) bool {
			return func(key change.Key) bool { return found[key] != nil }
		},
		cells: true,
		change: func(known compare.Change) error {
			h := found[known.Key]
			h.Changes = append(h.Changes, known)
			return nil
		},
		row: func(key change.Key, r compare.Row) error {
			found[key].Rows = append(found[key].Rows, r)
			return nil
		},
		deleted: func(key change.Key, t compare.Tombstone) error {
			found[key].Tombstones = append(found[key].Tombstones, t)
			return nil
		},
		bad:     func(int64, change.Key, bool) error { return nil },
		unkeyed: func() {},
	}
	if err := c.replay(ctx, to); err != nil {
		return err
	}
	if err := c.scan(ctx, to); err != nil {
		return err
	}
	var names []string
	for _, f := range c.schema {
		names = append(names, f.Name)
	}
	for _, key := range slices.SortedFunc(maps.Keys(found), func(a, b change.Key) int { return slices.Compare(a[:], b[:]) }) {
		finding := c.judge.Key(key, found[key])
		c.report.Differences = append(c.report.Differences, compare.Difference(c.judge.Type, key, names, found[key], finding))
	}
	return nil
}
