// Package compare compares a table with what the folders that are left of its
// export say, key by key, by the rules of package change and without the engine
// that wrote the table. It does no I/O: rows of both sides are handed in.
//
//	rows of the folders ──▶ Hasher ──▶ ┌────────┐
//	                                   │ Ledger │ ──▶ Judge ──▶ Finding, Tally
//	rows of the table   ──▶ Hasher ──▶ └────────┘
//
// # Memory
//
// A [Ledger] keeps 16 bytes for the content of a row, never the row. When its
// keys outgrow the budget it gives half of them up, by a hash of the key, and
// says which [Part] is to be gone through later: whoever fills it then reads
// both sides once more for each part.
//
//	part 1/1 ──full──▶ 1/2 ──full──▶ 1/4, later: 3/4 and 2/2
//
// # What can be known
//
// Folders are removed, the oldest first, so that the folders that are left need
// not hold all that the table was made from. The table's own rows, and the deletes
// that it remembers, tell which folder each came from: those of folders that are
// gone are taken as given, and what the folders that are left say is put upon them.
// A key whose last state stands only so is [Unchecked], never [Same]: the table would
// be compared with itself. What ended a row that is given is given, too: that another
// program ended it cannot be told then.
//
// A table that was exported again in full ([LastCopy]) may hold rows that the
// source has no more and never marked as deleted: no folder since the copy began
// delivered them. Those are [Vanished]. Where no folder showed the copy under way
// ([Copy].Proven), nobody can tell whether it came in one folder or began before.
package compare
