package compare

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
)

// The folders of these tests stand for digits of a day each.
const (
	f1 = 20240101000000
	f2 = 20240102000000
	f3 = 20240103000000
	f4 = 20240104000000
)

func up(folder, version int64, digest uint64) Change {
	return Change{Change: change.Change{Folder: folder, Version: version, Modified: change.NoTime}, Digest: Digest{Lo: digest}}
}

func gone(folder, version int64) Change {
	return Change{Change: change.Change{Folder: folder, Version: version, Modified: change.NoTime, Delete: true, Unversioned: version == 0}}
}

func row(folder, start, end int64, digest uint64) Row {
	return Row{Folder: folder, Start: start, End: end, Modified: change.NoTime, Digest: Digest{Lo: digest}}
}

const open = change.NoEnd

func TestJudge(t *testing.T) {
	first, second := Judge{Type: change.Type1, Oldest: f1}, Judge{Type: change.Type2, Oldest: f1}
	older, older2 := Judge{Type: change.Type1, Oldest: f2, OlderGone: true}, Judge{Type: change.Type2, Oldest: f2, OlderGone: true}
	copied, copied2 := Judge{Type: change.Type1, Oldest: f1, Since: f3}, Judge{Type: change.Type2, Oldest: f1, Since: f3}
	removed, removed2 := copied, copied2
	removed.Removals, removed2.Removals = []Removal{{f3, f3}}, []Removal{{f3, f3}}
	copiedLate := Judge{Type: change.Type1, Oldest: f3, OlderGone: true, Since: f3}
	for _, tt := range []struct {
		name    string
		judge   Judge
		changes []Change
		rows    []Row
		want    Kind
		export  []Row // of those, start, end and digest
	}{
		{"equal", first, []Change{up(f1, 1, 7)}, []Row{row(f1, 1, open, 7)}, Same, []Row{row(f1, 1, open, 7)}},
		{"deleted", first, []Change{up(f1, 1, 7), gone(f2, 2)}, nil, Same, nil},
		{"missing", first, []Change{up(f1, 1, 7)}, nil, Missing, []Row{row(f1, 1, open, 7)}},
		{"extra", first, nil, []Row{row(f1, 1, open, 7)}, Extra, nil},
		{"extra of nobody", first, nil, []Row{row(0, 1, open, 7)}, Extra, nil},
		{"deleted and there", first, []Change{up(f1, 1, 7), gone(f2, 2)}, []Row{row(f1, 1, open, 7)}, Extra, nil},
		{"other value", first, []Change{up(f1, 1, 7)}, []Row{row(f1, 1, open, 8)}, Differs, []Row{row(f1, 1, open, 7)}},
		{"twice in a type 1 table", first, []Change{up(f1, 1, 7)}, []Row{row(f1, 1, open, 7), row(f1, 1, open, 7)}, Differs, []Row{row(f1, 1, open, 7)}},
		{"history", second, []Change{up(f1, 1, 7), up(f2, 5, 8)}, []Row{row(f2, 5, open, 8), row(f1, 1, 5, 7)}, Same,
			[]Row{row(f1, 1, 5, 7), row(f2, 5, open, 8)}},
		{"other end", second, []Change{up(f1, 1, 7), gone(f2, 5)}, []Row{row(f1, 1, open, 7)}, Differs, []Row{row(f1, 1, 5, 7)}},

		{"from a folder that is gone", older, nil, []Row{row(f1, 1, open, 7)}, Unchecked, []Row{row(f1, 1, open, 7)}},
		{"of nobody, folders gone", older, nil, []Row{row(0, 1, open, 7)}, Unchecked, []Row{row(0, 1, open, 7)}},
		{"gone and newer", older, []Change{up(f2, 1, 6)}, []Row{row(f1, 3, open, 7)}, Unchecked, []Row{row(f1, 3, open, 7)}},
		{"gone and brought again", older, []Change{up(f2, 3, 7)}, []Row{row(f1, 3, open, 7)}, Same, []Row{row(f1, 3, open, 7)}},
		{"as an older folder that is left has it", older, []Change{up(f1, 3, 7)}, []Row{row(f1, 3, open, 7)}, Same, []Row{row(f1, 3, open, 7)}},
		{"not as an older folder that is left has it", older, []Change{up(f1, 3, 6)}, []Row{row(f1, 3, open, 7)}, Unchecked, []Row{row(f1, 3, open, 7)}},
		{"gone and older", older, []Change{up(f2, 5, 6)}, []Row{row(f1, 3, open, 7)}, Differs, []Row{row(f2, 5, open, 6)}},
		{"deleted since", older, []Change{gone(f2, 5)}, []Row{row(f1, 3, open, 7)}, Extra, nil},
		{"a folder that is left is not taken as given", older, nil, []Row{row(f2, 1, open, 7)}, Extra, nil},
		{"history that is gone", older2, []Change{up(f2, 9, 9)}, []Row{row(f1, 1, 3, 7), row(f1, 5, 9, 8), row(f2, 9, open, 9)}, Same,
			[]Row{row(f1, 1, 3, 7), row(f1, 5, 9, 8), row(f2, 9, open, 9)}},
		{"history of which the end is gone", older2, []Change{up(f2, 2, 9)}, []Row{row(f2, 2, 5, 9), row(f1, 5, open, 8)}, Unchecked,
			[]Row{row(f2, 2, 5, 9), row(f1, 5, open, 8)}},
		{"history that is gone ends wrongly", older2, []Change{up(f2, 9, 9)}, []Row{row(f1, 5, open, 8), row(f2, 9, open, 9)}, Differs,
			[]Row{row(f1, 5, 9, 8), row(f2, 9, open, 9)}},

		{"vanished", copied, []Change{up(f1, 1, 7)}, []Row{row(f1, 1, open, 7)}, Vanished, nil},
		{"vanished and removed", copied, []Change{up(f1, 1, 7)}, nil, Same, nil},
		{"came again", copied, []Change{up(f1, 1, 7), up(f3, 1, 7)}, []Row{row(f1, 1, open, 7)}, Same, []Row{row(f1, 1, open, 7)}},
		{"came after the copy", copied, []Change{up(f1, 1, 7), up(f4, 4, 8)}, []Row{row(f4, 4, open, 8)}, Same, []Row{row(f4, 4, open, 8)}},
		{"deleted before the copy", copied, []Change{up(f1, 1, 7), gone(f2, 2)}, nil, Same, nil},
		{"other value before the copy", copied, []Change{up(f1, 1, 7)}, []Row{row(f1, 1, open, 8)}, Differs, []Row{row(f1, 1, open, 7)}},
		{"the table says that the copy brought it", copied, nil, []Row{row(f3, 1, open, 7)}, Extra, nil},
		{"vanished from a history", copied2, []Change{up(f1, 1, 7), up(f2, 4, 8)}, []Row{row(f1, 1, 4, 7), row(f2, 4, open, 8)}, Vanished,
			[]Row{row(f1, 1, 4, 7), row(f2, 4, 5, 8)}},
		{"closed in a history", copied2, []Change{up(f1, 1, 7), up(f2, 4, 8)}, []Row{row(f1, 1, 4, 7), row(f2, 4, 5, 8)}, Same,
			[]Row{row(f1, 1, 4, 7), row(f2, 4, 5, 8)}},
		{"removed and there again", removed, []Change{up(f1, 1, 7), up(f4, 4, 8)}, []Row{row(f4, 4, open, 8)}, Same, []Row{row(f4, 4, open, 8)}},
		{"closed and there again", removed2, []Change{up(f1, 1, 7), up(f4, 4, 8)}, []Row{row(f1, 1, 2, 7), row(f4, 4, open, 8)}, Same,
			[]Row{row(f1, 1, 2, 7), row(f4, 4, open, 8)}},
		{"closed, and then refreshed in full", removed2, []Change{up(f1, 1, 7), up(f4, 4, 8)}, []Row{row(f1, 1, 4, 7), row(f4, 4, open, 8)}, Same,
			[]Row{row(f1, 1, 4, 7), row(f4, 4, open, 8)}},
		{"brought back by a full refresh", removed, []Change{up(f1, 1, 7)}, []Row{row(f1, 1, open, 7)}, Vanished, nil},
		{"a removal that did not meet the key", removed2, []Change{up(f1, 1, 7), up(f3, 4, 8)}, []Row{row(f1, 1, 2, 7), row(f3, 4, open, 8)}, Differs,
			[]Row{row(f1, 1, 4, 7), row(f3, 4, open, 8)}},
		{"vanished, from folders that are gone", copiedLate, nil, []Row{row(f1, 1, open, 7)}, Vanished, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.judge.Key(change.Key{}, &History{Changes: tt.changes, Rows: tt.rows})
			if f.Kind != tt.want {
				t.Errorf("got %s, want %s", f.Kind, tt.want)
			}
			plain := func(rows []Row) []Row {
				var list []Row
				for _, r := range rows {
					list = append(list, Row{Start: r.Start, End: r.End, Digest: r.Digest})
				}
				return list
			}
			if d := cmp.Diff(plain(tt.export), plain(f.Export)); d != "" {
				t.Errorf("rows of the export (-want +got):\n%s", d)
			}
		})
	}
}

// TestGiven counts the rows that no folder which is left delivered.
func TestGiven(t *testing.T) {
	j := Judge{Type: change.Type2, Oldest: f2, OlderGone: true}
	h := &History{Changes: []Change{up(f2, 9, 9)}, Rows: []Row{row(f1, 1, 3, 7), row(f1, 5, 9, 8), row(f2, 9, open, 9)}}
	if f := j.Key(change.Key{}, h); f.Kind != Same || f.Given != 2 {
		t.Errorf("%s, %d given", f.Kind, f.Given)
	}
	j.Type = change.Type1
	if f := j.Key(change.Key{}, &History{Rows: []Row{row(f1, 1, open, 7)}}); f.Kind != Unchecked || f.Given != 1 {
		t.Errorf("%s, %d given", f.Kind, f.Given)
	}
}

func TestSetAsideIsNotJudged(t *testing.T) {
	rows := []Row{row(f1, 1, open, 7)}
	j := Judge{Type: change.Type1, Oldest: f1}
	if f := j.Key(change.Key{}, &History{Rows: rows, SetAside: true}); f.Kind != SetAside || !sameRows(f.Export, rows) {
		t.Errorf("%s, %v", f.Kind, f.Export)
	}
}

func TestDeletedAt(t *testing.T) {
	j := Judge{Since: 20240301000000}
	if got := j.DeletedAt(); got != 20240229235959 {
		t.Errorf("%d", got)
	}
}

func TestDifference(t *testing.T) {
	cell := func(s string) Cell { return NewCell(&s) }
	long := strings.Repeat("é", 200)
	cells := func(r Row, c ...Cell) Row { r.Cells = c; return r }
	h := &History{Rows: []Row{
		cells(row(f1, 1, 5, 1), cell("Ann"), NewCell(nil)),
		cells(row(f1, 5, 9, 2), cell(long+"a"), cell("x")),
		cells(row(f1, 9, open, 3), cell("Eve"), cell("x")),
	}}
	f := Finding{Kind: Differs, Export: []Row{
		cells(row(f1, 1, 5, 9), cell("Bob"), NewCell(nil)),
		cells(row(f1, 4, 5, 9), cell("Cid"), NewCell(nil)),
		cells(row(f1, 5, 8, 9), cell(long+"b"), cell("x")),
	}}
	text := func(s string) *string { return &s }
	shown := strings.Repeat("é", 100) + "… (401 bytes)"
	want := KeyDifference{Key: change.Key{}.String(), Kind: "differs", Versions: []VersionDifference{
		{1, "differs", []ColumnDifference{{"name", text("Ann"), text("Bob")}}},
		{4, "missing", []ColumnDifference{}},
		{5, "differs", []ColumnDifference{{"name", text(shown), text(shown)}, {"__END_AT", text("9"), text("8")}}},
		{9, "extra", []ColumnDifference{}},
	}}
	if d := cmp.Diff(want, Difference(change.Type2, change.Key{}, []string{"name", "city"}, h, f)); d != "" {
		t.Error(d)
	}
}

// TestTombstones: deletes that the table remembers of folders that are gone, or
// that stand behind what came from these.
func TestTombstones(t *testing.T) {
	j1, j2 := Judge{Type: change.Type1, Oldest: f2, OlderGone: true}, Judge{Type: change.Type2, Oldest: f2, OlderGone: true}
	for _, tt := range []struct {
		name       string
		judge      Judge
		changes    []Change
		rows       []Row
		tombstones []Tombstone
		want       Kind
	}{
		{"a delete that is gone", j1, []Change{up(f2, 5, 7)}, nil, []Tombstone{{Version: 9, HasVersion: true, Folder: f1}}, Unchecked},
		{"only deleted", j1, nil, nil, []Tombstone{{Version: 9, HasVersion: true, Folder: f1}}, Same},
		{"the upsert is newer", j1, []Change{up(f2, 10, 7)}, nil, []Tombstone{{Version: 9, HasVersion: true, Folder: f1}}, Missing},
		{"behind a version that is gone", j1, []Change{gone(f2, 0), up(f3, 5, 7)}, nil,
			[]Tombstone{{Version: 9, HasVersion: true, Unversioned: true, Folder: f2}}, Unchecked},
		{"behind a version that came again", j1, []Change{gone(f2, 0), up(f3, 9, 7)}, nil,
			[]Tombstone{{Version: 9, HasVersion: true, Unversioned: true, Folder: f2}}, Unchecked},
		{"the next version stays", j1, []Change{gone(f2, 0), up(f3, 10, 7)}, []Row{row(f3, 10, open, 7)},
			[]Tombstone{{Version: 9, HasVersion: true, Unversioned: true, Folder: f2}}, Same},
		{"not behind a lower row", j2, []Change{gone(f2, 0)}, []Row{row(f1, 3, 9, 7), row(f1, 9, 10, 8)},
			[]Tombstone{{Version: 9, HasVersion: true, Unversioned: true, Folder: f2}}, Unchecked},
		{"a version that came earlier with other columns", j2, []Change{gone(f2, 0), up(f3, 5, 8)},
			[]Row{{Start: 5, End: 6, Modified: change.NoTime, Folder: f3, First: f1, Digest: Digest{Lo: 8}}}, nil, Unchecked},
		{"one that replay knows is not needed", Judge{Type: change.Type1, Oldest: f1}, []Change{up(f1, 5, 7), gone(f2, 6)}, nil,
			[]Tombstone{{Version: 6, HasVersion: true, Folder: f2}}, Same},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.judge.Key(change.Key{}, &History{Changes: tt.changes, Rows: tt.rows, Tombstones: tt.tombstones})
			if f.Kind != tt.want {
				t.Errorf("got %s, want %s; the export has %+v", f.Kind, tt.want, f.Export)
			}
		})
	}
}
