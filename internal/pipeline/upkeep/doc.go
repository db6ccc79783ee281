// Package upkeep looks after the tables of a pipeline: it merges small files and
// files with many dead rows, removes files that no version needs any more, and cleans
// the log. How is the matter of package engine/maintain; here it is decided for which
// tables, how much at a time, and which deletes a table need not remember any more.
//
//	sluice maintain  ──▶ Tables    what is due, or as much as is asked for
//	an update        ──▶ After     a bounded part, of tables that it has written to
package upkeep
