package exporter_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// labelFiles are the five kinds, with the number of their columns.
var labelFiles = map[string]int{
	"OptionsetMetadata": 6, "GlobalOptionsetMetadata": 7, "StateMetadata": 5, "StatusMetadata": 6, "TargetMetadata": 4,
}

// labelsIn reads a label file below a folder, "" for the root.
func labelsIn(t *testing.T, store storage.Store, folder, kind string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(read(t, store, folder+"OptionsetMetadata/"+kind+".csv")))
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s of %q: %v", kind, folder, err)
	}
	return lines
}

func TestLabelsOfAllKinds(t *testing.T) {
	sim, store := begin(t, options(5))
	folder := step(t, sim, store)
	for kind, columns := range labelFiles {
		for _, below := range []string{"", firstFolder + "/", folder + "/"} {
			lines := labelsIn(t, store, below, kind)
			if len(lines) < 3 || len(lines[0]) != columns {
				t.Errorf("%s of %q has %d lines of %d columns", kind, below, len(lines), len(lines[0]))
			}
		}
	}
	checkLabelled(t, sim, "lead", "leadsourcecode", labelsIn(t, store, "", "OptionsetMetadata"), 0, 1, 2)
	checkLabelled(t, sim, "lead", "statecode", labelsIn(t, store, "", "StateMetadata"), 0, -1, 1)
	checkLabelled(t, sim, "lead", "statuscode", labelsIn(t, store, "", "StatusMetadata"), 0, -1, 2)
	global := labelsIn(t, store, "", "GlobalOptionsetMetadata")
	checkLabelled(t, sim, "lead", "budgetstatus", global, 6, 0, 1)
	checkLabelled(t, sim, "mserp_custcustomerv3entity", "mserp_onetimecustomer", global, 6, 0, 1)
}

// checkLabelled fails unless every value of a choice has a label. The positions
// are those of entity, column and value in a line; -1 for none.
func checkLabelled(t *testing.T, sim *exporter.Simulator, table, column string, lines [][]string, entity, name, value int) {
	t.Helper()
	known := map[string]bool{"": true}
	for _, line := range lines {
		if line[entity] == table && (name < 0 || line[name] == column) {
			known[line[value]] = true
		}
	}
	rows, err := sim.Expected(table)
	if err != nil {
		t.Fatal(err)
	}
	at := columnIndex(t, sim, table, column)
	for _, r := range rows {
		if !known[r.Cells[at]] {
			t.Errorf("%s.%s: %s has no label among %v", table, column, r.Cells[at], known)
		}
	}
	if len(known) < 2 {
		t.Errorf("%s.%s has no labels", table, column)
	}
}

func TestTargetsAreThoseOfLookups(t *testing.T) {
	_, store := begin(t, only("activitymimeattachment", 3))
	lines := labelsIn(t, store, "", "TargetMetadata")
	want := []string{"activitymimeattachment", "objectid", "email", "emailid"}
	if !slices.ContainsFunc(lines, func(l []string) bool { return slices.Equal(l, want) }) {
		t.Errorf("%v is missing from %v", want, lines)
	}
}

func TestLabelsAdded(t *testing.T) {
	_, store, at := stepsOf(t, 2, only("lead", 5, exporter.LabelsAdded))
	for _, kind := range []string{"OptionsetMetadata", "GlobalOptionsetMetadata", "StatusMetadata"} {
		first, second := labelsIn(t, store, at[1]+"/", kind), labelsIn(t, store, at[2]+"/", kind)
		if len(second) <= len(first) || len(labelsIn(t, store, "", kind)) != len(second) {
			t.Errorf("%s has %d lines, then %d", kind, len(first), len(second))
		}
	}
}
