package interop_test

import (
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
)

const publishedTable = "dimensionattributelevelvalue"

// publishedHistory are the rows of the export-fno sample, whose rows were published, as
// a table with history must hold them: by Id and start, in a few columns.
var publishedHistory = []interop.Row{
	published("40bff458-d47a-4924-804b-31c0a83108e6", "F1234571", "00:15", "2111000011", nil),
	published("50bff458-d47a-4924-804b-31c0a83108e6", "F1234567", "00:15", "2111000001", "3111000001"),
	published("5b4bc74e-2132-4d8e-8572-48ce4260f182", "F1234568", "00:16", "2111000002", "2111000012"),
	published("5b4bc74e-2132-4d8e-8572-48ce4260f182", "F1234570", "00:16", "2111000012", nil),
	published("9633be9a-c485-4afa-8bb7-4ba380eaa206", "F1234578", "00:18", "2111000004", nil),
	published("aae2094d-cd17-42b4-891e-3b268e2b6713", "F1234569", "00:17", "2111000003", nil),
	published("b62c7b67-b8f8-4635-8cef-1c23591d5c4c", "F1234511", "00:19", "2111000005", nil),
	published("bae2094d-2132-4d8e-5571-18cf4260f182", "F1234000", "00:17", "2111111111", nil),
}

func published(id, value, clock, start string, end any) interop.Row {
	return interop.Row{"Id": id, "displayvalue": value, "createdon": "2020-01-01T" + clock + ":00.000000Z",
		"backingrecorddataareaid": nil, "dataareaid": "dat", "IsDelete": nil, "versionnumber": start, startColumn: start, endColumn: end}
}

func TestPublishedRowsAreReadByEveryEngine(t *testing.T) {
	l := newLakeOf(t, sample(t, "export-fno"))
	current, history := way{change.Type1, true}, way{change.Type2, true}
	l.follow(publishedTable, current)
	l.follow(publishedTable, history)
	l.run(t)
	var live []interop.Row
	for _, row := range publishedHistory {
		if row[endColumn] == nil {
			row := maps.Clone(row)
			delete(row, startColumn)
			delete(row, endColumn)
			live = append(live, row)
		}
	}
	if len(live) != 6 {
		t.Fatalf("%d rows are live, the sample's README says 6", len(live))
	}
	for _, engine := range everyEngine {
		checkPublished(t, engine, l.path(publishedTable, current), live)
		checkPublished(t, engine, l.path(publishedTable, history), publishedHistory)
	}
}

func checkPublished(t *testing.T, engine interop.Engine, path string, want []interop.Row) {
	t.Helper()
	columns := slices.Collect(maps.Keys(want[0]))
	got, err := interop.Start(t, engine).Rows(path, interop.Select{Columns: columns})
	need(t, err)
	if diff := gocmp.Diff(want, sorted(got)); diff != "" {
		t.Errorf("%s sees other rows in %s (-want +got):\n%s", engine, path, diff)
	}
}
