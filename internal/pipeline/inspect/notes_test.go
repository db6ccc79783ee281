package inspect

import (
	"testing"

	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// TestComparisonEndsANote: one of after the copy, which found nothing that is not in
// the export, and it ends no other.
func TestComparisonEndsANote(t *testing.T) {
	const before, copied, after = "2024-01-15T08.00.00Z", "2024-01-15T08.30.00Z", "2024-01-15T09.00.00Z"
	for _, test := range []struct {
		name     string
		compared *reconcile.Reconciled
		left     int
	}{
		{"none", nil, 2},
		{"of before the copy", &reconcile.Reconciled{Verdict: reconcile.Matches, Cursor: before}, 2},
		{"of after it", &reconcile.Reconciled{Verdict: reconcile.Matches, Cursor: after}, 1},
		{"of the copy itself", &reconcile.Reconciled{Verdict: reconcile.Matches, Cursor: copied}, 1},
		{"with rows that vanished", &reconcile.Reconciled{Verdict: reconcile.HasVanished, Cursor: after}, 2},
	} {
		notes := []Note{{Code: report.FolderGap, Folder: before}, {Code: report.TableCopiedAnew, Folder: copied}}
		if got := stillTrue(notes, test.compared); len(got) != test.left {
			t.Errorf("after a comparison %s: %v, want %d notes", test.name, got, test.left)
		}
	}
}
