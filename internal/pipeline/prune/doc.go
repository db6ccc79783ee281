// Package prune removes folders of an export that no table of any pipeline needs any
// more. It is the only one that changes a source.
//
//	older than asked for, and behind changelog.info?    no ──▶ not looked at
//	passed by the cursor of every table that reads it?  no ──▶ kept, with the table
//	skipped by none of them?                            no ──▶ kept, with the table
//	model.json with content, or gone already?           no ──▶ kept
//	                                                   yes ──▶ model.json first, then the rest
package prune
