// Package pipeline brings the tables of one pipeline up to date: it hands the rows
// of the folders that are new for each table to the engine, folder by folder, and
// says per table what came of it.
//
//	inspect ──▶ reconcile    pipeline ──▶ upkeep    prune
//	    └───────────┴────────────┼───────────┴────────┘
//	                             ▼
//	                           work      what there is to do
//	                             ▼
//	                          report     what is said of it
//
// It does what package work found: one commit for each folder and table, which
// puts the table's cursor there ([Run]); rows that cannot be read go to the table's
// quarantine in the same commit, and come back from there ([RetryQuarantine]). What
// it would do it says without doing it ([MakePlan]).
//
// A table that fails leaves the others alone. The state of a pipeline is in its
// tables: the cursor is part of each commit, and nothing else has to be kept
// between runs. The memo of an update that left nothing to do saves the next one
// from looking, and can be lost.
package pipeline
