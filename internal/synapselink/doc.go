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
// # Planning
//
// [Export.Closed] names the folders after a cursor, [Export.Walk] looks into them
// and gives each with its files and its tables' columns. What they ask of the
// storage, a listing counted as one request for every 5,000 names:
//
//	Closed                changelog.info, names with a space before
//	                      them, EntitySyncFailure, names of the days
//	                      or months from the cursor to now           4 to 6
//	                      without a cursor                           2
//	Walk, each folder     its files, its model.json                  2
//	                      without a model.json, or with an empty one 1
//	                      model.json younger than 15 minutes         3
//	Folder.Entity         of wanted tables                           0
//	                      that only the table's own file describes   1
//	Listing               Closed, and of each folder its model.json  Closed + folders
//	TableSchema, Manifest one of the 16 folders asked for last       0, else 1
//	FolderTables          the folder's files                         1
//	FindEnvironments      the root, each year of more than 5,000
//	                      folders, two of each other folder there,
//	                      three where it holds no model.json         1 + years + 3 × others
//	Open                  changelog.info                             1
//
// A run that finds nothing new makes 4 requests, 5 over midnight, however long the
// export has gone on. Of 1.7 MB of model.json that
// each folder has, hardly a byte differs from the folder before: [schemaPool]
// recognises it, so that neither time nor memory grows with folders times tables.
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
