package cli

import (
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/reconcile"
)

// TestReconcileSummary says no more than was compared.
func TestReconcileSummary(t *testing.T) {
	const missed = "; it lacks folders that went before it had them, and needs a full refresh"
	for want, r := range map[string]reconcile.Reconciliation{
		"t matches its export": {Reconciled: reconcile.Reconciled{Verdict: reconcile.Matches}},
		"t matches what is left of its export; 2 keys could not be checked":                   {Reconciled: reconcile.Reconciled{Verdict: reconcile.Matches, Unchecked: 2}},
		"t matches what is left of its export" + missed:                                       {Reconciled: reconcile.Reconciled{Verdict: reconcile.Matches}, Missed: "folders"},
		"t cannot be checked: no folder that is left tells the last state of any of its rows": {Reconciled: reconcile.Reconciled{Verdict: reconcile.NotCheckable}},
		"t has 1 row that vanished from the source":                                           {Reconciled: reconcile.Reconciled{Verdict: reconcile.HasVanished, Vanished: 1}},
		"t has 2 rows that the source seems to have no more":                                  {Reconciled: reconcile.Reconciled{Verdict: reconcile.HasVanished, Vanished: 2}, Blocked: "why"},
	} {
		r.Table = "t"
		if got := reconcileSummary(&r); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}

// TestReconciledBeforeRefresh: status does not call a comparison the table's that a
// full refresh undid.
func TestReconciledBeforeRefresh(t *testing.T) {
	now := time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)
	r := &reconcile.Reconciled{Verdict: reconcile.Matches, At: now.Add(-2 * time.Hour)}
	var p page
	if got := p.reconciled(r, now); got != "MATCHES, 2 h ago" {
		t.Errorf("%q", got)
	}
	r.BeforeRefresh = true
	if got := p.reconciled(r, now); got != "MATCHES, before the full refresh" {
		t.Errorf("%q", got)
	}
}
