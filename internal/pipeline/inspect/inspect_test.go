package inspect

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/synapselink"
)

// sourceRow is one of a key, in the folder of those digits.
func sourceRow(folder, version int64, isDelete bool) SourceRow {
	r := SourceRow{Folder: "F", File: "2024.csv", Line: folder, Version: &version, Delete: isDelete}
	r.change = change.Change{Version: version, Folder: folder, Delete: isDelete, Modified: change.NoTime}
	return r
}

func TestTell(t *testing.T) {
	bad := sourceRow(3, 0, false)
	bad.bad = &synapselink.RowError{Reason: "no number"}
	badLater := sourceRow(9, 0, false)
	badLater.bad = bad.bad
	aside := SourceRow{Fate: "quarantined"}
	rows := []SourceRow{sourceRow(1, 10, false), sourceRow(2, 20, false), bad, aside, sourceRow(4, 30, true), sourceRow(9, 40, false), badLater}
	holds := func(folder int64) bool { return folder < 9 }
	for _, test := range []struct {
		kind change.Type
		want []string
	}{
		{change.Type1, []string{
			"superseded: is not in the table: superseded by the delete of version 30 (F/2024.csv line 4)",
			"superseded: is not in the table: superseded by the delete of version 30 (F/2024.csv line 4)",
			"discarded: is not in the table and not set aside any more: no number",
			"quarantined: ",
			"deleted: removed the row",
			"waiting: its folder is not in the table yet; sluice run brings it",
			"waiting: its folder is not in the table yet, and it cannot be read: no number",
		}},
		{change.Type2, []string{
			"version: row of the time [10, 20)",
			"version: row of the time [20, 30)",
			"discarded: is not in the table and not set aside any more: no number",
			"quarantined: ",
			"deleted: closed the row before it at 30",
			"waiting: its folder is not in the table yet; sluice run brings it",
			"waiting: its folder is not in the table yet, and it cannot be read: no number",
		}},
	} {
		told := slices.Clone(rows)
		tell(told, test.kind, holds)
		var got []string
		for _, r := range told {
			got = append(got, r.Fate+": "+r.Note)
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("type %d: %s", test.kind, d)
		}
	}
}

func TestVersionsComeInOrder(t *testing.T) {
	row := func(start string) []report.Cell {
		return []report.Cell{{Column: "Id"}, {Column: "__START_AT", Value: &start}}
	}
	if compareStart(row("9"), row("10")) >= 0 || compareStart(row("10"), row("9")) <= 0 || compareStart(row("9"), []report.Cell{{Column: "Id"}}) <= 0 {
		t.Error("the versions are not in order of their beginning")
	}
}

func TestRowsOfACommit(t *testing.T) {
	ours := map[string]string{local.MetricRead: "9", local.MetricUpserted: "4", local.MetricDeleted: "3", local.MetricSuperseded: "2"}
	if d := cmp.Diff(&report.Rows{Read: 9, Upserted: 4, Deleted: 3, Superseded: 2}, rowsOf(ours)); d != "" {
		t.Error(d)
	}
	ours[local.MetricQuarantined] = "1"
	if got := rowsOf(ours); got.Quarantined != 1 {
		t.Errorf("%+v", got)
	}
	delete(ours, local.MetricDeleted)
	if got := rowsOf(ours); got != nil {
		t.Errorf("a commit of another program has %+v", got)
	}
}
