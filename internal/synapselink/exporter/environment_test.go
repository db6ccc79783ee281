package exporter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// TestEnvironmentsShareAContainer: exports in folders of their own, with the
// same table in both.
func TestEnvironmentsShareAContainer(t *testing.T) {
	store := newStore()
	var sims []*exporter.Simulator
	for i, root := range []string{"prod", "test"} {
		o := only("lead", 10)
		o.Root, o.Environment, o.Seed = root, root, uint64(i+1)
		sim, err := exporter.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := sim.Initial(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		sims = append(sims, sim)
	}
	step(t, sims[0], store)
	if got := read(t, store, "test/Changelog/changelog.info"); got != sims[1].OpenFolder() || got == sims[0].OpenFolder() {
		t.Errorf("changelog.info of test names %s", got)
	}
	for _, p := range paths(t, store, "") {
		if !strings.HasPrefix(p, "prod/") && !strings.HasPrefix(p, "test/") {
			t.Errorf("%s is in neither environment", p)
		}
	}
	if gone, err := sims[1].Expire(t.Context(), store, 5); err != nil || len(gone) != 1 || len(paths(t, store, "prod/"+firstFolder+"/")) == 0 {
		t.Errorf("deleted %v, %v", gone, err)
	}
}

// TestDirectTablesAndVirtualEntities: both kinds of F&O tables, beside those of
// Dataverse.
func TestDirectTablesAndVirtualEntities(t *testing.T) {
	sim, store := begin(t, options(5))
	for table, kind := range map[string]string{
		"inventtrans": "1900.csv", "custtable": "2024.csv", "mserp_custcustomerv3entity": "2024.csv", "account": "2024.csv",
	} {
		if files := paths(t, store, firstFolder+"/"+table+"/"); !slices.Contains(files, firstFolder+"/"+table+"/"+kind) {
			t.Errorf("%s has files %v", table, files)
		}
	}
	virtual, direct := sim.Columns("mserp_custcustomerv3entity"), sim.Columns("custtable")
	if last := virtual[len(virtual)-1].Name; last != "createdon" {
		t.Errorf("the virtual entity ends in %s", last)
	}
	if !slices.ContainsFunc(direct, func(c exporter.Column) bool { return c.Name == "recid" }) {
		t.Error("the direct table has no recid")
	}
}

func TestEmptyTablesFillTheManifest(t *testing.T) {
	o := only("lead", 3)
	o.EmptyTables = 299
	sim, store := begin(t, o)
	folder := step(t, sim, store)
	text := read(t, store, folder+"/model.json")
	var m struct {
		Entities []struct {
			Name       string
			Attributes []struct{ Name, DataType string }
			Partitions []struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Entities) != 300 || len(text) < 1_600_000 || len(text) > 1_800_000 {
		t.Errorf("%d tables in %d bytes, real ones have 300 in 1.7 MB", len(m.Entities), len(text))
	}
	names := make([]string, len(m.Entities))
	for i, e := range m.Entities {
		names[i] = e.Name
		if e.Name != "lead" && (len(e.Attributes) < 40 || len(e.Partitions) > 0) {
			t.Errorf("%s has %d columns and %d files", e.Name, len(e.Attributes), len(e.Partitions))
		}
	}
	if !slices.IsSorted(names) {
		t.Error("the tables are not in order of their names")
	}
	if got := fmt.Sprint(sim.Tables()); got != "[lead]" {
		t.Errorf("tables that can be followed: %s", got)
	}
}
