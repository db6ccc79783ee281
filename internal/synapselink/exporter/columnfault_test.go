package exporter_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// stepsOf writes so many steps and gives the folders of their rows, the initial
// copy first.
func stepsOf(t *testing.T, n int, o exporter.Options) (*exporter.Simulator, storage.Store, []string) {
	t.Helper()
	sim, store := begin(t, o)
	out := []string{firstFolder}
	for range n {
		out = append(out, step(t, sim, store))
	}
	return sim, store, out
}

// columnOf is the cells of a column in a folder, as its own manifest binds them;
// deletes left out. nil where the folder has no such column.
func columnOf(t *testing.T, store storage.Store, folder, table, column string) []string {
	t.Helper()
	names := attributes(t, store, folder+"/model.json", table)
	at, deleted := slices.Index(names, column), slices.Index(names, "IsDelete")
	if at < 0 {
		return nil
	}
	cells := []string{}
	for _, row := range rowsOf(t, store, folder, table) {
		if row[deleted] == "" {
			cells = append(cells, row[at])
		}
	}
	return cells
}

// filled is how many of some cells are not empty.
func filled(cells []string) int {
	return len(cells) - len(slices.DeleteFunc(slices.Clone(cells), func(c string) bool { return c != "" }))
}

func TestColumnAddedEverywhere(t *testing.T) {
	o := options(10, exporter.ColumnAddedEverywhere)
	sim, store, at := stepsOf(t, 1, o)
	changes := exporter.Changes{Tables: map[string]exporter.Mix{"lead": {Updates: 3}}}
	for _, name := range sim.Tables() {
		if name != "lead" {
			changes.Tables[name] = exporter.Mix{}
		}
	}
	second, err := sim.Step(t.Context(), store, changes)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range sim.Tables() {
		before := attributes(t, store, at[1]+"/model.json", table)
		after := attributes(t, store, second+"/model.json", table)
		if len(after) != len(before)+1 || !slices.Equal(after[:len(before)], before) {
			t.Errorf("%s: %d columns, then %d: %v", table, len(before), len(after), after[len(after)-2:])
		}
	}
	added := columnOf(t, store, second, "lead", "con_loyaltytier")
	if len(added) != 3 || filled(added) != 3 {
		t.Errorf("the new column of lead is %q", added)
	}
}

func TestColumnEmptied(t *testing.T) {
	sim, store, at := stepsOf(t, 4, only("bench", 40, exporter.ColumnEmptied))
	column := changing(t, store, at, "bench", func(cells []string) bool { return filled(cells) == 0 })
	for n, folder := range at {
		cells := columnOf(t, store, folder, "bench", column)
		if empty := filled(cells) == 0; len(cells) == 0 || empty != (n == 2 || n == 3) {
			t.Errorf("step %d: %d of %d cells of %s are filled", n, filled(cells), len(cells), column)
		}
	}
	compareWithModel(t, sim, "bench")
}

// changing finds the column that is special in the second step and not in the
// first.
func changing(t *testing.T, store storage.Store, at []string, table string, special func([]string) bool) string {
	t.Helper()
	for _, name := range attributes(t, store, at[1]+"/model.json", table) {
		if name != "IsDelete" && special(columnOf(t, store, at[2], table, name)) && !special(columnOf(t, store, at[1], table, name)) {
			return name
		}
	}
	t.Fatalf("no column of %s is special in %s", table, at[2])
	return ""
}

func TestColumnReadded(t *testing.T) {
	sim, store, at := stepsOf(t, 4, only("bench", 40, exporter.ColumnReadded))
	column := changing(t, store, at, "bench", func(cells []string) bool { return cells == nil })
	first := attributes(t, store, at[1]+"/model.json", "bench")
	second := attributes(t, store, at[2]+"/model.json", "bench")
	third := attributes(t, store, at[3]+"/model.json", "bench")
	if len(second) != len(first)-1 || len(third) != len(first) || third[len(third)-1] != column || third[len(third)-2] != "IsDelete" {
		t.Errorf("%s: %d, %d and %d columns, the last are %v", column, len(first), len(second), len(third), third[len(third)-2:])
	}
	if cells := columnOf(t, store, at[3], "bench", column); filled(cells) == 0 {
		t.Errorf("%s was re-added without values: %q", column, cells)
	}
	if got := sim.Columns("bench"); len(got) != len(first) || got[slices.Index(first, column)].Name != column {
		t.Errorf("a reader has %s where it was", column)
	}
	compareWithModel(t, sim, "bench")
}

func TestTypeChanged(t *testing.T) {
	sim, store, at := stepsOf(t, 2, options(20, exporter.TypeChanged))
	before, after := regexp.MustCompile(`"name":"modifiedon","dataType":"dateTime"`), regexp.MustCompile(`"name":"modifiedon","dataType":"dateTimeOffset"`)
	for _, c := range []struct {
		folder  string
		has, no *regexp.Regexp
		form    string
	}{
		{at[1], before, after, "Z"},
		{at[2], after, before, ".0000000+00:00"},
	} {
		text := read(t, store, c.folder+"/model.json")
		if !c.has.MatchString(text) || c.no.MatchString(text) || !strings.Contains(text, `"name":"SinkModifiedOn","dataType":"dateTime"`) {
			t.Errorf("%s: the types are not those of the step", c.folder)
		}
		for _, cell := range columnOf(t, store, c.folder, "lead", "modifiedon") {
			if !strings.HasSuffix(cell, c.form) {
				t.Errorf("%s: modifiedon is %s", c.folder, cell)
			}
		}
	}
	compareWithModel(t, sim, "lead")
}

// again is a table that reinitialised and table-readded write again.
const again = "account"

func TestReinitialised(t *testing.T) {
	sim, store, at := stepsOf(t, 3, options(40, exporter.Reinitialised))
	before, err := sim.AtSource(again)
	if err != nil {
		t.Fatal(err)
	}
	at = append(at, step(t, sim, store))
	rows := rowsOf(t, store, at[4], again)
	ids := map[string]bool{}
	for _, row := range rows {
		ids[row[0]] = true
	}
	now, err := sim.AtSource(again)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range now {
		if !ids[r.Cells[0]] {
			t.Errorf("%s is not exported again", r.Cells[0])
		}
	}
	checkVanished(t, sim, before, now)
	if slices.ContainsFunc(paths(t, store, at[4]+"/"+again+"/"), func(p string) bool { return strings.HasSuffix(p, "/1.csv") }) {
		t.Error("there are delete markers")
	}
	if n := len(rowsOf(t, store, at[4], "activitymimeattachment")); n > 20 {
		t.Errorf("a table that goes on has %d rows in the step", n)
	}
	compareWithModel(t, sim, again)
}

// checkVanished fails unless rows went, are expected in the table none the less,
// and are counted.
func checkVanished(t *testing.T, sim *exporter.Simulator, before, now []exporter.Written) {
	t.Helper()
	want, err := sim.Expected(again)
	if err != nil {
		t.Fatal(err)
	}
	c := sim.Counts(again)
	if gone := len(want) - len(now); gone < 3 || int64(gone) != c.Vanished || int64(len(now)) != c.Live {
		t.Errorf("%d rows were there, %d are, %d are expected, counts say %+v", len(before), len(now), len(want), c)
	}
}

func TestTableReadded(t *testing.T) {
	sim, store, at := stepsOf(t, 2, options(40, exporter.TableReadded))
	between := sim.OpenFolder()
	at = append(at, step(t, sim, store))
	if attributes(t, store, between+"/model.json", again) != nil || attributes(t, store, between+"/model.json", "activitymimeattachment") == nil {
		t.Errorf("%s describes %s, or not the others", between, again)
	}
	first, third := attributes(t, store, at[2]+"/model.json", again), attributes(t, store, at[3]+"/model.json", again)
	if slices.Equal(first, third) || third[0] != "Id" || third[len(third)-1] != "IsDelete" {
		t.Errorf("the columns are %v", third)
	}
	slices.Sort(first)
	slices.Sort(third)
	if !slices.Equal(first, third) {
		t.Error("the columns are not the same in another order")
	}
	if rows := rowsOf(t, store, at[3], again); int64(len(rows)) < sim.Counts(again).Live {
		t.Errorf("%d rows of %d came again", len(rows), sim.Counts(again).Live)
	}
	for i, name := range attributes(t, store, firstFolder+"/model.json", again) {
		if got := sim.Columns(again)[i].Name; got != name {
			t.Errorf("a reader of all folders has %s where the first has %s", got, name)
		}
	}
	compareWithModel(t, sim, again)
}
