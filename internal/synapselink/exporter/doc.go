// Package exporter is the simulator: it writes exports as Azure Synapse Link
// for Dataverse does, and says what a table that follows them must contain.
//
// It knows nothing of the packages that read exports. The format is written
// down here a second time, from the same observations, so that a
// misunderstanding on one side shows as a difference.
//
// # What it writes
//
//	model.json                             all tables, as in the newest closed folder
//	Changelog/changelog.info               name of the open folder, no newline
//	OptionsetMetadata/*.csv                labels of choices, headerless
//	.sluice-simulator.json                 what Resume needs; not part of an export
//	2024-01-15T08.00.00Z/                  the initial copy
//	   model.json                          0 bytes until the folder is closed
//	   account/2019.csv  2024_001.csv      by year of createdon, split by size
//	   account/1.csv                       deletes (later folders)
//	   OptionsetMetadata/*.csv
//	   Microsoft.Athena.TrickleFeedService/account-model.json
//	2024-01-15T08.05.00Z/                  a step; only tables with changes
//
// A folder is closed in the order that was observed: the next folder's empty
// model.json, then changelog.info, then the folder's own model.json, then the
// root's.
//
// Package rows holds what stands in the cells and how it is written.
//
// # What goes wrong in real exports
//
// Each of these was met in production. What the service does is a [Fault], or an
// option; what happens to files that are there already is a method, to be called
// between two steps or between a reader's listing and its reading.
//
//	extra empty folder                         empty-folders
//	model.json never appears, rows come again  abandoned-folders, late-folders
//	model.json truncated or without tables     truncated-manifest, cut-manifest, empty-manifest
//	two widths in one file                     column-added-mid-file
//	file times are not commit order            file-times
//	split partitions                           split-partitions, Options.SplitSize
//	leading space in names                     leading-spaces
//	file changes while it is read              Simulator.Rewrite
//	leased blobs                               leased-files, see Leaser
//	table folder absent                        idle-tables
//	rows, versions, folders that come twice    repeated-rows, repeated-versions, repeated-folders
//	initial copy out of version order          out-of-order
//	deletes and inserts of one Id              delete-reinsert, delete-before-insert
//	delete row with Id and IsDelete alone      ids-only-deletes
//	column added to every table at once        column-added-everywhere
//	column or table removed and re-added       column-emptied, column-readded, table-readded
//	re-initialisation                          reinitialised
//	changelog.info ahead of the predecessor    late-manifest
//	two date forms in one file                 mixed-dates
//	declared type changes                      type-changed
//	CRLF, quotes, commas; a cell of 50 MB      crlf-cells, Options.LargeCell
//	folders deleted before they were read      Simulator.Expire
//	export that stands still and resumes       Simulator.Pause
//
// Leases exist in Azure only: with other stores leased-files changes nothing.
//
// # What a reader must make of it
//
// [Simulator.Expected] is what a table holds once all folders are applied. Rows
// that vanished without a delete marker are still part of it, since no reader of
// the folders can know; [Simulator.AtSource] is without them.
//
// # Reproducibility
//
// A row's content is a formula of seed, table, row number and revision. Nothing
// is remembered per row but its revision (4 bytes, from the first Step on) and,
// with the faults that write all rows again, the newest version of those that
// changed. Equal Options and Steps give equal bytes, whatever the machine or the
// clock.
package exporter
