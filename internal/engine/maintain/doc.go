// Package maintain keeps tables that are changed in small batches cheap to read
// and to change: it merges small files, drops dead rows, removes files that no
// version needs any more, and commits that no checkpoint needs.
//
// # What is due
//
// Files of up to 64 MiB are small. They are sorted into classes by size,
//
//	0 ──────── 1 MiB ──────── 8 MiB ──────── 64 MiB ────────▶
//	  class 0        class 1        class 2        not small
//
// and above class 0 by what they hold (see local.FileKind). Eight files of a
// class are merged, so that after it there are fewer than eight in each. The merge
// goes on with the class above where that is full then. On its way to a large file
// a row is written about six times more, with batches of 20 KiB; fewer with larger
// ones.
//
// A file is written anew, too, when more than a fifth of its rows, and at least
// 4,096, are dead: rows that readers have to pass over. Tombstones do not count:
// they are dead rows that the table needs, and move to files of their own, which
// go as a whole when all of their tombstones have expired, and lose those that
// have with every merge.
//
// # Bounds
//
// So a table that is maintained after each batch has, beside its large files,
// fewer than 8 + 8×2×kinds small ones (40 with type 1, 56 with type 2), and the
// dead rows of a file are at most a fifth of it or 4,095. What a limit of bytes
// leaves undone stays due.
//
// # Others
//
// Ingestion goes first: what a batch touched meanwhile is not committed, and
// nothing is merged while a load is writing files, which would have to start
// over. Readers are never disturbed: files that a merge replaces stay for the
// retention of the table.
package maintain
