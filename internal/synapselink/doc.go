// Package synapselink reads the CSV export that Azure Synapse Link for
// Dataverse leaves in a container, in its incremental folder layout: what is
// there, what is ready, what each table looks like in each folder, and its
// rows as typed columns and changes.
//
//	model.json                              newest schema of all tables
//	Changelog/changelog.info                name of the folder being written now
//	2024-09-11T16.29.10Z/
//	├── model.json                          empty until the folder is finalised
//	├── account/2024.csv 2024_001.csv 1.csv rows, without a header
//	├── OptionsetMetadata/…                 choice labels
//	└── Microsoft.Athena.TrickleFeedService/account-model.json
//
// # A folder's life
//
//	open ──▶ settling ──▶ ready
//	             └──────▶ abandoned
//
// A folder is open while changelog.info does not name a later one, settling
// while its model.json is missing, empty or useless, then ready. A settling
// folder holds back the ones after it. See [States].
//
// # Rows
//
// A row is bound by the model.json of its own folder, never by position in a
// list known from elsewhere:
//
//	attributes  Id  SinkCreatedOn  …  versionnumber  …  IsDelete │ columns added later
//	            ├───────── least legal width ─────────────────┤ │
//	            ├───────── greatest legal width ────────────────┼──────────────┤
//
// [NewSource] gives the rows of one table in several folders as a
// change.Source. Everything that cannot be read exactly is a [*RowError]; no
// value is guessed, shortened or turned into null, but for the conventions of
// the export itself: an empty cell is null, years before 1900 are null, and
// digits below a microsecond are cut.
package synapselink
