// Package reconcile replays the folders that are left of a table's export, compares
// the table with that, and removes rows that vanished from the source without a
// delete marker. What the two sides mean is decided by package compare; here they
// are read, as often as memory makes necessary, and what came of it is kept beside
// the table:
//
//	folders up to the cursor ──▶ ┌─────────┐
//	                             │ compare │ ──▶ Reconciliation ──▶ <table>/_sluice/reconcile.json
//	rows of the table        ──▶ └─────────┘          │
//	                                                  └─ apply: deletes of vanished rows, one commit
package reconcile
