// Package local applies batches of changes to Delta tables with the means of
// one process.
//
// A batch goes through five steps and ends in one commit:
//
//	collect   read and type the changes; small batches are kept in memory,
//	          large ones are written to new data files at once
//	locate    find what the table holds of the keys that changed
//	resolve   decide per key what stays, what ends, what is written
//	write     survivors of a small batch; rows whose end changed; tombstones
//	commit    new files, deletion vectors of the files that lose rows, cursor
//
// A row has an address: the holder it is in (a data file of the table, a data
// file written by this batch, a block in memory) and its position there. All
// steps after collect speak of addresses alone, so that small and large
// batches, first loads and increments are one flow.
//
// # Physical columns
//
// Beside the columns of the table, data files carry columns that are not in
// the table's schema, as Delta readers ignore these:
//
//	_sluice_folder     long  folder that delivered the row, 20240911162910
//	_sluice_first      long  earlier folder that delivered the same version
//	                         with other columns; else null
//	_sluice_modified   time  SinkModifiedOn, where the table has not that column
//	_sluice_tombstone  int   1: a delete, 2: a delete without version;
//	                         null for rows
//
// A tombstone is a row with Id, versionnumber and IsDelete that its file's
// deletion vector marks from the start: no reader sees it, and it is as atomic
// and durable as the data. Tables without deletion vectors keep their
// tombstones in a file of their own, see [tombstoneFile].
//
// # Files of a Type2 table
//
// Rows without an end are in other data files than rows that have one. Those
// without are written again when they end, and a data file gives a row at the
// price of a page for each column. So the rows of such a file are kept whole on
// local disk too, in a [rowcache.File] beside the key index.
package local
