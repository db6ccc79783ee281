package interop_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// tolerable are statements of Spark that alter a table so that nothing
// is asked of its writers that Sluice cannot do.
var tolerable = []struct {
	name, statements string
	// readers that know the feature.
	readers []interop.Engine
	// check what is to be there when Sluice has written to the table.
	check func(t *testing.T, path string)
}{
	{"times in commits", "alter table {table} set tblproperties ('delta.enableInCommitTimestamps' = 'true')", everyEngine, checkCommitTimes},
	{"checkpoints of version 2", "alter table {table} set tblproperties ('delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '1'); " +
		"alter table {table} set tblproperties ('team' = 'sales')", []interop.Engine{interop.Spark, interop.DeltaRS, interop.DuckDB}, checkV2Checkpoint},
	{"marks of its own", "alter table {table} alter column Name comment 'what it is called'; comment on table {table} is 'accounts'; " +
		"alter table {table} set tblproperties ('team' = 'sales')", everyEngine, checkMarks},
	{"a feature that is not in use", "alter table {table} set tblproperties ('delta.feature.allowColumnDefaults' = 'supported', " +
		"'delta.feature.generatedColumns' = 'supported', 'delta.feature.checkConstraints' = 'supported')", quickEngines, checkFeaturesStay},
	{"a constraint that is gone", "alter table {table} add constraint positive check (versionnumber > 0); alter table {table} drop constraint positive", quickEngines, checkFeaturesStay},
}

// TestTablesThatOthersAlteredAreContinued changes tables' metadata, not its rows.
func TestTablesThatOthersAlteredAreContinued(t *testing.T) {
	w := way{change.Type1, true}
	for _, changed := range tolerable {
		t.Run(changed.name, func(t *testing.T) {
			l := newLake(t)
			l.follow(exportedTable, w)
			export, path := newExport(l.source), l.path(exportedTable, w)
			want := &book{scd: w.scd, columns: export.columns}
			want.add(t, export.folder(t, told{1, "U10"}, told{2, "U10"}, told{3, "U10"})...)
			l.run(t)
			spark(t, path, changed.statements)
			export.columns = append(slices.Clone(export.columns), exporter.Column{Name: "Nickname", DataType: "string"})
			want.columns = export.columns
			want.add(t, export.folder(t, told{1, "U20"}, told{2, "D20"}, told{4, "U10"})...)
			l.run(t)
			checkRows(t, path, want, changed.readers...)
			changed.check(t, path)
		})
	}
}

var historyTime = regexp.MustCompile(`timestamp=datetime\.datetime\(([0-9, ]+)\)`)

// checkCommitTimes wants each commit to be later than the one before, although
// by the clock of these tests Sluice writes years earlier than Spark.
func checkCommitTimes(t *testing.T, path string) {
	t.Helper()
	rows, err := interop.Start(t, interop.Spark).Statement(path, "describe history {table}")
	need(t, err)
	var times [][]int64
	for _, row := range rows {
		var at []int64
		for digits := range strings.SplitSeq(historyTime.FindStringSubmatch(row)[1], ", ") {
			at = append(at, number(t, digits))
		}
		times = append(times, at)
	}
	if len(times) != 4 {
		t.Errorf("spark lists %d commits, want 4", len(times))
	}
	// Before the property was set, the time of a commit was that of its file.
	for i := range len(times) - 2 {
		if slices.Compare(times[i], times[i+1]) <= 0 {
			t.Errorf("the times of the newest commits do not rise: %v", times)
		}
	}
}

// checkV2Checkpoint keeps the test honest: Sluice must have met one.
func checkV2Checkpoint(t *testing.T, path string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(path, "_delta_log", "*.checkpoint.*-*-*.*"))
	need(t, err)
	if len(found) == 0 {
		t.Error("spark wrote no checkpoint of version 2")
	}
}

// checkFeaturesStay wants the protocol to be as Spark left it.
func checkFeaturesStay(t *testing.T, path string) {
	t.Helper()
	_, snapshot, err := load(path)
	need(t, err)
	if !slices.Contains(snapshot.Protocol.WriterFeatures, "checkConstraints") {
		t.Errorf("features are lost: %v", snapshot.Protocol.WriterFeatures)
	}
}

// checkMarks wants what Spark said of the table and a column to be there still.
func checkMarks(t *testing.T, path string) {
	t.Helper()
	rows, err := interop.Start(t, interop.Spark).Statement(path, "describe table extended {table}")
	need(t, err)
	text := strings.Join(rows, "\n")
	for _, mark := range []string{"what it is called", "accounts", "team=sales", "Nickname"} {
		if !strings.Contains(text, mark) {
			t.Errorf("%q is not in what Spark says of the table:\n%s", mark, text)
		}
	}
}
