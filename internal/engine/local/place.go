package local

import (
	"slices"

	"github.com/sluicedata/sluice/internal/batch"
)

// Placed is a table's schema with the columns behind it that data files keep
// beside what readers see and that tell where a row came from: the digits of its
// folder, and its SinkModifiedOn where the table has no such column (modified is
// then the last one). Both are null in rows that another program wrote.
func Placed(schema batch.Schema, columns Columns) (all batch.Schema, folder, modified int) {
	all = append(slices.Clone(schema), batch.Field{Name: folderColumn, Type: long})
	folder, modified = len(schema), schema.Index(columns.Modified)
	if modified < 0 {
		modified = len(all)
		all = append(all, batch.Field{Name: modifiedColumn, Type: batch.Type{Kind: batch.Timestamp}})
	}
	return all, folder, modified
}
