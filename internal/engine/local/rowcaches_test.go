package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/storage/trace"
)

// rowsRig is a Type2 table whose storage is watched.
type rowsRig struct {
	*indexRig

	watched *trace.Store
	model   change.Model[string]
}

func newRowsRig(t fataler, dir string, room int64) *rowsRig {
	r := &rowsRig{indexRig: newIndexRig(t, change.Type2, dir)}
	r.watched = trace.New(r.store, nil)
	opts := r.engine.opts
	opts.RowCacheBytes = room
	r.engine = New(r.watched, opts)
	return r
}

// bring applies a folder that has a row of every step-th key, large or small. Each
// folder begins with another key.
func (r *rowsRig) bring(keys, step int, large bool) {
	r.Helper()
	var rows []row
	for i := int(r.folder) % step; i < keys; i += step {
		w := upsert(r.folder+1, 10*r.folder+10, fmt.Sprint("row ", i, " of ", r.folder))
		w.Key = change.Key{byte(i), byte(i >> 8), 15: 1}
		r.model.Add(w.Change, w.name)
		rows = append(rows, w)
	}
	r.folder++
	b := r.batch(rows)
	b.Open = func() (change.Source, error) { return &rowSource{rows: rows, perPiece: 1000}, nil }
	if large {
		b.Bytes = r.engine.opts.Memory
	}
	if _, err := r.engine.Apply(context.Background(), b); err != nil {
		r.Fatal(err)
	}
}

// dataReads are the reads of data files since it was last asked.
func (r *rowsRig) dataReads() (reads []string) {
	for line := range strings.Lines(r.watched.Take()) {
		if strings.HasPrefix(line, "read ") && strings.Contains(line, ".parquet") {
			reads = append(reads, strings.TrimSpace(line))
		}
	}
	return reads
}

func (r *rowsRig) caches() []string {
	names, _ := filepath.Glob(filepath.Join(r.dir, "*", "*"+rowsSuffix+"*"))
	return names
}

// check compares everything. At least so many rows are in caches.
func (r *rowsRig) check(atLeast int64) {
	r.Helper()
	compareTable(r, r.store, r.typ, &r.model)
	check, err := r.engine.CheckIndex(context.Background(), r.batch(nil))
	if err != nil || check == nil || check.Lacking+check.Wrong+check.WrongRows != 0 {
		r.Fatalf("%+v, %v", check, err)
	}
	if check.KeptRows < atLeast {
		r.Fatalf("%d rows are kept, want %d", check.KeptRows, atLeast)
	}
}

// Rows of a Type2 table end without a read of its data files, whatever their size:
// neither after a first load nor after small batches.
func TestRowsEndWithoutReadingDataFiles(t *testing.T) {
	r := newRowsRig(t, t.TempDir(), 1<<30)
	const keys = 20_000
	r.bring(keys, 1, true)
	for range 3 {
		r.dataReads()
		r.bring(keys, 200, false)
		if reads := r.dataReads(); len(reads) > 0 {
			t.Fatalf("ending 100 of %d rows reads\n%s", keys, strings.Join(reads, "\n"))
		}
	}
	r.check(keys + 3*keys/200)
	if log := r.log.String(); log != "" {
		t.Error(log)
	}
}

// Current rows and those that have ended are in files apart: a file has an
// __END_AT in none of its rows or in all.
func TestClosedRowsLieApart(t *testing.T) {
	r := newRowsRig(t, t.TempDir(), 1<<30)
	r.bring(100, 1, true)
	r.bring(100, 2, false)
	// Two versions of a key in one small batch: one of them has ended as it comes.
	r.folder++
	first, second := upsert(r.folder, 100, "first"), upsert(r.folder, 200, "second")
	r.model.Add(first.Change, first.name)
	r.model.Add(second.Change, second.name)
	r.apply(first, second)
	closed, current := 0, 0
	for _, add := range r.snapshot().Files() {
		stats, err := delta.ParseStats(add.Stats)
		if err != nil {
			t.Fatal(err)
		}
		switch nulls := stats.NullCount[endColumn]; nulls {
		case 0:
			closed++
		case stats.NumRecords:
			current++
		default:
			t.Errorf("%s has %d rows, %d of them without an end", add.Path, stats.NumRecords, nulls)
		}
	}
	if closed != 2 || current < 3 {
		t.Errorf("%d files of rows that have ended, %d of current ones", closed, current)
	}
	compareTable(t, r.store, r.typ, &r.model)
}

// Whatever becomes of row caches, the table is right, and caches are there again
// when they have been missed.
func TestRowCachesAreCaches(t *testing.T) {
	const keys = 2000
	each := func(do func(name string) error) func(r *rowsRig) {
		return func(r *rowsRig) {
			names := r.caches()
			if len(names) == 0 {
				r.Fatal("there are no row caches")
			}
			for _, name := range names {
				if err := do(name); err != nil {
					r.Fatal(err)
				}
			}
		}
	}
	spoil := func(place func(size int) int) func(r *rowsRig) {
		return each(func(name string) error {
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			content[place(len(content))] ^= 1
			return os.WriteFile(name, content, 0o600)
		})
	}
	tests := []struct {
		name string
		harm func(r *rowsRig)
		log  string
	}{
		{"lost", each(os.Remove), ""},
		{"empty", each(func(name string) error { return os.Truncate(name, 0) }), "damaged"},
		{"cut", each(func(name string) error { return os.Truncate(name, 1000) }), "damaged"},
		{"spoiled block", spoil(func(int) int { return 600 }), "damaged"},
		{"spoiled end", spoil(func(size int) int { return size - 1 }), "damaged"},
		{"of each other", func(r *rowsRig) {
			// The two files of the first folder have as many rows each.
			names := r.caches()
			slices.SortFunc(names, func(a, b string) int { return cmp.Compare(fileBytes(b), fileBytes(a)) })
			err := errors.Join(os.Rename(names[0], names[0]+".x"), os.Rename(names[1], names[0]), os.Rename(names[0]+".x", names[1]))
			if err != nil {
				r.Fatal(err)
			}
		}, "points to another row"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRowsRig(t, t.TempDir(), 1<<30)
			r.bring(keys, 1, true)
			r.bring(keys, 10, false)
			test.harm(r)
			r.bring(keys, 20, false)
			compareTable(t, r.store, r.typ, &r.model)
			if !strings.Contains(r.log.String(), test.log) {
				t.Errorf("the log has no %q:\n%s", test.log, r.log.String())
			}
			r.bring(keys, 20, false)
			r.dataReads()
			r.bring(keys, 20, false)
			if reads := r.dataReads(); len(reads) > 0 {
				t.Errorf("the caches are not there again: %v", reads)
			}
			r.check(keys + 3*keys/20)
		})
	}
}

// A file whose rows are larger than the room has no cache.
func TestRowCachesKeepToTheirRoom(t *testing.T) {
	for _, room := range []int64{-1, 1, 40_000} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			r := newRowsRig(t, t.TempDir(), room)
			const keys = 10_000
			r.bring(keys, 1, true)
			for range 3 {
				r.bring(keys, 100, false)
			}
			size := int64(0)
			for _, name := range r.caches() {
				size += fileBytes(name)
			}
			if size > max(0, room) {
				t.Errorf("%d bytes are taken of %d", size, room)
			}
			compareTable(t, r.store, r.typ, &r.model)
		})
	}
}

// Caches go with their files.
func TestRowCachesGoWithTheirFiles(t *testing.T) {
	r := newRowsRig(t, t.TempDir(), 1<<30)
	r.bring(1000, 1, true)
	before := r.caches()
	r.optimize()
	r.bring(1000, 10, false)
	for _, name := range r.caches() {
		if slices.Contains(before, name) {
			t.Errorf("%s is left", name)
		}
	}
	if len(before) == 0 || len(r.caches()) == 0 {
		t.Errorf("%v before, %v after", before, r.caches())
	}
	r.dataReads()
	r.bring(1000, 10, false)
	if reads := r.dataReads(); len(reads) > 0 {
		t.Errorf("the file of another program was not kept: %v", reads)
	}
	compareTable(t, r.store, r.typ, &r.model)
}

// A column that comes later is null in rows that were kept before, and one whose
// type changed is read from the data files.
func TestRowCachesFollowTheSchema(t *testing.T) {
	r := newRowsRig(t, t.TempDir(), 1<<30)
	r.bring(200, 1, true)
	wider := append(slices.Clone(testSchema), batch.Field{Name: "later", Type: batch.Type{Kind: batch.Long}})
	r.folder++
	w := upsert(r.folder, 20, "Ann")
	w.Key = change.Key{5, 15: 1}
	b := r.batch(nil)
	b.Schema = wider
	b.Open = func() (change.Source, error) { return &wideSource{rowSource{rows: []row{w}, perPiece: 1}}, nil }
	r.dataReads()
	if _, err := r.engine.Apply(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	if reads := r.dataReads(); len(reads) > 0 {
		t.Errorf("a column more makes caches useless: %v", reads)
	}
	r.model.Add(w.Change, w.name)
	compareTable(t, r.store, r.typ, &r.model)
	later := map[string]int{}
	err := r.engine.Scan(context.Background(), r.snapshot(), wider, func(rows *batch.Batch) error {
		for _, v := range rows.Cols[len(testSchema)].Ints {
			later[fmt.Sprint(v)]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(map[string]int{"7": 1}, later); diff != "" {
		t.Error(diff)
	}
}

// wideSource has one more column, of sevens.
type wideSource struct{ rowSource }

func (s *wideSource) Next(ctx context.Context) (change.Piece, error) {
	p, err := s.rowSource.Next(ctx)
	if err != nil {
		return nil, err
	}
	return &widePiece{p}, nil
}

type widePiece struct{ change.Piece }

func (p *widePiece) Decode(b *change.Block) error {
	if err := p.Piece.Decode(b); err != nil {
		return err
	}
	b.Rows.Schema = append(slices.Clone(b.Rows.Schema), batch.Field{Name: "later", Type: batch.Type{Kind: batch.Long}})
	column := batch.Column{}
	for range b.Rows.Rows {
		column.Int(7)
	}
	b.Rows.Cols = append(b.Rows.Cols, column)
	return nil
}
