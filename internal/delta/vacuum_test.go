package delta

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

const day = 24 * time.Hour

// dustbin is a table whose clock tests move.
type dustbin struct {
	*testing.T

	store *mem.Store
	now   time.Time
	s     *Snapshot
}

func newDustbin(t *testing.T) *dustbin {
	t.Helper()
	d := &dustbin{T: t, now: testTime}
	d.store = mem.New(func() time.Time { return d.now })
	d.s = mustCommit(t, EmptySnapshot(d.store, "t"), creation(t))
	return d
}

func (d *dustbin) file(names ...string) {
	d.Helper()
	for _, name := range names {
		put(d, d.store, "t/"+name, "content")
	}
}

func (d *dustbin) commit(removes, adds []Add) {
	d.Helper()
	c := Changes{Adds: adds}
	for _, a := range removes {
		c.Removes = append(c.Removes, NewRemove(a, d.now, true))
	}
	opts := testOptions()
	opts.Clock = func() time.Time { return d.now }
	out, err := Commit(d.Context(), d.s, c, opts)
	if err != nil || out.Kind != Committed {
		d.Fatal(out.Kind, err)
	}
	d.s = out.Snapshot
}

// left are the files of the table beside its log.
func (d *dustbin) left() []string {
	d.Helper()
	var names []string
	for e, err := range d.store.List(d.Context(), "t/", storage.ListOptions{}) {
		if err != nil {
			d.Fatal(err)
		}
		if name := strings.TrimPrefix(e.Path, "t/"); !strings.HasPrefix(name, logFolder) {
			names = append(names, name)
		}
	}
	return names
}

func (d *dustbin) vacuum(s *Snapshot, opts VacuumOptions) Vacuumed {
	d.Helper()
	opts.Now, opts.Quiet = d.now, cmp.Or(opts.Quiet, day)
	v, err := Vacuum(d.Context(), s, opts)
	if err != nil {
		d.Fatal(err)
	}
	return v
}

func (d *dustbin) leaves(what string, want ...string) {
	d.Helper()
	slices.Sort(want)
	if diff := gocmp.Diff(want, d.left()); diff != "" {
		d.Errorf("%s (-want +left):\n%s", what, diff)
	}
}

var vectorName = VectorFileName(testUUID)

// TestVacuum follows the files of a table through their lives.
func TestVacuum(t *testing.T) {
	d := newDustbin(t)
	d.file("live.parquet", "gone.parquet", "late.parquet", vectorName)
	marked := must(testAdd("gone.parquet").WithVector(testVector(3)))(t)
	d.commit(nil, []Add{testAdd("live.parquet"), marked, testAdd("late.parquet")})
	d.commit([]Add{marked}, nil)
	d.now = d.now.Add(5 * day)
	d.commit([]Add{testAdd("late.parquet")}, nil)
	all := []string{"gone.parquet", "late.parquet", "live.parquet", vectorName}

	d.now = d.now.Add(day)
	d.vacuum(d.s, VacuumOptions{Retention: 7 * day})
	d.leaves("within the retention", all...)

	d.now = d.now.Add(2 * day)
	if v := d.vacuum(d.s, VacuumOptions{Retention: 7 * day, DryRun: true}); v.Files != 2 || v.Bytes != 14 {
		t.Errorf("%+v", v)
	}
	d.leaves("dry run", all...)
	d.vacuum(d.s, VacuumOptions{Retention: 7 * day})
	d.leaves("the file and its vector are older, the other is not", "late.parquet", "live.parquet")
	if _, err := LoadAt(t.Context(), d.store, "t", d.s.Version); err != nil {
		t.Error(err)
	}
}

// A vector file stays while one of the files that share it needs it.
func TestVacuumKeepsSharedVectors(t *testing.T) {
	d := newDustbin(t)
	d.file("a.parquet", "b.parquet", vectorName)
	a, b := must(testAdd("a.parquet").WithVector(testVector(3)))(t), must(testAdd("b.parquet").WithVector(testVector(2)))(t)
	d.commit(nil, []Add{a, b})
	d.commit([]Add{a}, nil)
	d.now = d.now.Add(8 * day)
	d.vacuum(d.s, VacuumOptions{Retention: 7 * day})
	d.leaves("b has its vector there", "b.parquet", vectorName)
}

// Names that are nobody's to remove stay, whatever their age.
func TestVacuumLeavesAlone(t *testing.T) {
	d := newDustbin(t)
	kept := []string{
		"_sluice/tombstones-1.parquet", "_index/x.parquet", ".hidden.parquet", "a/.b/c.parquet", "notes.txt", "data.csv",
		"nested/A.parquet", "nested/_delta_log/00000000000000000000.json", "nested/x.parquet",
	}
	d.file(kept...)
	d.file("stray.parquet", "year=2024/stray.parquet", vectorName)
	d.now = d.now.Add(100 * day)
	if v := d.vacuum(d.s, VacuumOptions{Retention: 7 * day}); v.Files != 3 || v.Strays != 0 {
		t.Errorf("%+v", v)
	}
	d.leaves("after a hundred days", kept...)
}

// A load that has been writing for longer than the retention keeps its first
// files, because its last are young.
func TestVacuumMeetsLoad(t *testing.T) {
	d := newDustbin(t)
	d.file("1.parquet")
	d.now = d.now.Add(9 * day)
	d.file("2.parquet")
	d.now = d.now.Add(time.Hour)
	if v := d.vacuum(d.s, VacuumOptions{Retention: 7 * day}); v.Strays != 2 || v.Files != 0 {
		t.Errorf("%+v", v)
	}
	d.leaves("while it writes", "1.parquet", "2.parquet")
	d.now = d.now.Add(2 * day)
	d.vacuum(d.s, VacuumOptions{Retention: 7 * day})
	d.leaves("two days after it was killed", "2.parquet")
	d.now = d.now.Add(6 * day)
	d.vacuum(d.s, VacuumOptions{Retention: 7 * day})
	d.leaves("a week after")
}

// With no retention what was removed goes, but not what a commit may be about to
// name.
func TestVacuumWithoutRetention(t *testing.T) {
	d := newDustbin(t)
	d.file("gone.parquet", "coming.parquet")
	d.commit(nil, []Add{testAdd("gone.parquet")})
	d.commit([]Add{testAdd("gone.parquet")}, nil)
	d.vacuum(d.s, VacuumOptions{})
	d.leaves("at once", "coming.parquet")
}

// What was committed after the snapshot counts, also while the folder is listed.
func TestVacuumReadsTheLogAgain(t *testing.T) {
	d := newDustbin(t)
	d.file("1.parquet", "2.parquet")
	old := d.s
	d.commit(nil, []Add{testAdd("1.parquet"), testAdd("2.parquet")})
	d.now = d.now.Add(30 * day)
	d.vacuum(old, VacuumOptions{Retention: 7 * day})
	d.leaves("files of a later version", "1.parquet", "2.parquet")
}

// A table with files elsewhere, a shallow clone for instance, is refused.
func TestVacuumRefusesForeignPaths(t *testing.T) {
	d := newDustbin(t)
	d.file("stray.parquet")
	put(t, d.store, "t/_delta_log/"+commitName(1), `{"add":{"path":"s3://elsewhere/x.parquet","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}`)
	s := must(Load(t.Context(), d.store, "t"))(t)
	d.now = d.now.Add(30 * day)
	if _, err := Vacuum(t.Context(), s, VacuumOptions{Now: d.now}); err == nil {
		t.Error("no error")
	}
	d.leaves("nothing went", "stray.parquet")
}

func TestEachStray(t *testing.T) {
	d := newDustbin(t)
	d.file("live.parquet", "gone.parquet", "stray.parquet", "other.parquet", "_x.parquet", "deep/stray.parquet")
	d.commit(nil, []Add{testAdd("live.parquet"), testAdd("gone.parquet")})
	d.commit([]Add{testAdd("gone.parquet")}, nil)
	var got []string
	err := EachStray(t.Context(), d.s, func(e storage.Entry) bool {
		got = append(got, e.Path)
		return len(got) < 5
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]string{"t/other.parquet", "t/stray.parquet"}, got); diff != "" {
		t.Error(diff)
	}
}
