package maintain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

// all is everything, with files merged as soon as there are four.
var all = Limits{Compact: true, Vacuum: true, Log: true, Checkpoint: 5, Policy: eager}

// grown is a table after some batches, an hour between them.
func grown(t *testing.T, typ change.Type, batches int) *rig {
	t.Helper()
	r := newRig(t, typ)
	version := int64(0)
	for n := range batches {
		r.now = r.now.Add(time.Hour)
		var rows []row
		for k := range 4 {
			version++
			rows = append(rows, upsert(uint16(n+k), version, fmt.Sprint("batch ", n)))
		}
		r.apply(append(rows, deleted(uint16(1000+n), version))...)
	}
	return r
}

func (r *rig) put(name string) {
	r.Helper()
	if err := r.store.PutIfAbsent(context.Background(), tablePath+"/"+name, []byte("content")); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) has(name string) bool {
	r.Helper()
	_, err := r.store.Stat(context.Background(), tablePath+"/"+name)
	if err != nil && !errors.Is(err, storage.ErrNotExist) {
		r.Fatal(err)
	}
	return err == nil
}

// A table that does not exist is none to maintain.
func TestNoTable(t *testing.T) {
	r := newRig(t, change.Type1)
	if report := r.maintain(all); report.Version != -1 || report.Commits != 0 {
		t.Errorf("%+v", report)
	}
}

// TestDryRun says what would be done, does nothing of it, and is right.
func TestDryRun(t *testing.T) {
	r := grown(t, change.Type2, 12)
	r.now = r.now.Add(30 * day)
	before := r.files("")
	dry := all
	dry.DryRun = true
	would := r.maintain(dry)
	if diff := gocmp.Diff(before, r.files("")); diff != "" {
		t.Fatalf("it changed something:\n%s", diff)
	}
	did := r.maintain(all)
	if did.Merged.Files < would.Due || would.Due == 0 || did.Merged.BytesRead < would.DueBytes || did.Due != 0 {
		t.Errorf("would: %+v\ndid: %+v", would, did)
	}
	if did.After.Rows != would.Before.Rows || did.After.Files >= would.Before.Files || did.After.Tombstones != 12 {
		t.Errorf("before %+v, after %+v", would.Before, did.After)
	}
	r.check()
}

// Readers that began before it find their files for as long as the retention.
func TestReadersKeepTheirFiles(t *testing.T) {
	r := grown(t, change.Type1, 12)
	old := r.snapshot()
	want := r.seen(old)
	for _, pause := range []time.Duration{0, 6 * day} {
		r.now = r.now.Add(pause)
		r.maintain(all)
		if diff := gocmp.Diff(want, r.seen(old)); diff != "" {
			t.Fatalf("after %s a reader of version %d sees:\n%s", pause, old.Version, diff)
		}
	}
	r.now = r.now.Add(2 * day)
	if report := r.maintain(all); report.Vacuumed.Files < 12 {
		t.Errorf("%+v", report)
	}
	if left := len(r.files(".parquet")); left > r.snapshot().NumFiles()+5 { // and checkpoints
		t.Errorf("%d files are left, %d are of the table", left, r.snapshot().NumFiles())
	}
	r.check()
}

func TestRetention(t *testing.T) {
	for name, test := range map[string]struct {
		limits   Limits
		property string
		want     error
	}{
		"the table's":                   {Limits{}, "", nil},
		"a week, said":                  {Limits{Retention: 7 * day}, "", nil},
		"too short":                     {Limits{Retention: 7*day - time.Second}, "", ErrRetention},
		"too short, forced":             {Limits{Retention: time.Hour, Force: true}, "", nil},
		"none, forced":                  {Limits{Force: true}, "", nil},
		"too long":                      {Limits{Retention: 8 * day}, "", ErrRetentionUnknown},
		"too long, forced":              {Limits{Retention: 8 * day, Force: true}, "", ErrRetentionUnknown},
		"short as the table says":       {Limits{Retention: day}, "interval 1 day", nil},
		"too short for a longer table":  {Limits{Retention: 7 * day}, "interval 2 weeks", ErrRetention},
		"long as the table says itself": {Limits{Retention: 14 * day}, "interval 2 weeks", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &delta.Snapshot{Metadata: delta.Metadata{Configuration: map[string]string{"delta.deletedFileRetentionDuration": test.property}}}
			s = withStore(t, s)
			got, err := test.limits.retention(s)
			if !errors.Is(err, test.want) || err == nil && got != test.limits.Retention && test.limits.Retention != 0 {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

// withStore gives the snapshot a place, for error texts.
func withStore(t *testing.T, s *delta.Snapshot) *delta.Snapshot {
	t.Helper()
	placed := *delta.EmptySnapshot(newRig(t, change.Type1).store, tablePath)
	placed.Metadata = s.Metadata
	return &placed
}

// A table that is being loaded is not merged: the load would have to start over.
// Once it has been quiet for long enough, what it left does not matter.
func TestLoadGoesFirst(t *testing.T) {
	r := grown(t, change.Type1, 12)
	r.put("loading.parquet")
	report := r.maintain(all)
	if report.Commits != 0 || report.Due == 0 || report.Postponed != "a load is writing to the table" || report.Strays != 1 {
		t.Errorf("%+v", report)
	}
	r.now = r.now.Add(2 * time.Hour)
	if report = r.maintain(all); report.Commits == 0 || report.Due != 0 || report.Postponed != "" || report.Strays != 1 {
		t.Errorf("%+v", report)
	}
	r.now = r.now.Add(8 * day)
	if report = r.maintain(all); report.Strays != 0 || r.has("loading.parquet") {
		t.Errorf("%+v", report)
	}
	r.check()
}

// A clock of this machine that is far ahead removes nothing too early.
func TestClockAhead(t *testing.T) {
	r := grown(t, change.Type1, 12)
	r.put("loading.parquet")
	r.now = r.now.Add(2 * time.Hour)
	before := len(r.files(".parquet"))
	k := r.keeper(r.store)
	k.Clock = func() time.Time { return r.now.Add(300 * day) }
	report, err := k.Table(context.Background(), r.batch(nil), Limits{Vacuum: true, Log: true})
	if err != nil || report.Vacuumed.Files+report.Log.Files != 0 || report.Skew != 300*day || len(r.files(".parquet")) != before {
		t.Errorf("%+v, %v", report, err)
	}
	if clocks := r.files(clockPrefix); len(clocks) > 0 {
		t.Errorf("left behind: %v", clocks)
	}
}

// A writer that is faster each time wins; what it left is merged the next time.
func TestOvertaken(t *testing.T) {
	for _, tries := range []int{0, 2} {
		t.Run(fmt.Sprint(tries), func(t *testing.T) {
			r := grown(t, change.Type1, 12)
			version, faster := int64(1000), 0
			meet := func() {
				if faster == 1 && tries > 0 {
					return // the second try is not overtaken
				}
				faster++
				version++
				r.apply(upsert(3, version, "overtakes"), upsert(7, version, "overtakes"))
			}
			lake := fault.New(r.store, fault.Match(fault.PutIfAbsent, "*/_delta_log/*", 0, fault.Call(meet)))
			l := all
			l.Tries = tries
			report, err := r.keeper(lake).Table(context.Background(), r.batch(nil), l)
			if err != nil {
				t.Fatal(err)
			}
			if done := report.Commits > 0; done != (tries > 0) || (report.Postponed == "another writer was faster") == done {
				t.Errorf("%+v", report)
			}
			r.check()
			if report = r.maintain(all); report.Due != 0 {
				t.Errorf("%+v", report)
			}
			r.check()
		})
	}
}

// A limit of bytes leaves the rest for the next times, and they come to an end.
func TestLimit(t *testing.T) {
	r := grown(t, change.Type2, 30)
	l := Limits{Compact: true, RewriteBytes: 8_000, Policy: Policy{Files: 4}}
	first := r.maintain(l)
	if first.Commits == 0 || first.Due == 0 || first.Postponed == "" || first.Merged.BytesRead > 2*l.RewriteBytes {
		t.Errorf("%+v", first)
	}
	for n := 0; ; n++ {
		if report := r.maintain(l); report.Due == 0 {
			break
		}
		if n == 100 {
			t.Fatal("it does not end")
		}
	}
	r.check()
}

// TestSideFiles: the versions that the log names stay, all others go when their
// time is over.
func TestSideFiles(t *testing.T) {
	r := newRig(t, change.Type1)
	r.settings = map[string]string{local.VectorsProperty: "false"}
	for n := range int64(4) {
		r.now = r.now.Add(3 * day)
		r.apply(upsert(uint16(n), 10*n+1, "a"), deleted(uint16(100+n), 10*n+2))
	}
	r.put("_sluice/quarantine-77.jsonl")
	r.put("_sluice/reconcile.json")
	r.put("_sluice/clock-123")
	r.now = r.now.Add(6 * day)
	count := func() int {
		n := 0
		for _, name := range r.files("") {
			if strings.HasPrefix(name, "_sluice/tombstones-") {
				n++
			}
		}
		return n
	}
	// Of the four the third was replaced six days ago, the second nine.
	r.maintain(Limits{Vacuum: true})
	if count() != 2 || !r.has("_sluice/quarantine-77.jsonl") {
		t.Errorf("%v", r.files(""))
	}
	r.now = r.now.Add(8 * day)
	r.maintain(Limits{Vacuum: true})
	if count() != 1 || r.has("_sluice/quarantine-77.jsonl") || r.has("_sluice/clock-123") || !r.has("_sluice/reconcile.json") {
		t.Errorf("%v", r.files(""))
	}
	r.check()
	r.apply(upsert(100, 1, "late, after its delete"))
	r.check()
}

// Tombstones of a copy-on-write table expire with the vacuum.
func TestSideFileForgets(t *testing.T) {
	r := newRig(t, change.Type1)
	r.settings = map[string]string{local.VectorsProperty: "false"}
	for n := range int64(6) {
		r.now = r.now.Add(day)
		r.apply(deleted(uint16(n), 10*n+5))
	}
	horizon := digits(r.now.Add(-day))
	l := Limits{Compact: true, Vacuum: true, Forget: horizon}
	if report := r.maintain(l); report.Merged.Forgotten != 5 {
		t.Errorf("%+v", report)
	}
	if report := r.maintain(l); report.Merged.Forgotten != 0 {
		t.Errorf("again: %+v", report)
	}
	r.model = change.Model[string]{} // what it knew of the five is forgotten
	r.apply(upsert(0, 1, "is back"))
	r.check()
}

// TestCutAnywhere ends the maintenance at every operation of it that changes
// something: readers see the same rows, and the next one does what is left.
func TestCutAnywhere(t *testing.T) {
	begin := func() *rig {
		r := grown(t, change.Type2, 7)
		r.settings = map[string]string{"delta.logRetentionDuration": "interval 0 days", "delta.deletedFileRetentionDuration": "interval 1 hour"}
		r.apply(upsert(1, 500, "last"))
		r.now = r.now.Add(3 * day)
		return r
	}
	r := begin()
	whole := fault.New(r.store, nil)
	if _, err := r.keeper(whole).Table(context.Background(), r.batch(nil), all); err != nil {
		t.Fatal(err)
	}
	places := changing(whole.Operations())
	t.Logf("%d of %d operations", len(places), whole.Count())
	for name, how := range map[string]fault.Action{"gone before": fault.Fail(errCut), "gone after": fault.Lose(errCut)} {
		t.Run(name, func(t *testing.T) {
			for _, n := range places {
				r := begin()
				lake := fault.New(r.store, fault.From(n, how))
				if _, err := r.keeper(lake).Table(context.Background(), r.batch(nil), all); !errors.Is(err, errCut) {
					t.Fatalf("cut at %d: %v", n, err)
				}
				r.check()
				r.now = r.now.Add(2 * loadPause) // what it left behind is no load
				if report := r.maintain(all); report.Due != 0 {
					t.Fatalf("cut at %d: %+v", n, report)
				}
				r.check()
			}
		})
	}
}

// changing are the numbers of operations that change what is stored. Of many
// removals in a row the first and the last are taken.
func changing(operations []fault.Operation) []int {
	var list []int
	at := func(i int) fault.Op {
		if i < 0 || i >= len(operations) {
			return ""
		}
		return operations[i].Op
	}
	for i, o := range operations {
		inside := at(i-1) == fault.Delete && at(i+1) == fault.Delete
		switch o.Op {
		case fault.Close, fault.PutIfAbsent:
			list = append(list, o.N)
		case fault.Delete:
			if !inside {
				list = append(list, o.N)
			}
		}
	}
	return list
}
