package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/storage"
)

// rewriteFiles writes files of the table anew and returns what came of it.
func (r *indexRig) rewriteFiles(forget int64, files ...delta.Add) Rewritten {
	r.Helper()
	result, err := r.engine.Rewrite(context.Background(), r.rewriteOf(forget, files...))
	if err != nil {
		r.Fatal(err)
	}
	return result
}

func (r *indexRig) rewriteOf(forget int64, files ...delta.Add) Rewrite {
	q := Rewrite{Batch: r.batch(nil), Base: r.snapshot(), Forget: forget}
	for _, f := range files {
		q.Files = append(q.Files, f.Path)
	}
	return q
}

// physical is what the table's files hold, dead rows that are no tombstones left
// out: all facts, and the texts beside them.
func (r *indexRig) physical(s *delta.Snapshot) []string {
	r.Helper()
	schema, err := s.BatchSchema()
	if err != nil {
		r.Fatal(err)
	}
	columns := append(slices.Clone(schema), batch.Field{Name: folderColumn, Type: long},
		batch.Field{Name: firstColumn, Type: long}, batch.Field{Name: tombstoneColumn, Type: integer})
	var list []string
	for _, add := range s.Files() {
		dead := roaring64.New()
		if add.DeletionVector != nil {
			if dead, err = delta.ReadVector(context.Background(), r.store, testTable, add.DeletionVector); err != nil {
				r.Fatal(err)
			}
		}
		file, done, err := r.engine.openParquet(context.Background(), testTable+"/"+add.Path, add.Size)
		if err != nil {
			r.Fatal(err)
		}
		row := uint64(0)
		for g := range file.RowGroups() {
			err := file.ReadChunks(g, columns, 3, func(b *batch.Batch) error {
				for i := range b.Rows {
					text, buried := rowText(b, i)
					if buried || !dead.Contains(row) {
						list = append(list, text)
					}
					row++
				}
				return nil
			})
			if err != nil {
				r.Fatal(err)
			}
		}
		done()
	}
	return list
}

func rowText(b *batch.Batch, row int) (text string, buried bool) {
	var one batch.Batch
	one.Reset(b.Schema)
	one.AppendRows(b, []int{row})
	var out strings.Builder
	for i := range one.Cols {
		c := &one.Cols[i]
		fmt.Fprint(&out, b.Schema[i].Name, c.Ints, c.Bools, " ")
		for _, t := range c.Bytes {
			fmt.Fprintf(&out, "%q ", t)
		}
	}
	last := one.Cols[len(one.Cols)-1]
	return out.String(), len(last.Ints) > 0
}

// TestRewriteChangesNothing: whatever files are written anew whenever, the table
// is what the model says, no physical row that counts is lost or another, and the
// key index knows where all of them went.
func TestRewriteChangesNothing(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		t.Run(fmt.Sprintf("type%d", typ), func(t *testing.T) {
			dir := t.TempDir()
			rapid.Check(t, func(t *rapid.T) {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				checkRewrites(t, newIndexRig(t, typ, dir))
			})
		})
	}
}

func checkRewrites(t *rapid.T, r *indexRig) {
	var model change.Model[string]
	for range rapid.IntRange(1, 6).Draw(t, "steps") {
		r.folder++
		var rows []row
		for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
			w := drawRow(t, r.folder, int64(i))
			model.Add(w.Change, w.name)
			rows = append(rows, w)
		}
		r.apply(rows...)
		if rapid.Bool().Draw(t, "rewrite") {
			r.rewriteSome(t)
		}
		checkIndex(t, r.engine, r.batch(nil), false)
	}
	compareTable(t, r.store, r.typ, &model)
	r.whole()
}

func (r *indexRig) rewriteSome(t *rapid.T) {
	before := r.snapshot()
	var chosen []delta.Add
	for _, f := range before.Files() {
		if rapid.Bool().Draw(t, "chosen") {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		return
	}
	result := r.rewriteFiles(0, chosen...)
	want, got := r.physical(before), r.physical(result.Snapshot)
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Fatalf("the physical rows differ (-before +after):\n%s", diff)
	}
	r.whole() // it needs no catching up
	for _, add := range result.Snapshot.Files() {
		if kind, _ := KindOf(&add); kind == Current || kind == Closed {
			continue
		} else if kind == Buried && add.DeletionVector.Cardinality != numRecords(t, add) {
			t.Fatalf("%s has %d tombstones and %d rows", add.Path, add.DeletionVector.Cardinality, numRecords(t, add))
		}
	}
}

func numRecords(t fataler, add delta.Add) int64 {
	stats, err := delta.ParseStats(add.Stats)
	if err != nil {
		t.Fatal(err)
	}
	return stats.NumRecords
}

func changed(folder, key, version int64, what string) row {
	r := upsert(folder, version, what)
	r.Key = change.Key{byte(key)}
	if what == "" {
		r.Delete = true
	}
	return r
}

// Rows stay in their order, apart by what they are: current, closed, tombstones.
func TestRewriteKeepsOrder(t *testing.T) {
	r := newIndexRig(t, change.Type2, t.TempDir())
	r.engine.opts.Clock = func() time.Time { return testClock().Add(time.Duration(r.folder) * time.Minute) }
	for folder, rows := range [][]row{
		{changed(1, 9, 10, "nine"), changed(1, 5, 11, "five"), changed(1, 7, 12, "seven")},
		{changed(2, 5, 21, "five again"), changed(2, 1, 22, "one"), changed(2, 7, 23, "")},
	} {
		r.folder = int64(folder + 1)
		r.apply(rows...)
	}
	before := r.snapshot()
	result := r.rewriteFiles(0, before.Files()...)
	if result.Files != before.NumFiles() || result.Written != 3 || result.Rows != 5 || result.Tombstones != 1 || result.Dead != 2 {
		t.Errorf("%+v", result)
	}
	for _, add := range result.Snapshot.Files() {
		if kind, newest := KindOf(&add); kind == Mixed || (newest != 0) != (kind == Buried) {
			t.Errorf("%s of %s: tombstones up to folder %d", add.Path, kind, newest)
		}
	}
	var names []string
	err := r.engine.Scan(context.Background(), result.Snapshot, batch.Schema{testSchema[2]}, func(b *batch.Batch) error {
		for _, name := range b.Cols[0].Bytes {
			names = append(names, string(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	current := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "five" || n == "seven" })
	closed := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n != "five" && n != "seven" })
	if diff := gocmp.Diff([]string{"nine", "five again", "one"}, current); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"five", "seven"}, closed); diff != "" {
		t.Error(diff)
	}
}

// Tombstones of old folders go, others stay, and the table remembers what it is
// to remember.
func TestRewriteForgets(t *testing.T) {
	r := newIndexRig(t, change.Type1, t.TempDir())
	for folder, w := range []row{changed(1, 1, 10, ""), changed(2, 2, 20, ""), changed(3, 3, 30, "three")} {
		r.folder = int64(folder + 1)
		r.apply(w)
	}
	result := r.rewriteFiles(2, r.snapshot().Files()...)
	if result.Forgotten != 1 || result.Tombstones != 1 || result.Rows != 1 {
		t.Errorf("%+v", result)
	}
	r.whole()
	r.folder = 4
	r.apply(changed(4, 1, 5, "one is back"), changed(4, 2, 15, "two is not"))
	want := []tableRow{{change.Key{1}, "one is back", 5, change.NoEnd}, {change.Key{3}, "three", 30, change.NoEnd}}
	got := readTable(t, r.store, testTable, r.typ)
	slices.SortFunc(got, func(a, b tableRow) int { return int(a.Start - b.Start) })
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRewriteMeetsOthers: a writer that changes one of the files wins, one that
// only adds rows does not matter.
func TestRewriteMeetsOthers(t *testing.T) {
	begin := func(t *testing.T) (*indexRig, Rewrite) {
		r := newIndexRig(t, change.Type1, t.TempDir())
		for folder := int64(1); folder <= 3; folder++ {
			r.folder = folder
			r.apply(changed(folder, folder, 10*folder, "first"))
		}
		return r, r.rewriteOf(0, r.snapshot().Files()...)
	}
	t.Run("adds", func(t *testing.T) {
		r, q := begin(t)
		r.folder = 4
		r.apply(changed(4, 4, 40, "another"))
		result, err := r.engine.Rewrite(context.Background(), q)
		if err != nil || result.Snapshot.NumFiles() != 2 {
			t.Fatalf("%+v, %v", result, err)
		}
	})
	for name, other := range map[string]func(r *indexRig){
		"marks":         func(r *indexRig) { r.folder = 4; r.apply(changed(4, 2, 40, "second")) },
		"rewrites":      func(r *indexRig) { r.rewriteFiles(0, r.snapshot().Files()...) },
		"foreign marks": func(r *indexRig) { r.deleteRows(0) },
	} {
		t.Run(name, func(t *testing.T) {
			r, q := begin(t)
			other(r)
			want, files := r.physical(r.snapshot()), dataFiles(t, r.store)
			if _, err := r.engine.Rewrite(context.Background(), q); !errors.Is(err, ErrOvertaken) {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, r.physical(r.snapshot())); diff != "" {
				t.Error(diff)
			}
			if diff := gocmp.Diff(files, dataFiles(t, r.store)); diff != "" {
				t.Errorf("files were left behind:\n%s", diff)
			}
			r.folder = 5
			r.apply(changed(5, 3, 50, "third"))
			r.whole()
		})
	}
}

func dataFiles(t *testing.T, store storage.Store) []string {
	t.Helper()
	var names []string
	for e, err := range store.List(context.Background(), testTable, storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(e.Path, "/_") {
			names = append(names, e.Path)
		}
	}
	return names
}
