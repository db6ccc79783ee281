// Package state keeps the history of runs in a SQLite file. It is a
// convenience: where tables stand is in the tables, so the file may be deleted at
// any time, and a run goes on when it cannot be written.
//
//	.sluice/
//	├── history.db                  this package's
//	├── history.db-journal          a write under way, or one that was cut off
//	└── history.db.damaged          one that could not be read, moved aside
//
//	runs  1 ──── n  table_results   a table's result as JSON, where there is
//	  │                             something to tell of it
//	  └── 1 ──── n  events          what is of note, of a table or of the run
//
// Times are milliseconds since 1970 in UTC, and so much is kept of them. The
// schema is in migrations/; goose applies what a file of an older version lacks.
//
// The journal is SQLite's plain one and not the write-ahead log: that needs
// memory shared between processes, which network folders do not have, and a
// folder that readers may write to. Writers wait for each other, for [wait] at
// most.
//
// Retention is by age and, as a run every minute of many tables with warnings
// would fill a disk before that, by number of rows.
package state
