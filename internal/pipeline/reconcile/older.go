package reconcile

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/synapselink"
)

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
	for _, f := range c.Env.Listing.Ready() {
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
	for _, f := range c.Env.Listing.Folders {
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

// placesOfRows asks the rows of the table and the deletes that it remembers which
// folders they came from; unknown reports that some rows do not tell.
func (c *reconciling) placesOfRows(ctx context.Context) (found folderSpan, unknown bool, err error) {
	see, span := c.spans()
	all, at := local.Placed(nil, work.Columns)
	err = c.engine.Scan(ctx, c.Snapshot, all[:at.First+1], func(b *batch.Batch) error {
		unknown = unknown || len(b.Cols[at.Folder].Ints) < b.Rows
		for _, digits := range slices.Concat(b.Cols[at.Folder].Ints, b.Cols[at.First].Ints) {
			see(digits)
		}
		return nil
	})
	if err != nil {
		return folderSpan{}, false, err
	}
	err = c.engine.Tombstones(ctx, c.Snapshot, work.ColumnsIn(c.schema), func(facts []change.Fact) error {
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
	entries, err := delta.History(ctx, c.Lake, c.Path(), 0)
	if err != nil {
		return false, err
	}
	see, span := c.spans()
	for _, e := range entries {
		if e.Version > c.Snapshot.Version {
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
