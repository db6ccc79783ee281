package pipeline

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// What the table was made from and cannot be replayed shows in three places: in the
// listing, where a folder has lost its model.json; in the table's rows and the
// deletes that it remembers, each with its folder; and in the table's log, whose
// commits name their folders. Rows do not tell of a folder that only repeated what
// the table had, so that the log is asked before anything is called different or
// vanished.

// findOlder finds out by the rows, and where another program rewrote some by the
// log, whether the table was made from folders that are gone.
func (c *reconciling) findOlder(ctx context.Context) error {
	c.judge.Type, c.judge.Removals = c.scdType(), c.removals()
	c.behind = c.unreadable()
	if behind, known := c.hole(); known && c.env.oldest.Digits() < behind.Digits() {
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

// folderSpan is of folders that something came from: the oldest of them, and the newest
// that is gone though older ones are left, 0 for none.
type folderSpan struct{ oldest, gone int64 }

// setOlder takes what is known of folders that are gone, and reports whether it is
// more than before.
func (c *reconciling) setOlder(found folderSpan) (more bool) {
	before, was := c.behind, c.judge.OlderGone
	if found.gone > 0 {
		c.behind = max(c.behind, found.gone+1)
	}
	c.judge.Oldest = c.cursor.Digits() + 1 // none is left
	oldest := "up to " + c.cursor.String()
	for _, f := range c.env.listing.Ready() {
		// What has no model.json is not left, whether the table was given it or not.
		if digits := f.Digits(); digits >= c.behind && digits < c.judge.Oldest {
			c.judge.Oldest, oldest = digits, "before "+f.String()
		}
	}
	c.judge.OlderGone = was || found.oldest < c.judge.Oldest || c.behind > 0
	c.report.OlderGone = c.judge.OlderGone
	switch {
	case c.behind > 0:
		c.report.Gone = "of the folders " + oldest + " some are gone or cannot be read; rows that only they brought are unchecked"
	case c.judge.OlderGone:
		c.report.Gone = "folders " + oldest + " are gone; rows that only they brought are unchecked"
	}
	return c.behind > before || c.judge.OlderGone && !was
}

// spans sees one folder after another.
func (c *reconciling) spans() (see func(digits int64), span *folderSpan) {
	left := map[int64]bool{}
	first := int64(math.MaxInt64)
	for _, f := range c.env.listing.Folders {
		left[f.Name.Digits()] = true
		first = min(first, f.Name.Digits())
	}
	for _, r := range c.judge.Removals {
		left[r.Place()] = true // where deletes stand that came from no folder
	}
	span = &folderSpan{oldest: math.MaxInt64}
	return func(digits int64) {
		span.oldest = min(span.oldest, digits)
		if digits > first && digits <= c.cursor.Digits() && !left[digits] {
			span.gone = max(span.gone, digits)
		}
	}, span
}

// unreadable is behind the last folder that the table was given and that cannot
// be read any more, because its model.json went; 0 where there is none.
func (c *reconciling) unreadable() int64 {
	last := int64(0)
	skipped := c.skipped(c.target)
	for _, f := range c.env.listing.Abandoned() {
		if f.Digits() <= c.cursor.Digits() && !slices.ContainsFunc(skipped, func(s synapselink.FolderName) bool { return s.Digits() == f.Digits() }) {
			last = max(last, f.Digits()+1)
		}
	}
	return last
}

// placesOfRows asks the rows of the table and the deletes that it remembers which
// folders they came from; unknown reports that some rows do not tell.
func (c *reconciling) placesOfRows(ctx context.Context) (found folderSpan, unknown bool, err error) {
	see, span := c.spans()
	all, at := local.Placed(nil, columns)
	err = c.engine.Scan(ctx, c.snapshot, all[:at.First+1], func(b *batch.Batch) error {
		unknown = unknown || len(b.Cols[at.Folder].Ints) < b.Rows
		for _, digits := range slices.Concat(b.Cols[at.Folder].Ints, b.Cols[at.First].Ints) {
			see(digits)
		}
		return nil
	})
	if err != nil {
		return folderSpan{}, false, err
	}
	err = c.engine.Tombstones(ctx, c.snapshot, columnsIn(c.schema), func(facts []change.Fact) error {
		for i := range facts {
			see(facts[i].Folder)
			see(facts[i].First)
		}
		return nil
	})
	return *span, unknown, err
}

// askFolders asks the log, back to the last full refresh, and reports whether that
// tells of more folders that are gone.
func (c *reconciling) askFolders(ctx context.Context) (more bool, err error) {
	entries, err := delta.History(ctx, c.Lake, c.path(), 0)
	if err != nil {
		return false, err
	}
	see, span := c.spans()
	for _, e := range entries {
		if e.Version > c.snapshot.Version {
			continue
		}
		for text := range strings.SplitSeq(e.Parameters["folders"], ",") {
			if name, err := synapselink.ParseFolderName(text); err == nil {
				see(name.Digits())
			}
		}
		if e.Operation == replaceOperation {
			break
		}
	}
	return c.setOlder(*span), nil
}
