package synapselink

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
)

// labelExport is an export with label files in one folder, each given as name and
// lines.
func labelExport(t testing.TB, files ...string) (*Export, FolderFiles) {
	t.Helper()
	const folder = "2024-01-01T10.00.00Z"
	export := newExport(t)
	for i := 0; i < len(files); i += 2 {
		put(t, export.Store, folder+"/OptionsetMetadata/"+files[i], files[i+1])
	}
	found, err := export.FolderTables(t.Context(), name(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	return export, found
}

// readLabels reads the files of one table of labels.
func readLabels(t testing.TB, export *Export, files []File, folder FolderName, table string) ([]string, []change.Change, error) {
	t.Helper()
	e, ok := LabelEntity(table)
	if !ok {
		t.Fatalf("%s is no table of labels", table)
	}
	mine := slices.DeleteFunc(slices.Clone(files), func(f File) bool { return f.Table != table })
	if len(mine) == 0 {
		t.Fatalf("there are no files of %s among %v", table, files)
	}
	part := FolderPart{Folder: folder, Entity: e, Files: mine}
	return readTable(t, export, []FolderPart{part}, schemaOf(t, e, Selection{}), Selection{}, SourceOptions{})
}

// withoutID takes the made up Ids out of rows and gives them beside.
func withoutID(rows []string) (rest, ids []string) {
	for _, row := range rows {
		id, text, _ := strings.Cut(row, " ")
		rest, ids = append(rest, text), append(ids, id)
	}
	return rest, ids
}

func TestLabelFiles(t *testing.T) {
	for _, c := range []struct {
		table, lines string
		want         []string
	}{
		{"OptionsetMetadata", `"account","industrycode",1,False,1033,"Accounting, ""big"""` + "\r\n" + `account,industrycode,2,True,1031,"Landwirtschaft",A-2` + "\n", []string{
			`EntityName="account" OptionSetName="industrycode" Option=1 IsUserLocalizedLabel=false LocalizedLabelLanguageCode=1033 LocalizedLabel="Accounting, \"big\""`,
			`EntityName="account" OptionSetName="industrycode" Option=2 IsUserLocalizedLabel=true LocalizedLabelLanguageCode=1031 LocalizedLabel="Landwirtschaft" ExternalValue="A-2"`,
		}},
		{"GlobalOptionsetMetadata", `"budgetstatus",1,False,1033,"Can Buy","budgetstatus","lead"`, []string{
			`OptionSetName="budgetstatus" Option=1 IsUserLocalizedLabel=false LocalizedLabelLanguageCode=1033 LocalizedLabel="Can Buy" GlobalOptionSetName="budgetstatus" EntityName="lead"`,
		}},
		{"StateMetadata", `"account",0,False,1033,"Active"`, []string{
			`EntityName="account" State=0 IsUserLocalizedLabel=false LocalizedLabelLanguageCode=1033 LocalizedLabel="Active"`,
		}},
		{"StatusMetadata", `"account",0,1,False,1033,`, []string{
			`EntityName="account" State=0 Status=1 IsUserLocalizedLabel=false LocalizedLabelLanguageCode=1033`,
		}},
		{"TargetMetadata", `"contact","parentcustomerid","account","accountid"`, []string{
			`EntityName="contact" AttributeName="parentcustomerid" ReferencedEntity="account" ReferencedAttribute="accountid"`,
		}},
	} {
		t.Run(c.table, func(t *testing.T) {
			export, files := labelExport(t, c.table+".csv", c.lines)
			rows, changes, err := readLabels(t, export, files.Labels, name(t, "2024-01-01T10.00.00Z"), c.table)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := withoutID(rows)
			for i := range c.want {
				c.want[i] += " versionnumber=20240101100000"
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			for _, ch := range changes {
				if ch.Version != 20240101100000 || ch.Folder != 20240101100000 || ch.Delete || ch.Unversioned {
					t.Errorf("change %+v", ch)
				}
			}
		})
	}
}

// TestLabelIds: a label keeps its Id from folder to folder whatever its text, and no
// two labels share one. The Ids are in people's tables: they must not change.
func TestLabelIds(t *testing.T) {
	lines := []string{
		`"account","statuscode",1,False,1033,"Active"`,
		`"account","statuscode",1,True,1033,"Open","x"`, // the same label in other words
		`"account","statuscode",1,False,1031,"Aktiv"`,
		`"account","statuscode",11,False,1033,"Active"`,
		`"account","statuscode1",1,False,1033,"Active"`,
		`"accounts","tatuscode",1,False,1033,"Active"`,
	}
	export, files := labelExport(t, "OptionsetMetadata.csv", strings.Join(lines, "\n"))
	rows, _, err := readLabels(t, export, files.Labels, name(t, "2024-01-01T10.00.00Z"), "OptionsetMetadata")
	if err != nil {
		t.Fatal(err)
	}
	_, ids := withoutID(rows)
	if want := `Id="f4961ce0-ab08-541f-b455-9970ae429d87"`; ids[0] != want {
		t.Errorf("the first Id is %s, it was %s", ids[0], want)
	}
	if ids[1] != ids[0] {
		t.Errorf("one label has the Ids %s and %s", ids[0], ids[1])
	}
	slices.Sort(ids)
	if got := len(slices.Compact(ids)); got != len(lines)-1 {
		t.Errorf("%d different Ids for %d labels", got, len(lines)-1)
	}
}

func TestBadLabels(t *testing.T) {
	for _, c := range []struct {
		line, says string
		err        error
	}{
		{`"account",0,False,1033`, "4 cells where StateMetadata has 5: EntityName, State, IsUserLocalizedLabel, LocalizedLabelLanguageCode, LocalizedLabel", ErrRowTooShort},
		{`"account",0,False,1033,"Active",1`, "6 cells where StateMetadata has 5", ErrRowTooLong},
		{`"account",none,False,1033,"Active"`, `column 2 State: cannot read "none" as long`, ErrNumber},
		{`"account",0,perhaps,1033,"Active"`, `column 3 IsUserLocalizedLabel: cannot read "perhaps" as boolean`, ErrBoolean},
		{`"account",0,False,1033,"Act"ive"`, "quote", ErrQuote},
	} {
		export, files := labelExport(t, "StateMetadata.csv", `"account",1,False,1033,"Inactive"`+"\n"+c.line+"\n")
		_, _, err := readLabels(t, export, files.Labels, name(t, "2024-01-01T10.00.00Z"), "StateMetadata")
		if !errors.Is(err, c.err) || !strings.Contains(fmt.Sprint(err), c.says) || !strings.Contains(fmt.Sprint(err), "line 2") {
			t.Errorf("%s: %v, want it to say %s", c.line, err, c.says)
		}
	}
}

// TestLabelsAtTheRoot come before those of any folder, whatever they are found as.
func TestLabelsAtTheRoot(t *testing.T) {
	export := newExport(t, "OptionsetMetadata/StateMetadata.csv", `"account",0,False,1033,"Active"`,
		"OptionsetMetadata/readme.txt", "", "OptionsetMetadata/Other.csv", "1,2")
	files, err := export.RootLabels(t.Context())
	if err != nil || len(files) != 1 || files[0].Table != "StateMetadata" {
		t.Fatalf("%v, %v", files, err)
	}
	oldest := name(t, "2024-01-01T00.00.00Z")
	root := RootBefore(oldest)
	if root.Compare(oldest) >= 0 || root.String() != "root" {
		t.Errorf("the root is placed at %s, %d", root, root.Digits())
	}
	_, changes, err := readLabels(t, export, files, root, "StateMetadata")
	if err != nil || len(changes) != 1 || changes[0].Version != 20231231235959 {
		t.Errorf("%v, %v", changes, err)
	}
}
