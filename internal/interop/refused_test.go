package interop_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// tooMuch are statements of Spark after which a table asks something of its
// writers that Sluice cannot do, with the words that must name it. Where the
// feature can only be had from the start, Spark makes the table.
var tooMuch = []struct {
	feature, statements string
}{
	{"checkConstraints", "alter table {table} add constraint positive check (versionnumber > 0)"},
	{"columnMapping", "alter table {table} set tblproperties ('delta.columnMapping.mode' = 'name')"},
	{"appendOnly", "alter table {table} set tblproperties ('delta.appendOnly' = 'true')"},
	{"changeDataFeed", "alter table {table} set tblproperties ('delta.enableChangeDataFeed' = 'true')"},
	{"rowTracking", "alter table {table} set tblproperties ('delta.enableRowTracking' = 'true')"},
	{"typeWidening", "alter table {table} set tblproperties ('delta.enableTypeWidening' = 'true')"},
	{"allowColumnDefaults", "alter table {table} set tblproperties ('delta.feature.allowColumnDefaults' = 'supported'); alter table {table} alter column Name set default 'nobody'"},
	{"clustering", "alter table {table} cluster by (versionnumber)"},
	{"timestamp_ntz", "alter table {table} set tblproperties ('delta.feature.timestampNtz' = 'supported'); alter table {table} add columns (wall_clock timestamp_ntz)"},
	{"generatedColumns", created("twice bigint generated always as (versionnumber * 2)", "")},
	{"identityColumns", created("serial bigint generated always as identity", "")},
	{"invariants", created("ownerid string not null", "")},
	{"partition columns", created("statuscode bigint", "partitioned by (statuscode)")},
}

// created is a statement that makes a table with the marks of Sluice's own, and
// with one column of another kind.
func created(column, clause string) string {
	return "create table {table} (Id string, versionnumber bigint, " + column + ") using delta " + clause +
		" tblproperties ('sluice.source' = 'dynamics365:" + exportedTable + "', 'sluice.scdType' = '1')"
}

func TestTablesThatAskTooMuchAreRefused(t *testing.T) {
	w := way{change.Type1, true}
	for _, asked := range tooMuch {
		t.Run(asked.feature, func(t *testing.T) {
			l := newLake(t)
			l.follow(exportedTable, w)
			export, path := newExport(l.source), l.path(exportedTable, w)
			export.folder(t, told{1, "U10"}, told{2, "U10"})
			if !strings.HasPrefix(asked.statements, "create") {
				l.run(t)
			}
			spark(t, path, asked.statements)
			before := contents(t, path)
			export.folder(t, told{1, "U20"}, told{2, "D20"}, told{3, "U10"})
			checkRefusal(t, l.tryRun(), asked.feature)
			if diff := gocmp.Diff(before, contents(t, path)); diff != "" {
				t.Errorf("the table was changed although it was refused (-before +after):\n%s", diff)
			}
		})
	}
}

// spark runs statements that "; " parts.
func spark(t *testing.T, path, statements string) {
	t.Helper()
	for sql := range strings.SplitSeq(statements, "; ") {
		_, err := interop.Start(t, interop.Spark).Statement(path, sql)
		need(t, err)
	}
}

// checkRefusal wants an error that names table and feature.
func checkRefusal(t *testing.T, result report.Result, feature string) {
	t.Helper()
	if len(result.Tables) != 1 || result.Tables[0].State != report.Failed || result.Tables[0].Error == nil {
		t.Fatalf("got %+v, want that the table is refused", result)
	}
	e := result.Tables[0].Error
	if e.Code != "UNSUPPORTED_TABLE" || !strings.Contains(e.Message, feature) || !strings.Contains(e.Message, destination(exportedTable, way{change.Type1, true})) {
		t.Errorf("got %s: %s, want a refusal that names the table and %s", e.Code, e.Message, feature)
	}
}

// contents are all files of a folder, by path, with their sizes and times.
func contents(t *testing.T, folder string) []string {
	t.Helper()
	var list []string
	need(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		list = append(list, fmt.Sprintf("%s %d %s", path, info.Size(), info.ModTime()))
		return nil
	}))
	return list
}
