package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/keyindex"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// indexRig is a table with an index whose fate tests decide.
type indexRig struct {
	fataler
	store  *mem.Store
	typ    change.Type
	dir    string
	folder int64
	engine *Engine
	log    strings.Builder
}

func newIndexRig(t fataler, typ change.Type, dir string) *indexRig {
	r := &indexRig{fataler: t, store: mem.New(testClock), typ: typ, dir: dir}
	r.engine = New(r.store, Options{Memory: 64 << 20, Workers: 2, Clock: testClock, IndexDir: dir,
		Log: slog.New(slog.NewTextHandler(&r.log, nil))})
	return r
}

func (r *indexRig) batch(rows []row) Batch {
	return Batch{
		Table: testTable, Source: "test", AppID: "test", Cursor: r.folder,
		Type: r.typ, Schema: testSchema, Columns: testColumns,
		Open: func() (change.Source, error) { return &rowSource{rows: rows, perPiece: 3}, nil },
	}
}

func (r *indexRig) apply(rows ...row) {
	r.Helper()
	if _, err := r.engine.Apply(context.Background(), r.batch(rows)); err != nil {
		r.Fatal(err)
	}
}

// whole makes sure that the index has all of the table.
func (r *indexRig) whole() {
	r.Helper()
	checkIndex(r, r.engine, r.batch(nil), true)
}

func (r *indexRig) snapshot() *delta.Snapshot {
	r.Helper()
	s, err := r.engine.Snapshot(context.Background(), testTable)
	if err != nil {
		r.Fatal(err)
	}
	return s
}

// commit is another program's.
func (r *indexRig) commit(s *delta.Snapshot, changes delta.Changes) {
	r.Helper()
	if len(changes.Adds)+len(changes.Removes) == 0 {
		return
	}
	changes.Info = delta.CommitInfo{Operation: "FOREIGN", Parameters: map[string]string{}, Metrics: map[string]string{}}
	outcome, err := delta.Commit(context.Background(), s, changes, delta.CommitOptions{Clock: testClock})
	if err != nil || outcome.Kind != delta.Committed {
		r.Fatal(outcome.Kind, err)
	}
}

// deleteRows marks some rows of the table's files.
func (r *indexRig) deleteRows(rows ...uint64) {
	s := r.snapshot()
	var changes delta.Changes
	for _, add := range s.Files() {
		dead := roaring64.BitmapOf(rows...)
		if add.DeletionVector != nil {
			before, err := delta.ReadVector(context.Background(), r.store, testTable, add.DeletionVector)
			if err != nil {
				r.Fatal(err)
			}
			dead.Or(before)
		}
		vectors, err := delta.WriteVectors(context.Background(), r.store, testTable, uuid.New(), []*roaring64.Bitmap{dead})
		if err != nil {
			r.Fatal(err)
		}
		marked, err := add.WithVector(&vectors[0])
		if err != nil {
			r.Fatal(err)
		}
		marked.DataChange = true
		changes.Removes = append(changes.Removes, delta.NewRemove(add, testClock(), true))
		changes.Adds = append(changes.Adds, marked)
	}
	r.commit(s, changes)
}

// restore brings back what the table was in an older version.
func (r *indexRig) restore(old *delta.Snapshot) {
	s := r.snapshot()
	var changes delta.Changes
	in := func(files []delta.Add, f delta.Add) bool {
		return slices.ContainsFunc(files, func(g delta.Add) bool {
			return f.Path == g.Path && f.DeletionVector.UniqueID() == g.DeletionVector.UniqueID()
		})
	}
	for _, add := range s.Files() {
		if !in(old.Files(), add) {
			changes.Removes = append(changes.Removes, delta.NewRemove(add, testClock(), true))
		}
	}
	for _, add := range old.Files() {
		if !in(s.Files(), add) {
			add.DataChange = true
			changes.Adds = append(changes.Adds, add)
		}
	}
	r.commit(s, changes)
}

// optimize writes the live rows into one file, as another engine does: without
// the columns that are ours alone.
func (r *indexRig) optimize() {
	s := r.snapshot()
	schema, err := s.BatchSchema()
	if err != nil {
		r.Fatal(err)
	}
	name := uuid.NewString() + ".parquet"
	out, err := r.store.Write(context.Background(), testTable+"/"+name)
	if err != nil {
		r.Fatal(err)
	}
	writer, err := parquetfile.NewWriter(out, schema, parquetfile.Options{})
	if err != nil {
		r.Fatal(err)
	}
	if err := r.engine.Scan(context.Background(), s, schema, func(rows *batch.Batch) error { return writer.Write(rows) }); err != nil {
		r.Fatal(err)
	}
	info, err := writer.Close()
	if err != nil {
		r.Fatal(err)
	}
	if err := out.Close(); err != nil {
		r.Fatal(err)
	}
	stats, err := delta.Stats{NumRecords: info.Rows}.Encode()
	if err != nil {
		r.Fatal(err)
	}
	var changes delta.Changes
	if info.Rows > 0 {
		changes.Adds = []delta.Add{{Path: name, PartitionValues: map[string]*string{}, Size: info.Bytes, Stats: stats}}
	}
	for _, add := range s.Files() {
		changes.Removes = append(changes.Removes, delta.NewRemove(add, testClock(), false))
	}
	r.commit(s, changes)
}

// vacuum removes vectors that the table does not need any more.
func (r *indexRig) vacuum() {
	used := map[string]bool{}
	s := r.snapshot()
	for _, add := range s.Files() {
		if add.DeletionVector != nil {
			path, err := s.VectorPath(add.DeletionVector)
			if err != nil {
				r.Fatal(err)
			}
			used[path] = true
		}
	}
	for e, err := range r.store.List(context.Background(), testTable, storage.ListOptions{}) {
		if err != nil {
			r.Fatal(err)
		}
		if strings.HasSuffix(e.Path, ".bin") && !used[e.Path] {
			_ = r.store.Delete(context.Background(), e.Path)
		}
	}
}

// outdate brings back the index as it was before something was done: a process
// that dies between its commit and the update of the index leaves it so.
func (r *indexRig) outdate(do func()) {
	kept := map[string][]byte{}
	_ = filepath.Walk(r.dir, func(name string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			kept[name], _ = os.ReadFile(name)
		}
		return nil
	})
	do()
	if err := os.RemoveAll(r.dir); err != nil {
		r.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			r.Fatal(err)
		}
		if err := os.WriteFile(name, kept[name], 0o600); err != nil {
			r.Fatal(err)
		}
	}
}

// TestIndexIsTheTable: whatever Sluice and others do to a table, and wherever
// the process dies, what the index says of the files that it knows is what a
// scan finds in them, and after a small batch it knows all files.
func TestIndexIsTheTable(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		t.Run(fmt.Sprintf("type%d", typ), func(t *testing.T) {
			dir := t.TempDir()
			rapid.Check(t, func(t *rapid.T) {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				checkFate(t, newIndexRig(t, typ, dir))
			})
		})
	}
}

func checkFate(t *rapid.T, r *indexRig) {
	var past []*delta.Snapshot
	for range rapid.IntRange(1, 8).Draw(t, "steps") {
		r.folder++
		var rows []row
		for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
			rows = append(rows, drawRow(t, r.folder, int64(i)))
		}
		step := func() { r.apply(rows...) }
		switch rapid.SampledFrom([]string{"", "", "crash", "delete", "optimize", "restore", "vacuum"}).Draw(t, "what else") {
		case "crash":
			r.outdate(step)
			step = func() {}
		case "delete":
			if r.snapshot().Version > 0 {
				r.deleteRows(0)
			}
		case "optimize":
			if r.snapshot().Version > 0 {
				r.optimize()
			}
		case "restore":
			if len(past) > 0 {
				r.restore(rapid.SampledFrom(past).Draw(t, "past"))
			}
		case "vacuum":
			r.vacuum()
			past = nil // what it was needs what is gone
		}
		checkIndex(t, r.engine, r.batch(nil), false)
		step()
		checkIndex(t, r.engine, r.batch(nil), false)
		past = append(past, r.snapshot())
	}
	r.folder++
	r.apply(drawRow(t, r.folder, 0))
	r.whole()
	if log := r.log.String(); strings.Contains(log, "key index") {
		t.Fatalf("the index was not kept:\n%s", log)
	}
}

// A table whose index is lost, damaged, in use or wrong is brought up to date all the same.
func TestIndexIsACache(t *testing.T) {
	nothing := func() {}
	harm := map[string]func(r *indexRig) (mend func()){
		"lost": func(r *indexRig) func() {
			if err := os.RemoveAll(r.dir); err != nil {
				r.Fatal(err)
			}
			return nothing
		},
		"damaged": func(r *indexRig) func() {
			runs, _ := filepath.Glob(filepath.Join(r.dir, "*", "*.run"))
			for _, name := range runs {
				content, err := os.ReadFile(name)
				if err != nil {
					r.Fatal(err)
				}
				content[10] ^= 1
				if err := os.WriteFile(name, content, 0o600); err != nil {
					r.Fatal(err)
				}
			}
			return nothing
		},
		"in use": func(r *indexRig) func() {
			x, _ := r.open()
			return func() { _ = x.Close() }
		},
		"wrong": func(r *indexRig) func() {
			r.pointElsewhere(func(int64) bool { return true })
			return nothing
		},
		"wrong in two rows": func(r *indexRig) func() {
			r.pointElsewhere(func(row int64) bool { return row == 60 || row == 61 })
			return nothing
		},
	}
	for _, name := range slices.Sorted(maps.Keys(harm)) {
		t.Run(name, func(t *testing.T) {
			r := newIndexRig(t, change.Type2, t.TempDir())
			var model change.Model[string]
			step := func() {
				r.folder++
				var rows []row
				for i := range 40 {
					w := upsert(r.folder, 10*r.folder, fmt.Sprint("row ", i, " of ", r.folder))
					w.Key = change.Key{byte(i), byte(7 * i), 15: 1}
					model.Add(w.Change, w.name)
					rows = append(rows, w)
				}
				r.apply(rows...)
			}
			step()
			step()
			r.whole()
			mend := harm[name](r)
			step()
			mend()
			step()
			r.whole()
			compareTable(t, r.store, r.typ, &model)
		})
	}
}

// stamp of the table's index.
func (r *indexRig) stamp() keyindex.Stamp {
	r.Helper()
	a, err := newAttempt(r.engine, r.batch(nil), r.snapshot())
	if err != nil {
		r.Fatal(err)
	}
	return a.indexStamp()
}

// open opens the table's index.
func (r *indexRig) open() (*keyindex.Index, string) {
	r.Helper()
	dirs, _ := filepath.Glob(filepath.Join(r.dir, "*"))
	x, err := keyindex.Open(dirs[0], r.stamp())
	if err != nil {
		r.Fatal(err)
	}
	return x, dirs[0]
}

// pointElsewhere makes the entries of some rows point to the rows beside them,
// in an index that is sound as such.
func (r *indexRig) pointElsewhere(which func(row int64) bool) {
	r.Helper()
	x, dir := r.open()
	var entries []keyindex.Entry
	err := x.Scan(func(e *keyindex.Entry) error {
		if which(entryRow(e)) {
			e.Values[placeNumber] ^= 1
		}
		entries = append(entries, *e)
		return nil
	})
	files, at := x.Files(), x.At()
	if err = errors.Join(err, x.Close(), keyindex.Remove(dir)); err != nil {
		r.Fatal(err)
	}
	x, _ = r.open()
	for range files {
		x.NewFile()
	}
	b := x.NewBuilder(1 << 20)
	b.Add(entries...)
	err = x.Update(keyindex.Update{Version: at, Files: files, Added: b, Keep: func(*keyindex.Entry) bool { return true }})
	if err = errors.Join(err, x.Close()); err != nil {
		r.Fatal(err)
	}
}
