// Package quarantine keeps the rows of a table that could not be read, each with
// its place, the reason and its text, and with what the table looked like there:
// a row can be read again when its folder is long gone from the export.
//
// The open quarantine of a table is one file beside its data,
//
//	<table>/_sluice/quarantine-<serial>.jsonl
//
// and which one counts stands in the table's log, in the same commit as data and
// cursor, with the number of rows in it, so that nobody has to open the file to
// know whether there are any:
//
//	{"txn":{"appId":"sluice.quarantine","version":<serial>}}     0: there is none
//	{"txn":{"appId":"sluice.quarantined","version":<rows>}}
//
// A file is never changed. What adds or takes away rows writes another one, and
// the commit that names it makes it count; a commit that fails leaves a file that
// nobody reads.
//
// # File
//
// Lines of JSON, each an object with one key:
//
//	{"header":{"version":1,"table":"main.crm.account","source_table":"account"}}
//	{"form":{"id":"1f0c…","entity":"account","attributes":[{"name":"Id","type":"guid"}, …]}}
//	{"row":{"folder":"2024-01-10T01.00.00Z","file":"2024.csv", …,"form":"1f0c…","raw":"…"}}
//	{"row":{ … }}
//	{"form":{ … }}                      before the first row that has it
//	{"row":{ … }}
//
// A form is the table as a folder's manifest described it; its id is made of its
// content. See [Row] for the fields of a row. The text of a row is "raw", or
// "raw_base64" where it is not UTF-8; of more than 1 MiB the beginning is kept and
// "truncated" is true.
//
// Rows of one batch are in order of folder, file and offset, as far as memory had
// room for them.
package quarantine
