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
// # Reproducibility
//
// A row's content is a formula of seed, table, row number and revision. Nothing
// is remembered per row but its revision (4 bytes, from the first Step on), and
// equal Options and Steps give equal bytes, whatever the machine or the clock.
package exporter
