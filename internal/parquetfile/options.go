package parquetfile

import (
	"cmp"
	"errors"
	"fmt"
)

// Options shape the files of a [Writer]. The zero value is a good choice.
type Options struct {
	// RowGroupRows ends a row group at that many rows. Default: 131072, and
	// proportionally fewer beyond 100 columns, at least 8192.
	RowGroupRows int
	// RowGroupBytes ends a row group when the writer holds about that many
	// bytes of memory for it. Default: 64 MiB.
	RowGroupBytes int64
	// PageBytes is the uncompressed size at which a page ends; a page has at
	// least one value, however large. Default: 256 KiB, less for wide tables and
	// small row groups, because every open column holds two pages of memory.
	PageBytes int
	// ZstdLevel is a level of the zstd command, 1 to 22. Default: 1.
	ZstdLevel int
	// Dictionary forces dictionary encoding on or off for the columns that it
	// names. The others are sampled at the start of each row group.
	Dictionary map[string]bool
	// CreatedBy is the footer's created_by. Readers expect the form
	// "application version number". Default: "sluice version 1.0".
	CreatedBy string
}

const (
	defaultRowGroupRows  = 128 << 10
	minRowGroupRows      = 8 << 10
	manyColumns          = 100
	defaultRowGroupBytes = 64 << 20
	maxPageBytes         = 256 << 10
	minPageBytes         = 8 << 10
	openPagesBytes       = 16 << 20 // what the open pages of all columns may sum up to
	openPagesShare       = 4        // and which part of the row group's bytes
)

// withDefaults fills in what was left zero for a table of that many columns.
func (o Options) withDefaults(columns int) (Options, error) {
	if o.RowGroupRows < 0 || o.RowGroupBytes < 0 || o.PageBytes < 0 || o.PageBytes > maxValueBytes {
		return o, errors.New("parquet writer: sizes must not be negative, nor a page larger than 1 GiB")
	}
	if o.ZstdLevel < 0 || o.ZstdLevel > 22 {
		return o, fmt.Errorf("parquet writer: zstd level %d: must be 1 to 22", o.ZstdLevel)
	}
	o.RowGroupRows = cmp.Or(o.RowGroupRows, rowsFor(columns))
	o.RowGroupBytes = cmp.Or(o.RowGroupBytes, defaultRowGroupBytes)
	o.PageBytes = cmp.Or(o.PageBytes, pageBytesFor(columns, o.RowGroupBytes))
	o.ZstdLevel = cmp.Or(o.ZstdLevel, 1)
	o.CreatedBy = cmp.Or(o.CreatedBy, "sluice version 1.0")
	return o, nil
}

func pageBytesFor(columns int, groupBytes int64) int {
	open := int(min(openPagesBytes, groupBytes/openPagesShare))
	return min(max(open/columns, minPageBytes), maxPageBytes)
}

func rowsFor(columns int) int {
	if columns <= manyColumns {
		return defaultRowGroupRows
	}
	return max(defaultRowGroupRows*manyColumns/columns, minRowGroupRows)
}
