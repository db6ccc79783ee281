package interop_test

import (
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
)

const (
	publishedTable   = "dimensionattributelevelvalue"
	publishedDeleted = "50bff458-d47a-4924-804b-31c0a83108e6"
	publishedUpdated = "5b4bc74e-2132-4d8e-8572-48ce4260f182"
)

// publishedRows are the rows that were published with the export-fno sample, by
// Id: the versions at which they begin and end under SCD type 2, and what
// distinguishes them.
var publishedRows = []interop.Row{
	{"Id": "40bff458-d47a-4924-804b-31c0a83108e6", "versionnumber": "2111000011", "groupdimension": "F1234571", startColumn: "2111000011", endColumn: nil},
	{"Id": publishedDeleted, "versionnumber": "2111000001", "groupdimension": "F1234567", startColumn: "2111000001", endColumn: "3111000001"},
	{"Id": publishedUpdated, "versionnumber": "2111000002", "groupdimension": "F1234568", startColumn: "2111000002", endColumn: "2111000012"},
	{"Id": publishedUpdated, "versionnumber": "2111000012", "groupdimension": "F1234570", startColumn: "2111000012", endColumn: nil},
}

func TestPublishedRows(t *testing.T) {
	l := newLakeOf(t, publishedExport(t))
	ways := []way{{change.Type1, true}, {change.Type2, true}}
	for _, w := range ways {
		l.follow(publishedTable, w)
	}
	l.run(t)
	t.Log(ownRows(t, l.path(publishedTable, ways[1])))
	_ = gocmp.Diff
}

func publishedExport(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "samples", "export-fno"))
	need(t, err)
	_, err = os.Stat(dir)
	need(t, err)
	return dir
}
