package obs

// Keys of attributes. One name for one thing everywhere, so that a search for
// it finds all lines about it.
const (
	KeyPipeline   = "pipeline"   // key of the pipeline
	KeyUpdate     = "update"     // id of the update
	KeyTable      = "table"      // catalog/schema/table below the lake
	KeySource     = "source"     // table of the export
	KeyConnection = "connection" // name of the connection
	KeyFolder     = "folder"     // name of a folder of the export
	KeyFile       = "file"       // path of a file in its store
	KeyVersion    = "version"    // version of a Delta table
	KeyURL        = "url"        // place of a lake, an export, a table

	KeyRowsRead        = "rows_read"
	KeyRowsUpserted    = "rows_upserted"
	KeyRowsDeleted     = "rows_deleted"
	KeyRowsSuperseded  = "rows_superseded"
	KeyRowsQuarantined = "rows_quarantined"
	KeyBytes           = "bytes"

	KeyDuration = "duration"
	KeyAttempt  = "attempt" // counts from 1
	KeyError    = "error"
	KeyHint     = "hint" // what to do next
)
