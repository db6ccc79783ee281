// Package change says what a table must contain after a set of changes: keys,
// their order, and SCD type 1 and 2, as pure functions.
//
// # Order
//
// The changes of one key are ordered by version, delete after upsert,
// SinkModifiedOn, folder, file, row. Changes of different keys have no order.
// The result depends on the set of changes alone; how the set was cut into
// batches, in which order these were applied and what was repeated has no
// influence.
//
// A delete without version stands directly behind the greatest version that its
// folder or an earlier one delivered for the key, also when such a change
// becomes known later. It closes a row at that version + 1.
//
// A change that is delivered again, equal in version, SinkModifiedOn and all
// columns, is the same change and leaves the table as it is. (Its row keeps the
// place of the first delivery. That could be told from the letter of the rule
// above only by a third delivery of the same version and SinkModifiedOn with
// other columns, from a folder between the two, that is applied late.)
//
// # What must be remembered
//
// A table holds rows; the rules need a little more. Beside each row its
// [Fact.Folder] is kept (and [Fact.First], where the version was delivered
// earlier by another change), and each delete that future changes could still
// meet is kept as a tombstone. [Resolver.Resolve] takes what the table holds of
// a key and what is new, and says what stays, what is written and which
// tombstones are added. It is exact: applying the batches of a history one
// after the other gives what [Model] says of the whole.
package change
