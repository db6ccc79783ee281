// Package pipeline brings the tables of one pipeline up to date: it finds out
// which folders of the export are new for each table, hands their rows to the
// engine folder by folder, and says per table what came of it.
//
//	environment   export, closed folders, files of each folder: one listing
//	              serves all tables
//	target        a table of the lake: its snapshot tells the cursor
//	work          the folders between the two
//	result        counts, cursor, version or error, per table
//
// A table that fails leaves the others alone. The state of a pipeline is in its
// tables: the cursor is part of each commit, and nothing else has to be kept
// between runs.
package pipeline
