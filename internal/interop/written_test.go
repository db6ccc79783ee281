package interop_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// stories are what happens to keys, folder by folder: "3:D20" is a delete of
// version 20 in folder 3. Each has all to do with one key, so that one table
// holds all of them.
var stories = []struct{ name, story string }{
	{"stays as it was", "0:U10"},
	{"updated twice", "0:U10 1:U20 7:U30"},
	{"updated in every folder", "0:U1 1:U2 2:U3 3:U4 4:U5 5:U6 6:U7 7:U8 8:U9 9:U10 10:U11 11:U12 12:U13 13:U14"},
	{"comes in the last folder", "13:U10"},
	{"comes late", "0:U10 2:U30 4:U20 12:U25"},
	{"is delivered again", "0:U10 1:U10 3:U10 4:U20 11:U20"},
	{"comes twice in a folder, newest first", "2:U20 2:U10 8:U40 8:U30"},
	{"is another at the same version", "0:U10 3:U10 9:U10"},
	{"is deleted", "0:U10 3:D20"},
	{"is deleted after the checkpoint", "1:U10 12:D20"},
	{"is deleted and comes back", "0:U10 2:D20 5:U30 11:D40 13:U50"},
	{"is deleted and comes back in one folder", "0:U10 4:D20 4:U30"},
	{"is updated and deleted in one folder", "0:U10 4:U20 4:D30"},
	{"is deleted at the version of its row", "0:U10 3:U20 6:D20"},
	{"is deleted before it comes", "1:D20 5:U10 9:U30"},
	{"never comes, but a delete does", "1:D20"},
	{"was deleted between two, told late", "0:U1 1:D5 2:U4 3:U6"},
	{"was deleted before two, told early", "1:D4 6:U3 7:U6"},
	{"is deleted without version", "0:U10 3:D"},
	{"is deleted without version and comes back", "0:U10 3:D 6:U20 12:D 13:U30"},
	{"is deleted without version, and an older one comes late", "0:U20 3:D 6:U10 12:U15"},
	{"is deleted without version before it comes", "2:D 11:U10"},
	{"comes and goes in one folder", "4:U10 4:D"},
}

const (
	storyFolders = 14
	// fillers are rows that only fill files: a file of which few rows are dead
	// gets a vector, one of which all are goes.
	fillers = 40
	// Folders in which columns are added, before and after the first checkpoint.
	firstAddition, secondAddition = 3, 11
)

// folderOf are the changes of a folder, of all stories.
func folderOf(t *testing.T, n int) []told {
	t.Helper()
	var list []told
	for key, s := range stories {
		for word := range strings.FieldsSeq(s.story) {
			folder, what, _ := strings.Cut(word, ":")
			if number(t, folder) == int64(n) {
				list = append(list, told{key + 1, what})
			}
		}
	}
	for key := range fillers {
		if n == key%4*4 {
			list = append(list, told{1000 + key, "U10"})
		}
	}
	return list
}

// telling is the export of the stories with the lake that follows it.
type telling struct {
	*lake
	export *exported
}

func newTelling(t *testing.T, ways ...way) *telling {
	t.Helper()
	l := newLake(t)
	for _, w := range ways {
		l.follow(exportedTable, w)
	}
	return &telling{lake: l, export: newExport(l.source)}
}

// tell writes the folders up to that one, one commit each, and applies them.
func (s *telling) tell(t *testing.T, until int) {
	t.Helper()
	for n := s.export.folders; n < until; n++ {
		switch n {
		case firstAddition:
			s.export.columns = append(slices.Clone(s.export.columns), exporter.Column{Name: "Nickname", DataType: "string"})
		case secondAddition:
			s.export.columns = append(slices.Clone(s.export.columns), exporter.Column{Name: "fine_amount", DataType: "decimal", Precision: 38, Scale: 16})
		}
		s.export.folder(t, folderOf(t, n)...)
	}
	s.run(t)
}

// book is what a table must hold now.
func (s *telling) book(t *testing.T, w way) *book {
	t.Helper()
	b := &book{scd: w.scd, columns: s.export.columns}
	b.add(t, s.export.written...)
	return b
}

func TestTablesAreReadByEveryEngine(t *testing.T) {
	s := newTelling(t, everyWay...)
	s.tell(t, 5)
	for _, w := range everyWay {
		t.Run("commits alone/"+w.String(), func(t *testing.T) {
			checkRows(t, s.path(exportedTable, w), s.book(t, w), everyEngine...)
		})
	}
	s.tell(t, storyFolders)
	for _, w := range everyWay {
		t.Run("checkpoint and all commits/"+w.String(), func(t *testing.T) {
			checkRows(t, s.path(exportedTable, w), s.book(t, w), quickEngines...)
		})
	}
	for _, w := range everyWay {
		t.Run("checkpoint and the commits after it/"+w.String(), func(t *testing.T) {
			s.checkWithoutOldCommits(t, w)
		})
	}
}

// checkWithoutOldCommits reads the table from its checkpoint, in all respects.
func (s *telling) checkWithoutOldCommits(t *testing.T, w way) {
	path, want := copyTable(t, s.path(exportedTable, w)), s.book(t, w)
	if at := forgetCommits(t, path); at != 10 {
		t.Errorf("the newest checkpoint is of version %d, want 10", at)
	}
	checkRows(t, path, want, everyEngine...)
	checkPoolsAreSeen(t, want)
	checkVectors(t, path, w.vectors)
	checkSelections(t, path, want, selections, interop.DeltaRS, interop.DuckDB)
	if w.vectors {
		checkSchema(t, path, want, everyEngine...)
		checkCursor(t, path, appID(exportedTable, w), folderDigits(storyFolders-1))
		checkSelections(t, path, want, selections[:sparkSelections], interop.Spark)
	}
}

// selections are by values at the edges of what the statistics of a file can
// say: text is cut in them, times lose digits. The first are for Spark, too,
// which has an opinion of its own on how statistics round.
var selections = []selection{
	{"[Name] = '" + strings.Repeat("x", 31) + "🙂'", is("Name", strings.Repeat("x", 31)+"🙂")},
	{"[Name] = '" + strings.Repeat("\U0010FFFF", 40) + "'", is("Name", strings.Repeat("\U0010FFFF", 40))},
	{"[createdon] >= {9999-12-31 23:59:59.999999}", is("createdon", "9999-12-31T23:59:59.999999Z")},
	{"[lastUsedOn] = {2025-02-03 09:52:01.000001}", is("lastUsedOn", "2025-02-03T09:52:01.000001Z")},
	{"[Name] is null", is("Name", nil)},
	{"[birthdate] = date '1900-01-01'", is("birthdate", "1900-01-01")},
	{"[estimate] >= cast('99999999999999999999999999999999.999999' as decimal(38,6))", is("estimate", "99999999999999999999999999999999.999999")},
	{"[price] <= cast('-9999999.99' as decimal(9,2))", is("price", "-9999999.99")},
	{"[statuscode] = 9223372036854775807", is("statuscode", "9223372036854775807")},
	{"[Nickname] = 'Zoë'", is("Nickname", "Zoë")},
	{"[DoNotPhone]", is("DoNotPhone", true)},
}

const sparkSelections = 4

func is(column string, value any) func(interop.Row) bool {
	return func(r interop.Row) bool { return r[column] == value }
}

// checkPoolsAreSeen keeps the stories honest: every value of every pool must
// be in the table.
func checkPoolsAreSeen(t *testing.T, b *book) {
	t.Helper()
	seen := map[string]map[any]bool{}
	for _, row := range b.rows() {
		for column, value := range row {
			if seen[column] == nil {
				seen[column] = map[any]bool{}
			}
			seen[column][value] = true
		}
	}
	for _, c := range b.columns {
		for _, text := range pools[c.Name] {
			value, err := valueOf(c, text)
			need(t, err)
			if !seen[c.Name][value] {
				t.Errorf("no row has %q in column %s: nothing is known of how it is read", text, c.Name)
			}
		}
	}
}

// checkCursor compares a table's cursor with what the engines that tell it say.
func checkCursor(t *testing.T, path, appID string, want int64) {
	t.Helper()
	for _, engine := range []interop.Engine{interop.Spark, interop.DeltaRS} {
		got, err := interop.Start(t, engine).Transaction(path, appID)
		need(t, err)
		if got == nil || *got != want {
			t.Errorf("%s sees the cursor %v of %s in %s, want %d", engine, got, appID, path, want)
		}
	}
}

func checkVectors(t *testing.T, path string, want bool) {
	t.Helper()
	vectors, err := filepath.Glob(filepath.Join(path, "deletion_vector_*.bin"))
	need(t, err)
	if got := len(vectors) > 0; got != want {
		t.Errorf("%s has deletion vectors: %t, want %t", path, got, want)
	}
	if _, err := os.Stat(filepath.Join(path, "_sluice")); (err == nil) == want {
		t.Errorf("%s has a side file of tombstones: %t, want %t", path, err == nil, !want)
	}
}
