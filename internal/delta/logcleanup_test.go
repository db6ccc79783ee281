package delta

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

// aged has one commit a day, from version 0 on, and checkpoints at some.
func aged(t *testing.T, versions int64, checkpoints ...int64) *dustbin {
	t.Helper()
	d := newDustbin(t)
	for v := int64(1); v <= versions; v++ {
		d.now = d.now.Add(day)
		d.commit(nil, []Add{testAdd(fmt.Sprintf("%d.parquet", v))})
		if slices.Contains(checkpoints, v) {
			if err := WriteCheckpoint(t.Context(), d.s, d.now); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d
}

func (d *dustbin) log() []string {
	d.Helper()
	var names []string
	for e, err := range d.store.List(d.Context(), "t/_delta_log/", storage.ListOptions{}) {
		if err != nil {
			d.Fatal(err)
		}
		names = append(names, strings.TrimLeft(strings.TrimPrefix(e.Path, "t/_delta_log/"), "0"))
	}
	return names
}

// TestCleanLog has versions 0 to 45, a day between them.
func TestCleanLog(t *testing.T) {
	for name, test := range map[string]struct {
		checkpoints []int64
		config      map[string]string
		oldest      int64
	}{
		"no checkpoint":                   {nil, nil, -1},
		"every checkpoint is too young":   {[]int64{20, 40}, nil, -1},
		"the newest of those old enough":  {[]int64{5, 10, 14, 20, 40}, nil, 14},
		"days are whole":                  {[]int64{10, 15, 16, 17}, nil, 10},
		"a longer retention":              {[]int64{5, 10, 20}, map[string]string{"delta.logRetentionDuration": "interval 36 days"}, 5},
		"no cleaning wanted":              {[]int64{5, 10, 20}, map[string]string{"delta.enableExpiredLogCleanup": "false"}, -1},
		"a shorter retention, and weeks":  {[]int64{5, 10, 20, 30}, map[string]string{"delta.logRetentionDuration": "interval 2 weeks"}, 30},
		"a retention that cannot be read": {[]int64{5, 10, 20}, map[string]string{"delta.logRetentionDuration": "long"}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			d := aged(t, 45, test.checkpoints...)
			put(t, d.store, "t/_delta_log/"+versionName(2)+".crc", "{}")
			before := d.log()
			s := *d.s
			s.Metadata = s.Metadata.WithConfiguration(test.config)
			opts := CleanLogOptions{Now: d.now, Retention: s.Metadata.LogRetention()}
			dry := opts
			dry.DryRun = true
			would, err := CleanLog(t.Context(), &s, dry)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(before, d.log()); diff != "" {
				t.Errorf("a dry run changed something:\n%s", diff)
			}
			did, err := CleanLog(t.Context(), &s, opts)
			if err != nil || did != would || did.Oldest != test.oldest {
				t.Errorf("%+v, %v; the dry run said %+v; want the oldest %d", did, err, would, test.oldest)
			}
			d.readable(max(test.oldest, 0), did.Files)
		})
	}
}

// readable checks that all versions from the oldest on can be read and that
// nothing tells of others.
func (d *dustbin) readable(oldest, removed int64) {
	d.Helper()
	for _, v := range []int64{0, oldest - 1, oldest, oldest + 1, d.s.Version} {
		if v < 0 {
			continue
		}
		s, err := LoadAt(d.Context(), d.store, "t", v)
		if v < oldest {
			if err == nil {
				d.Errorf("version %d can still be read", v)
			}
			continue
		}
		if err != nil || int64(s.NumFiles()) != v {
			d.Fatalf("version %d: %v", v, err)
		}
	}
	equalSnapshots(d.T, d.s, must(Load(d.Context(), d.store, "t"))(d))
	for _, name := range d.log() {
		if version, _, _ := strings.Cut(name, "."); removed > 0 && version != "" && len(version) <= 2 && number(d, version) < oldest {
			d.Errorf("%s is left", name)
		}
	}
}

func number(d *dustbin, digits string) int64 {
	v, ok := parseVersion(digits)
	if !ok {
		d.Fatalf("%q", digits)
	}
	return v
}

// A checkpoint that cannot be read is no reason to remove what it stands for.
func TestCleanLogReadsTheCheckpoint(t *testing.T) {
	d := aged(t, 45, 10, 40)
	path := "t/_delta_log/" + checkpointName(10)
	if err := d.store.Delete(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	put(t, d.store, path, "PAR1 it is not")
	before := d.log()
	if _, err := CleanLog(t.Context(), d.s, CleanLogOptions{Now: d.now, Retention: d.s.Metadata.LogRetention()}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v", err)
	}
	if diff := gocmp.Diff(before, d.log()); diff != "" {
		t.Error(diff)
	}
}

// TestCleanLogCutAnywhere: wherever it ends, the versions that stay can be read,
// and the next one finishes it.
func TestCleanLogCutAnywhere(t *testing.T) {
	errCut := errors.New("cut")
	for n := 1; ; n++ {
		d := aged(t, 12, 2, 5, 9)
		store := fault.New(d.store, fault.From(n, fault.Fail(errCut)))
		s := must(Load(t.Context(), d.store, "t"))(t)
		s.store = store
		opts := CleanLogOptions{Now: d.now, Retention: 4 * day}
		_, err := CleanLog(t.Context(), s, opts)
		for v := int64(5); v <= d.s.Version; v++ {
			if _, err := LoadAt(t.Context(), d.store, "t", v); err != nil {
				t.Fatalf("cut at %d: version %d: %v", n, v, err)
			}
		}
		s.store = d.store
		if _, err := CleanLog(t.Context(), s, opts); err != nil {
			t.Fatal(err)
		}
		d.readable(5, 1)
		if err == nil {
			break // it did all before that operation
		}
	}
}

func TestNewestCheckpoint(t *testing.T) {
	d := aged(t, 12)
	look := func(want int64) {
		t.Helper()
		if got := must(NewestCheckpoint(t.Context(), d.s))(t); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
	look(-1)
	s := must(LoadAt(t.Context(), d.store, "t", 7))(t)
	if err := WriteCheckpoint(t.Context(), s, d.now); err != nil {
		t.Fatal(err)
	}
	look(7)
	if err := d.store.Delete(t.Context(), "t/_delta_log/"+checkpointName(7)); err != nil {
		t.Fatal(err)
	}
	look(-1)
}
