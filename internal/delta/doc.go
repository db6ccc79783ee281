// Package delta reads and writes the transaction log of Delta Lake tables: it
// finds the files and deletion vectors that make up a version, and adds new
// versions by optimistic concurrency. It knows nothing of what the tables hold
// and touches no Parquet file but checkpoints. The source is PROTOCOL.md of
// delta-io/delta.
//
// A table is a folder of a [storage.Store]:
//
//	<root>/
//	  part-….parquet                       data files, named by add actions
//	  deletion_vector_<uuid>.bin           rows that are dead, see [WriteVectors]
//	  _delta_log/
//	    00000000000000000000.json          one commit: a line of JSON an action
//	    00000000000000000001.json
//	    00000000000000000010.checkpoint.parquet                  state as of 10
//	    00000000000000000010.checkpoint.0000000001.0000000002.parquet  …in parts
//	    00000000000000000010.checkpoint.<uuid>.json|parquet      …V2, files in:
//	    _sidecars/<name>.parquet
//	    00000000000000000011.00000000000000000019.compacted.json commits 11–19
//	    _last_checkpoint                   a hint where to begin listing
//
// A version is replayed from the newest complete checkpoint and the commits
// after it, without gaps:
//
//	checkpoint 10      11.json … 19.json      20.json   21.json
//	─────────────      ──────────────────     ─────────────────
//	state as of 10     or 11.19.compacted     → Snapshot{Version: 21}
//
// The log knows files by (path, deletion vector): marking rows of a file dead
// removes (path, old vector) and adds (path, new vector) in one commit.
//
// # Invariants
//
//  1. A [Snapshot] never changes. [Snapshot.Update] and [Commit] return new ones.
//  2. What is read is kept: unknown fields and actions are tolerated, unknown
//     configuration keys survive, what is not understood but must be is refused
//     by name ([FeatureError]).
//  3. A commit is one atomic step, and its [Outcome] is a value of three kinds:
//     committed, conflict, unknown. It is never told from an error alone.
//  4. Paths in actions are URL-encoded, as they stand in the log; [EncodePath]
//     and [DecodePath] go between them and names in the store.
//
// Times are milliseconds since 1970 UTC, sizes are bytes. Errors wrap one of the
// sentinels of this package or of storage.
package delta
