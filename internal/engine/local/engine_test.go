package local

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testClock() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

const testTable = "main/crm/account"

// TestEngineGivesTheModel brings random histories to tables in every mode and
// compares with the model.
func TestEngineGivesTheModel(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		for _, vectors := range []bool{true, false} {
			t.Run(fmt.Sprintf("type%d/vectors=%t", typ, vectors), func(t *testing.T) {
				index := t.TempDir()
				rapid.Check(t, func(t *rapid.T) {
					if err := os.RemoveAll(index); err != nil {
						t.Fatal(err)
					}
					checkHistory(t, typ, vectors, index)
				})
			})
		}
	}
}

func drawRow(t *rapid.T, folder int64, offset int64) row {
	r := row{Change: change.Change{
		Key:     change.Key{0: byte(rapid.IntRange(1, 4).Draw(t, "key"))},
		Version: int64(rapid.IntRange(1, 9).Draw(t, "version")),
		Folder:  folder, Offset: offset, Modified: folder * 1_000_000,
	}}
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		r.Delete = true
	case 1:
		r.Delete, r.Unversioned, r.Version, r.Modified = true, true, 0, change.NoTime
	default:
		r.name = rapid.SampledFrom([]string{"", "a", "b", "Ann"}).Draw(t, "name")
	}
	return r
}

func checkHistory(t *rapid.T, typ change.Type, vectors bool, index string) {
	store := mem.New(testClock)
	var model change.Model[string]
	folders := rapid.IntRange(1, 5).Draw(t, "folders")
	byFolder := make([][]row, folders)
	for f := range byFolder {
		for i := range rapid.IntRange(0, 8).Draw(t, "rows") {
			r := drawRow(t, int64(f+1), int64(i))
			model.Add(r.Change, r.name)
			byFolder[f] = append(byFolder[f], r)
		}
	}
	order := rapid.Permutation(sequence(folders)).Draw(t, "order")
	order = append(order, rapid.SampledFrom(order).Draw(t, "repeated"))
	for n, f := range order {
		large := rapid.Bool().Draw(t, "large")
		// With little memory all that can be put aside is.
		memory := rapid.SampledFrom([]int64{64 << 20, 20_000}).Draw(t, "memory")
		size := memory / 16
		if large {
			size = memory
		}
		// An index may be there from the beginning, now and then, or never.
		dir := rapid.SampledFrom([]string{index, index, ""}).Draw(t, "index")
		engine := New(store, Options{Memory: memory, Workers: rapid.IntRange(1, 3).Draw(t, "workers"), Clock: testClock, IndexDir: dir})
		rows := byFolder[f]
		perPiece := rapid.IntRange(1, 5).Draw(t, "per piece")
		batch := Batch{
			Table: testTable, Source: "test", AppID: fmt.Sprint("late/", n), Cursor: int64(f + 1),
			Type: typ, Schema: testSchema, Columns: testColumns, Bytes: size,
			Properties: map[string]string{vectorsProperty: fmt.Sprint(vectors)},
			Open:       func() (change.Source, error) { return &rowSource{rows: rows, perPiece: perPiece}, nil },
		}
		result, err := engine.Apply(context.Background(), batch)
		if err != nil {
			t.Fatal(err)
		}
		checkIndex(t, engine, batch, dir != "" && vectors && !large)
		c := result.Counts
		if c.Read != int64(len(rows)) || c.Read != c.Upserted+c.Deleted+c.Superseded {
			t.Fatalf("%d rows, counts %+v do not add up", len(rows), c)
		}
	}
	compareTable(t, store, typ, &model)
	if !vectors {
		noVectors(t, store)
	}
}

// checkIndex compares the index, if there is one, with the table. After a small
// batch it is there and whole.
func checkIndex(t fataler, engine *Engine, b Batch, whole bool) {
	t.Helper()
	check, err := engine.CheckIndex(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	if whole && (check == nil || check.Behind != 0) {
		t.Fatalf("the index is behind: %+v", check)
	}
	if check != nil && (check.Lacking != 0 || check.Wrong != 0 || check.WrongRows != 0) {
		t.Fatalf("the index is not what the table is: %+v", *check)
	}
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func compareTable(t fataler, store storage.Store, typ change.Type, model *change.Model[string]) {
	t.Helper()
	var want []tableRow
	for _, r := range model.Rows(typ) {
		end := r.End
		if typ == change.Type1 {
			end = change.NoEnd
		}
		want = append(want, tableRow{r.Key, r.Row, r.Start, end})
	}
	got := readTable(t, store, testTable, typ)
	slices.SortFunc(got, func(a, b tableRow) int {
		return cmp.Or(bytes.Compare(a.Key[:], b.Key[:]), cmp.Compare(a.Start, b.Start))
	})
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("the table differs from the model (-model +table):\n%s", diff)
	}
}

func noVectors(t *rapid.T, store storage.Store) {
	for e, err := range store.List(context.Background(), testTable, storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(e.Path, ".bin") {
			t.Fatalf("a table without deletion vectors has %s", e.Path)
		}
	}
}

// apply brings rows to the test table in one batch.
func apply(t *testing.T, engine *Engine, typ change.Type, replace bool, properties map[string]string, rows ...row) Result {
	t.Helper()
	last := rows[len(rows)-1].Folder
	result, err := engine.Apply(context.Background(), Batch{
		Table: testTable, Source: "test", AppID: "test", Cursor: last, Replace: replace, Properties: properties,
		Type: typ, Schema: testSchema, Columns: testColumns,
		Open: func() (change.Source, error) { return &rowSource{rows: rows, perPiece: 2}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func upsert(folder, version int64, name string) row {
	return row{change.Change{Key: change.Key{1}, Version: version, Folder: folder, Offset: version, Modified: version}, name}
}

// A row that is repeated beside a newer change of its key ends where that begins.
func TestRepeatBesideNewer(t *testing.T) {
	store := mem.New(testClock)
	engine := New(store, Options{Clock: testClock})
	apply(t, engine, change.Type2, false, nil, upsert(1, 10, "Ann"))
	result := apply(t, engine, change.Type2, false, nil, upsert(2, 10, "Ann"), upsert(2, 20, "Anna"))
	if want := (Counts{Read: 2, Upserted: 1, Superseded: 1}); result.Counts != want {
		t.Errorf("counts %+v, want %+v", result.Counts, want)
	}
	key := change.Key{1}
	want := []tableRow{{key, "Ann", 10, 20}, {key, "Anna", 20, change.NoEnd}}
	got := readTable(t, store, testTable, change.Type2)
	slices.SortFunc(got, func(a, b tableRow) int { return cmp.Compare(a.Start, b.Start) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A replaced table holds what the batch brings and nothing of what it held: not
// its rows, and not its tombstones.
func TestReplace(t *testing.T) {
	for _, vectors := range []string{"true", "false"} {
		t.Run("vectors="+vectors, func(t *testing.T) {
			store := mem.New(testClock)
			engine := New(store, Options{Clock: testClock})
			properties := map[string]string{vectorsProperty: vectors}
			gone := upsert(1, 20, "")
			gone.Delete = true
			apply(t, engine, change.Type1, false, properties, upsert(1, 10, "old"), gone)
			other := upsert(2, 5, "new")
			other.Key = change.Key{2}
			result := apply(t, engine, change.Type1, true, properties, other)
			if result.Counts.Upserted != 1 || result.Version != 2 {
				t.Errorf("%+v", result)
			}
			back := upsert(3, 15, "back")
			apply(t, engine, change.Type1, false, properties, back)
			got := readTable(t, store, testTable, change.Type1)
			slices.SortFunc(got, func(a, b tableRow) int { return cmp.Compare(a.Start, b.Start) })
			want := []tableRow{{other.Key, "new", 5, change.NoEnd}, {back.Key, "back", 15, change.NoEnd}}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
