// Package report holds what is said of a pipeline, to people and to programs: the
// result of an update and of each table in it, events with their codes, failures
// with their classes, and the listeners who are told while it goes on. All of it
// is text and numbers that are encoded as JSON: times in UTC, ages in seconds, sizes in
// bytes, tables as catalog.schema.table, folders by their names in the export.
//
//	Result ─┬─ Source       what was found of each environment's export
//	        ├─ TableResult  counts, cursor, version, freshness
//	        ├─ Event        a thing of note: code, level, text, fix
//	        └─ Failure      an error with a code
//
// Every code is in [EventKinds], which docs/events.md is made from. An error gets
// its code by the first class that it wraps, the most telling first; what it should
// be told by is a sentinel of the package that meets it, or one of those here.
package report
