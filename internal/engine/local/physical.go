package local

import (
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
)

// Columns of a Type2 table.
const (
	startColumn = "__START_AT"
	endColumn   = "__END_AT"
)

// Physical columns, see the package comment.
const (
	folderColumn    = "_sluice_folder"
	firstColumn     = "_sluice_first"
	tombstoneColumn = "_sluice_tombstone"
	// modifiedColumn is there where the table has not the column that
	// Columns.Modified names: the order needs it.
	modifiedColumn = "_sluice_modified"
)

// Values of tombstoneColumn.
const (
	versionedTombstone   = 1
	unversionedTombstone = 2
)

var (
	long    = batch.Type{Kind: batch.Long}
	integer = batch.Type{Kind: batch.Integer}
)

// tableSchema is what readers see: the source's columns and, in a Type2 table,
// the interval.
func tableSchema(source batch.Schema, t change.Type) batch.Schema {
	schema := slices.Clone(source)
	if t == change.Type2 {
		schema = append(schema, batch.Field{Name: startColumn, Type: long}, batch.Field{Name: endColumn, Type: long})
	}
	return schema
}

// layout of the data files of one attempt.
type layout struct {
	source int          // columns of the source, first in every schema
	table  batch.Schema // with the interval
	plain  batch.Schema // and the folder: rows as they come
	full   batch.Schema // and first and tombstone: any row
	// Positions in full, -1 where the table has no such column.
	key, version, modified, del       int
	start, end, folder, first, tombst int
	hidden                            bool // modified is no column of the table
}

func newLayout(b *Batch) layout {
	l := layout{source: len(b.Schema), table: tableSchema(b.Schema, b.Type)}
	l.plain = append(slices.Clone(l.table), batch.Field{Name: folderColumn, Type: long})
	modified := b.Columns.Modified
	if b.Schema.Index(modified) < 0 {
		modified, l.hidden = modifiedColumn, true
		l.plain = append(l.plain, batch.Field{Name: modified, Type: batch.Type{Kind: batch.Timestamp}})
	}
	l.full = append(slices.Clone(l.plain),
		batch.Field{Name: firstColumn, Type: long}, batch.Field{Name: tombstoneColumn, Type: integer})
	l.key, l.version = l.full.Index(b.Columns.Key), l.full.Index(b.Columns.Version)
	l.modified, l.del = l.full.Index(modified), l.full.Index(b.Columns.Delete)
	l.start, l.end = l.full.Index(startColumn), l.full.Index(endColumn)
	l.folder, l.first, l.tombst = l.full.Index(folderColumn), l.full.Index(firstColumn), l.full.Index(tombstoneColumn)
	return l
}

// factSchema are the columns, beside the key, from which a fact is made.
func (l *layout) factSchema() batch.Schema {
	var schema batch.Schema
	for _, i := range []int{l.version, l.modified, l.end, l.folder, l.first, l.tombst} {
		if i >= 0 {
			schema = append(schema, l.full[i])
		}
	}
	return schema
}
