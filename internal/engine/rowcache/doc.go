// Package rowcache keeps whole rows on local disk, so that one of them can be
// read without the others. A data file has its rows column by column in pages of
// thousands: to read one row of it, as many pages are decompressed as there are
// columns. Here 64 rows lie together in a block of some kilobytes.
//
// A cache is of one data file and has its rows in their order, so that a row is
// found by its number. It is written once, beside the data file or from it, and
// never changed, as data files are not.
//
//	┌────────┬───────┬───────┬───┬───────┬───────────┬─────────┐
//	│ header │ block │ block │ … │ block │ directory │ trailer │
//	└────────┴───────┴───────┴───┴───────┴───────────┴─────────┘
//
//	header     "SLUICERC" 8 │ version 2 │ length of the schema 4 │ schema │ crc 4
//	block      length of the raw part 4 │ raw part │ columns, compressed as a block of S2 │ crc 4
//	directory  blocks × offset 8 │ its own offset 8
//	trailer    "SLUICERC" 8 │ rows 8 │ length of the directory 4 │ crc of it 4 │ crc 4
//
// Block i has the rows from 64 × i on. The schema is JSON, a list of names and
// types. Each crc is the CRC-32C of all bytes of its part before it; numbers are
// little endian.
//
// # Block
//
// One column after the other, each beginning with its nulls:
//
//	0                 null in all rows, and nothing more
//	1 │ values        no nulls
//	2 │ bits 8 │ …    a bit for each row, the first row's the lowest: 1 for a value
//
// What follows is for the values alone:
//
//	integers    smallest 8 │ width 1 │ count × ( value - smallest ) of that width
//	doubles     count × 8
//	booleans    count × 1
//	wide        0 │ as integers             where all fit 64 bits
//	            1 │ count × 16
//	texts       0 │ lengths, as integers │ their bytes
//	            1 │ count × 16              where all are GUIDs in small letters
//	            2 │ length 4 │ bytes        where all are equal
//
// The bytes of GUIDs, and of integers whose width is 3 or more, are not there but
// one after the other in the raw part: compressing them is vain.
//
// # Damage
//
// [ErrDamaged] tells of it. A cache may be lost at any time: its owner removes it
// and reads the data file.
package rowcache
