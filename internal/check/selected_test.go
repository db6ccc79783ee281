package check

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/spec"
)

// twoTables describes account and contact, cut that breaks off before contact.
func twoTables() (whole, cut string) {
	account := `{"$type":"LocalEntity","name":"account","annotations":[],"partitions":[],"attributes":[{"name":"Id","dataType":"guid"},{"name":"name","dataType":"string"},` +
		sequence64 + `{"name":"IsDelete","dataType":"boolean"}]}`
	contact := strings.ReplaceAll(account, `"account"`, `"contact"`)
	whole = `{"name":"cdm","version":"1.0","entities":[` + account + `,` + contact + `]}`
	return whole, strings.TrimSuffix(whole, contact+`]}`) + contact[:40]
}

// A newest model.json that breaks off matters to the tables with rows in its folder,
// as it does to a run.
func TestNewestManifestBreaksOff(t *testing.T) {
	whole, cut := twoTables()
	for name, tt := range map[string]struct {
		rows string // a file beside the manifest that breaks off
		want Step
	}{
		"no rows": {"account/2024.csv", Step{State: Pass, Reason: "the columns of 2 tables can be read; 1 table without rows in folder 2024-01-15T11.30.00Z, " +
			"whose model.json does not describe them: a run asks nothing of it for them"}},
		"rows": {"contact/2024.csv", Step{State: Fail, Code: "NO_SCHEMA", Reason: "find the schema of table contact in mem://2024-01-15T11.30.00Z: the folder does not describe the table: " +
			"model.json breaks off before it; Microsoft.Athena.TrickleFeedService/contact-model.json does not exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Place{Store: files(t, exportOf(func(f map[string]string) {
				f["model.json"], f["2024-01-15T11.00.00Z/model.json"] = whole, whole
				f["2024-01-15T11.30.00Z/model.json"], f["2024-01-15T11.30.00Z/"+tt.rows] = cut, "x"
			}))}
			s := stepNamed(t, checker(false).Source(t.Context(), p, []spec.Pipeline{pipelineOf("account", "contact")}), "schema")
			if s.State != tt.want.State || s.Code != tt.want.Code || s.Reason != tt.want.Reason {
				t.Errorf("got  %+v\nwant %+v", s, tt.want)
			}
		})
	}
}

// A selected column has to be in a folder that is left, or in the table.
func TestSelectedColumns(t *testing.T) {
	whole, _ := twoTables()
	without := manifestOf(map[string]string{"account": sequence64})
	p := &Place{Store: files(t, exportOf(func(f map[string]string) {
		f["2024-01-15T10.00.00Z/model.json"], f["2024-01-15T11.00.00Z/model.json"] = whole, without
	}))}
	lake, _ := lakeOf(t, "") // its table has SinkModifiedOn, which no folder describes
	for column, reason := range map[string]string{
		"name":           "the columns of 1 table can be read",
		"SinkModifiedOn": "the columns of 1 table can be read",
		"nmae":           `there is no column "nmae"; the nearest is "name"`,
	} {
		want := pipelineOf("account")
		want.Tables[0].Settings.IncludeColumns = []string{column}
		c := checker(false)
		c.LakeStore = lake
		s := stepNamed(t, c.Source(t.Context(), p, []spec.Pipeline{want}), "schema")
		if !strings.Contains(s.Reason, reason) || (s.State == Fail) != (column == "nmae") || (s.Code == "COLUMN_SELECTION") != (column == "nmae") {
			t.Errorf("%s: got %+v", column, s)
		}
	}
}

// A local store takes a folder that is not there for an empty one.
func TestFolderThatIsNotThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "exprot")
	p := &Place{Location: spec.Location{Path: missing}, Store: files(t, nil)}
	s := stepNamed(t, checker(false).Source(t.Context(), p, []spec.Pipeline{pipelineOf("account")}), "list")
	if s.State != Fail || s.Code != "NO_EXPORT" || s.Reason != "folder "+missing+" does not exist" || !strings.Contains(s.Fix, "url") {
		t.Errorf("got %+v", s)
	}
	if s := stepNamed(t, checker(false).Lake(t.Context(), p), "list"); s.State != Pass {
		t.Errorf("a lake that a run makes: %+v", s)
	}
}

func TestFileSystemWithAnotherClock(t *testing.T) {
	c := checker(true)
	c.Now = func() time.Time { return testNow.Add(hours(1)) }
	s := stepNamed(t, c.Lake(t.Context(), &Place{Store: files(t, nil)}), "clock")
	if s.State != Warn || s.Code != "CLOCK" || !strings.HasPrefix(s.Reason, "this machine's clock and the file system's are ") {
		t.Errorf("got %+v", s)
	}
}
