package exporter_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// TestColumnsAreThoseOfTheSamples compares names and order with columns that
// were seen in real exports.
func TestColumnsAreThoseOfTheSamples(t *testing.T) {
	for table, file := range map[string]string{
		"account":     "microsoft-adf-template/account_columns_in_csv_order.txt",
		"contact":     "ce-csv-order/contact.tsv",
		"lead":        "ce-csv-order/lead.tsv",
		"opportunity": "ce-csv-order/opportunity.tsv",
	} {
		t.Run(table, func(t *testing.T) {
			sim, err := exporter.New(only(table, 1))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range sim.Columns(table) {
				got = append(got, c.Name)
			}
			want := sampleColumns(t, file)
			if table == "account" {
				// the template leaves IsDelete out; its last column came later
				want = slices.Insert(want, len(want)-1, "IsDelete")
			}
			if !slices.Equal(got, want) {
				t.Errorf("columns differ from %s:\n got %v\nwant %v", file, got, want)
			}
		})
	}
}

func sampleColumns(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "samples", filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("SLUICE_REQUIRE_SAMPLES") != "1" {
		t.Skipf("samples are not there: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		name, _, _ := strings.Cut(line, "\t")
		if i == 0 && name == "name" {
			continue
		}
		names = append(names, name)
	}
	return names
}

func TestRootIsAFolderOfTheStore(t *testing.T) {
	o := only("lead", 3, exporter.LateManifest)
	o.Root = "prod"
	sim, store := begin(t, o)
	step(t, sim, store)
	for _, p := range paths(t, store, "") {
		if !strings.HasPrefix(p, "prod/") {
			t.Errorf("%s lies outside of prod", p)
		}
	}
	if attributes(t, store, "prod/model.json", "lead") == nil {
		t.Error("prod/model.json has no lead")
	}
	resumed, err := exporter.Resume(t.Context(), store, exporter.Options{Root: "prod"})
	if err != nil || resumed.OpenFolder() != sim.OpenFolder() {
		t.Errorf("resumed at another place: %v", err)
	}
}
