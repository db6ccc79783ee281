package synapselink

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/storage/local"
)

// TestSampleExport reads the published F&O export from opening to rows.
func TestSampleExport(t *testing.T) {
	store, err := local.New(samplePath(t, "export-fno"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	found, err := FindEnvironments(ctx, store)
	if err != nil || len(found.Whole) != 1 || found.Whole[0] != "" {
		t.Fatalf("environments %q, %v", found, err)
	}
	e := &Export{Store: store}
	if err := e.Open(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := e.Listing(ctx, FolderName{})
	if err != nil || len(l.Ready()) != 3 || l.Current.Digits() != 20200101040000 {
		t.Fatalf("listing %+v, %v", l, err)
	}
	const table = "dimensionattributelevelvalue"
	var target batch.Schema
	var parts []FolderPart
	for _, folder := range l.Ready() {
		files, err := e.FolderTables(ctx, folder)
		if err != nil || len(files.Unknown) != 0 {
			t.Fatalf("%s: %v, %v", folder, files.Unknown, err)
		}
		schema, err := e.TableSchema(ctx, folder, table)
		if err != nil {
			t.Fatal(err)
		}
		m, err := MergeSchema(target, schema, Selection{History: true})
		if err != nil {
			t.Fatal(err)
		}
		target = m.Schema
		parts = append(parts, FolderPart{Folder: folder, Entity: schema, Files: files.Tables[table]})
	}
	rows, changes, err := readTable(t, e, parts, target, Selection{History: true}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(target) != 25 || len(rows) != 9 {
		t.Fatalf("%d columns and %d rows, want 25 and 9", len(target), len(rows))
	}
	deleted := `Id="50bff458-d47a-4924-804b-31c0a83108e6" SinkCreatedOn=2020-01-01T12:00:00Z SinkModifiedOn=2020-01-01T12:00:00Z versionnumber=3111000001 IsDelete=true`
	if d := cmp.Diff(deleted, rows[8]); d != "" || !changes[8].Delete || changes[8].Version != 3111000001 {
		t.Errorf("delete %+v (-want +got):\n%s", changes[8], d)
	}
	first := rows[0]
	for _, want := range []string{`createdon=2020-01-01T00:15:00Z`, `dataareaid="dat"`, `versionnumber=2111000001`} {
		if !strings.Contains(first, want) {
			t.Errorf("first row %s lacks %s", first, want)
		}
	}
}

// TestSampleColumns binds wide real tables and reads a row of null columns.
func TestSampleColumns(t *testing.T) {
	for file, columns := range map[string]int{
		"microsoft-adf-template/account_columns_in_csv_order.txt": 192,
		"ce-csv-order/contact.tsv":                                303,
		"ce-csv-order/lead.tsv":                                   209,
		"ce-csv-order/opportunity.tsv":                            170,
		"ce-csv-order/businessunit.tsv":                           98,
	} {
		e := sampleColumns(t, file)
		if len(e.Attributes) != columns {
			t.Errorf("%s: %d columns, want %d", file, len(e.Attributes), columns)
		}
		cells := make([]string, len(e.Attributes))
		cells[e.Index("Id")], cells[e.Index("versionnumber")] = idA, "5"
		rows, _ := mustRead(t, e, strings.Join(cells, ",")+"\n")
		if want := `Id="` + idA + `" versionnumber=5`; len(rows) != 1 || rows[0] != want {
			t.Errorf("%s: %q, want %q", file, rows, want)
		}
	}
}

func sampleColumns(t *testing.T, file string) Entity {
	t.Helper()
	f, err := os.Open(samplePath(t, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e := Entity{Name: "table"}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		column, rest, _ := strings.Cut(lines.Text(), "\t")
		if column == "name" && strings.HasPrefix(rest, "dataType") {
			continue
		}
		kind, _, _ := strings.Cut(rest, "\t")
		e.Attributes = append(e.Attributes, attribute(column, kind))
	}
	return e
}
