// Package rows is the content of a simulated export: columns in the order and
// with the types of real tables, values as people type them, and the CSV text
// of one row.
//
// # Cells
//
//	guid      bare, lower case           string    quoted, "" for a quote
//	int64     bare                       date-time quoted, see below
//	decimal   bare, fixed scale          boolean   bare, True or False
//	null      empty                      IsDelete  empty unless a delete
//
//	Sink columns            "1/15/2024 8:05:00 AM"
//	createdon               "2018-05-25T16:21:09.0000000+00:00"
//	F&O date-time, date     "2025-02-03T09:52:01.0000000Z"  "2025-02-15T00:00:00.0000000"
//	CE date-time            "2021-06-25T16:21:12Z"
//	createdon of a delete   "0001-01-01T00:00:00.0000000"
//
// # Shapes
//
// shapes/*.txt lists each table's columns in CSV order:
//
//	@display person                        what a lookup's name column shows
//	@family fo                             ce (default), fo or virtual
//	@tableid 4277                          F&O: bytes 0-3 of every Id
//	@partition 1900                        no createdon of its own
//	string firstname:50=first jobtitle:100=~word(job)%80
//
// A line is a data type and columns of it: name, ":" maximum length, "=" what
// fills it. A column without "=" is empty (zero in F&O tables, which know no
// null). "~" marks values that updates change, "@x" draws from the random
// source called x so that columns agree, "%80" leaves one in five empty.
// The inventtrans list has the 88 columns and the types of a real one; five
// names that are not publicly known stand there as con_….
package rows
