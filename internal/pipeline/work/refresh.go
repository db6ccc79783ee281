package work

import (
	"fmt"
	"slices"

	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// CheckRefresh refuses a full refresh that would lose rows, unless the
// configuration takes what is left.
func (t *Target) CheckRefresh() error {
	cursor := t.Cursor()
	if cursor.IsZero() || t.Labels != nil || t.Spec.Settings.OnGap == spec.GapContinues {
		return nil
	}
	if current := t.Env.Listing.Current; current.Digits() <= cursor.Digits() {
		return fmt.Errorf("%w: changelog.info names folder %s, so that only folders before it can be read, and the table holds all up to %s; "+
			"the table stays as it is, until changelog.info names a later folder, or unless on_gap: continue takes what can be read",
			report.ErrRefreshBehind, current, cursor)
	}
	skipped := t.Skipped()
	for _, f := range t.Env.Listing.Folders {
		if f.State == synapselink.Abandoned && f.Name.Compare(cursor) <= 0 &&
			!slices.Contains(skipped, f.Name) {
			return fmt.Errorf("%w: folder %s, which the table holds, cannot be read any more (%s); the table stays as it is, unless on_gap: continue takes what can be read",
				report.ErrRefreshBehind, f.Name, f.Reason)
		}
	}
	if behind, is := t.Holed(); is {
		return fmt.Errorf("%w: %s; the table stays as it is; have it exported again (remove it in Synapse Link and add it), or set on_gap: continue to make it of what is left",
			report.ErrRefreshLoses, t.HoleText(behind))
	}
	if oldest, gone := t.CopyGone(); gone {
		return fmt.Errorf("%w: the folders with the initial copy of %s are gone, the oldest that is left is %s: rows that did not change since then would be lost; "+
			"the table stays as it is; have it exported again (remove it in Synapse Link and add it), or set on_gap: continue to make it of what is left",
			report.ErrRefreshLoses, t.Spec.SourceTable, oldest)
	}
	return nil
}
