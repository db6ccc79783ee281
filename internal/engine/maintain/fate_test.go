package maintain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/parquetfile"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

var errCut = errors.New("the process is gone")

// eager merges whatever it can, so that little is needed to have something due.
var eager = Policy{Files: 4, DeadRows: 1, DeadShare: 1}

// bounded checks random cases for some seconds, or for as long as SLUICE_SOAK
// says. rapid prints the seed of a failure.
func bounded(t *testing.T, usual time.Duration, check func(*rapid.T)) {
	t.Helper()
	if asked := os.Getenv("SLUICE_SOAK"); asked != "" {
		var err error
		if usual, err = time.ParseDuration(asked); err != nil {
			t.Fatalf("SLUICE_SOAK: %v", err)
		}
	}
	end := time.Now().Add(usual)
	cases, failed := 0, false
	for cases == 0 || time.Now().Before(end) {
		rapid.Check(t, func(t *rapid.T) {
			if !failed && cases > 0 && time.Now().After(end) {
				return
			}
			cases++
			whole := false
			defer func() { failed = failed || !whole }()
			check(t)
			whole = true
		})
	}
	t.Logf("%d histories", cases)
}

// TestAnyUpkeepGivesTheSameTable brings the same batches to two tables, of which
// one is maintained in between, killed in the midst of it, and written to by
// others, who do the same to both. Their readers see the same rows.
func TestAnyUpkeepGivesTheSameTable(t *testing.T) {
	for _, typ := range []change.Type{change.Type1, change.Type2} {
		for _, vectors := range []string{"true", "false"} {
			t.Run(fmt.Sprintf("type%d/vectors=%s", typ, vectors), func(t *testing.T) {
				bounded(t, 700*time.Millisecond, func(rt *rapid.T) {
					f := &fate{T: rt, kept: newRig(t, typ), plain: newRig(t, typ)}
					for _, r := range []*rig{f.kept, f.plain} {
						r.TB = fatal{t, rt}
						r.settings = map[string]string{local.VectorsProperty: vectors}
					}
					f.live()
				})
			})
		}
	}
}

// fatal ends a case of rapid, which shrinks it then, and not the whole test.
type fatal struct {
	*testing.T

	rapid *rapid.T
}

func (f fatal) Fatal(args ...any)                 { f.rapid.Fatal(args...) }
func (f fatal) Fatalf(format string, args ...any) { f.rapid.Fatalf(format, args...) }
func (f fatal) Helper()                           {}

// fate is what happens to two tables.
type fate struct {
	*rapid.T

	kept, plain *rig
	version     int64
	past        []int64 // folders of the batches
	altered     bool    // by others, so that the model says nothing
}

func (f *fate) live() {
	for range rapid.IntRange(2, 10).Draw(f.T, "steps") {
		pause := time.Duration(rapid.SampledFrom([]int{1, 30, 24 * 5}).Draw(f.T, "hours")) * time.Hour
		f.kept.now, f.plain.now = f.kept.now.Add(pause), f.plain.now.Add(pause)
		switch rapid.SampledFrom([]string{"batch", "batch", "upkeep", "upkeep", "delete", "vectors anew"}).Draw(f.T, "what") {
		case "batch":
			f.batch()
		case "upkeep":
			f.upkeep()
		case "delete":
			f.deleteKey()
		case "vectors anew":
			f.vectorsAnew()
		}
	}
	if len(f.past) == 0 {
		return
	}
	if diff := gocmp.Diff(f.plain.seen(f.plain.snapshot()), f.kept.seen(f.kept.snapshot())); diff != "" {
		f.Fatalf("the tables differ (-plain +maintained):\n%s", diff)
	}
	f.kept.checkIndex()
	if !f.altered {
		f.kept.check()
	}
}

// batch brings a batch to both tables, to one of them perhaps in two tries.
func (f *fate) batch() {
	f.version += 10
	var rows []row
	for range rapid.IntRange(1, 6).Draw(f.T, "rows") {
		key := uint16(rapid.IntRange(1, 5).Draw(f.T, "key"))
		version := f.version - rapid.Int64Range(0, 12).Draw(f.T, "late")
		if rapid.IntRange(0, 2).Draw(f.T, "delete") == 0 {
			rows = append(rows, deleted(key, version))
		} else {
			rows = append(rows, upsert(key, version, fmt.Sprint("v", version)))
		}
	}
	f.plain.apply(rows...)
	f.kept.now = f.plain.now
	f.past = append(f.past, f.plain.folder)
	placed := f.kept.placed(rows)
	f.cut(func(k *Keeper) error {
		_, err := k.Engine.Apply(context.Background(), f.kept.batch(placed))
		return err
	})
}

// upkeep maintains one of the tables, perhaps not to the end.
func (f *fate) upkeep() {
	l := Limits{
		Compact: true, Vacuum: rapid.Bool().Draw(f.T, "vacuum"), Log: rapid.Bool().Draw(f.T, "log"),
		RewriteBytes: rapid.SampledFrom([]int64{0, 4000}).Draw(f.T, "limit"), Checkpoint: 3, Policy: eager,
	}
	if n := len(f.past); n > 2 { // what comes later is of the last two at most
		l.Forget = f.past[n-2]
	}
	f.cut(func(k *Keeper) error {
		_, err := k.Table(context.Background(), f.kept.batch(nil), l)
		return err
	})
}

// cut does something once under a plan that may end it, and once more where it
// did.
func (f *fate) cut(do func(*Keeper) error) {
	plan := fault.At(0, fault.Pass())
	switch n := rapid.IntRange(1, 60).Draw(f.T, "operation"); rapid.SampledFrom([]string{"", "", "gone before", "gone after"}).Draw(f.T, "cut") {
	case "gone before":
		plan = fault.From(n, fault.Fail(errCut))
	case "gone after":
		plan = fault.From(n, fault.Lose(errCut))
	}
	if err := do(f.kept.keeper(fault.New(f.kept.store, plan))); err == nil {
		return
	} else if !errors.Is(err, errCut) {
		f.Fatal(err)
	}
	if err := do(f.kept.keeper(f.kept.store)); err != nil {
		f.Fatal(err)
	}
}

// deleteKey is another program's DELETE.
func (f *fate) deleteKey() {
	if len(f.past) == 0 || f.kept.settings[local.VectorsProperty] != "true" {
		return
	}
	key := change.Key{byte(rapid.IntRange(1, 5).Draw(f.T, "key")), 15: 1}.String()
	f.altered = true
	for _, r := range []*rig{f.kept, f.plain} {
		r.mark(func(text string) bool { return text == key })
	}
}

// vectorsAnew writes the vectors of all files again, as they are.
func (f *fate) vectorsAnew() {
	if len(f.past) > 0 {
		f.kept.mark(func(string) bool { return false })
	}
}

// mark writes vectors anew for all files that have any, or get some.
func (r *rig) mark(dies func(key string) bool) {
	r.Helper()
	s := r.snapshot()
	var c delta.Changes
	for _, add := range s.Files() {
		dead := roaring64.New()
		if add.DeletionVector != nil {
			var err error
			if dead, err = delta.ReadVector(context.Background(), r.store, tablePath, add.DeletionVector); err != nil {
				r.Fatal(err)
			}
		}
		r.eachKey(add, func(n uint64, key string) {
			if dies(key) {
				dead.Add(n)
			}
		})
		if dead.IsEmpty() {
			continue
		}
		vectors, err := delta.WriteVectors(context.Background(), r.store, tablePath, uuid.New(), []*roaring64.Bitmap{dead})
		if err != nil {
			r.Fatal(err)
		}
		marked, err := add.WithVector(&vectors[0])
		if err != nil {
			r.Fatal(err)
		}
		c.Removes = append(c.Removes, delta.NewRemove(add, r.now, true))
		c.Adds = append(c.Adds, marked)
	}
	if len(c.Adds) == 0 {
		return
	}
	c.Info = delta.CommitInfo{Operation: "DELETE"}
	if out, err := delta.Commit(context.Background(), s, c, delta.CommitOptions{Clock: r.clock}); err != nil || out.Kind != delta.Committed {
		r.Fatal(out.Kind, err)
	}
}

// eachKey hands on the Ids of all rows of a file, dead ones too.
func (r *rig) eachKey(add delta.Add, visit func(n uint64, key string)) {
	r.Helper()
	data, err := storage.ReadAll(context.Background(), r.store, tablePath+"/"+add.Path)
	if err != nil {
		r.Fatal(err)
	}
	file, err := parquetfile.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		r.Fatal(err)
	}
	n := uint64(0)
	for g := range file.RowGroups() {
		var b batch.Batch
		if err := file.ReadRowGroup(g, schema[:1], &b); err != nil {
			r.Fatal(err)
		}
		for _, key := range b.Cols[0].Bytes {
			visit(n, string(key))
			n++
		}
	}
}
