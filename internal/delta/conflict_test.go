package delta

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage/mem"
)

// foreign commits as another program would.
func foreign(t *testing.T, s *Snapshot, c Changes) *Snapshot {
	t.Helper()
	opts := testOptions()
	opts.NewID = func() string { return "their-id" }
	out, err := Commit(t.Context(), s, c, opts)
	if err != nil || out.Kind != Committed {
		t.Fatalf("foreign commit: %v, %v", out.Kind, err)
	}
	return out.Snapshot
}

// Each row is what others commit between our reading and our committing. Ours
// marks rows of file a, adds c and moves the cursor of "app".
func TestConflicts(t *testing.T) {
	withProtocol := func(s *Snapshot) Changes {
		p := s.Protocol
		p.WriterFeatures = append(slices.Clip(p.WriterFeatures), "domainMetadata")
		return Changes{Protocol: &p}
	}
	withMetadata := func(s *Snapshot) Changes {
		m := s.Metadata.WithConfiguration(map[string]string{"note": "x"})
		return Changes{Metadata: &m}
	}
	compact := func(from, to string) func(s *Snapshot) Changes {
		return func(s *Snapshot) Changes {
			a := testAdd(to)
			a.DataChange = false
			return Changes{Removes: []Remove{NewRemove(fileNamed(s, from), testTime, false)}, Adds: []Add{a}}
		}
	}
	add := func(s *Snapshot) Changes { return Changes{Adds: []Add{testAdd("theirs")}} }
	cursor := func(app string) func(*Snapshot) Changes {
		return func(*Snapshot) Changes { return Changes{Txns: []Txn{{AppID: app, Version: 9}}} }
	}
	mark := func(path string) func(*Snapshot) Changes {
		return func(s *Snapshot) Changes {
			old := fileNamed(s, path)
			v := testVector(2)
			v.SizeInBytes++
			marked, err := old.WithVector(v)
			if err != nil {
				t.Fatal(err)
			}
			return Changes{Removes: []Remove{NewRemove(old, testTime, true)}, Adds: []Add{marked}}
		}
	}
	remove := func(path string) func(*Snapshot) Changes {
		return func(s *Snapshot) Changes {
			return Changes{Removes: []Remove{NewRemove(fileNamed(s, path), testTime, true)}}
		}
	}
	both := func(f, g func(*Snapshot) Changes) func(*Snapshot) Changes {
		return func(s *Snapshot) Changes {
			a, b := f(s), g(s)
			a.Txns = append(a.Txns, b.Txns...)
			return a
		}
	}
	type steps []func(*Snapshot) Changes
	for name, test := range map[string]struct {
		theirs steps
		want   ConflictKind // 0: commits after them
	}{
		"nobody":                             {nil, 0},
		"protocol":                           {steps{withProtocol}, ForeignProtocol},
		"metadata":                           {steps{withMetadata}, ForeignMetadata},
		"rows added":                         {steps{add}, ForeignData},
		"rows marked in a file of ours":      {steps{mark("a")}, ForeignRemove},
		"rows marked in another file":        {steps{mark("b")}, ForeignData},
		"a file of ours deleted":             {steps{remove("a")}, ForeignRemove},
		"a file of ours compacted":           {steps{compact("a", "z")}, ForeignRemove},
		"another file deleted":               {steps{remove("b")}, 0},
		"other files compacted":              {steps{compact("b", "z")}, 0},
		"another application's cursor":       {steps{cursor("other")}, 0},
		"several harmless commits":           {steps{cursor("other"), compact("b", "y"), compact("y", "z")}, 0},
		"our cursor":                         {steps{cursor("app")}, AppIDMoved},
		"harmless ones, then a conflict":     {steps{cursor("other"), add}, ForeignData},
		"rows, then our cursor: must stop":   {steps{add, cursor("app")}, AppIDMoved},
		"rows and our cursor in one: a twin": {steps{both(add, cursor("app"))}, AppIDMoved},
	} {
		t.Run(name, func(t *testing.T) {
			store := mem.New(testClock)
			s := newTable(t, store)
			theirs := s
			for _, step := range test.theirs {
				theirs = foreign(t, theirs, step(theirs))
			}
			marked := must(fileNamed(s, "a").WithVector(testVector(3)))(t)
			ours := Changes{
				Txns:    []Txn{{AppID: "app", Version: 1}},
				Removes: []Remove{NewRemove(fileNamed(s, "a"), testTime, true)},
				Adds:    []Add{testAdd("c"), marked},
			}
			out, err := Commit(t.Context(), s, ours, testOptions())
			if err != nil {
				t.Fatal(err)
			}
			if test.want != 0 {
				if out.Kind != Conflicted || out.Reason.Kind != test.want {
					t.Fatalf("%v (%v), want a conflict: %v", out.Kind, out.Reason, test.want)
				}
				equalSnapshots(t, theirs, must(Load(t.Context(), store, "t"))(t))
				return
			}
			if out.Kind != Committed || out.Version != theirs.Version+1 {
				t.Fatalf("%v (%v) as version %d, want %d", out.Kind, out.Reason, out.Version, theirs.Version+1)
			}
			equalSnapshots(t, must(Load(t.Context(), store, "t"))(t), out.Snapshot)
		})
	}
}

func fileNamed(s *Snapshot, path string) Add {
	for _, f := range s.Files() {
		if f.Path == path {
			return f
		}
	}
	return Add{Path: path}
}

func TestConflictOfDomains(t *testing.T) {
	c := creation(t)
	c.Protocol.WriterFeatures = append(c.Protocol.WriterFeatures, "domainMetadata")
	s := mustCommit(t, EmptySnapshot(mem.New(testClock), "t"), c)
	foreign(t, s, Changes{Domains: []DomainMetadata{{Domain: "ours", Configuration: "theirs"}}})
	out, err := Commit(t.Context(), s, Changes{Domains: []DomainMetadata{{Domain: "ours", Configuration: "x"}}}, testOptions())
	if err != nil || out.Kind != Conflicted {
		t.Fatalf("%v, %v", out.Kind, err)
	}
	if diff := cmp.Diff("domain changed in version 1: ours", out.Reason.String()); diff != "" {
		t.Error(diff)
	}
	out, err = Commit(t.Context(), s, Changes{Domains: []DomainMetadata{{Domain: "another"}}}, testOptions())
	if err != nil || out.Kind != Committed || len(out.Snapshot.Domains) != 2 {
		t.Fatalf("%v, %v", out.Kind, err)
	}
}

// Two programs create the table at the same time.
func TestConflictOfCreation(t *testing.T) {
	store := mem.New(testClock)
	foreign(t, EmptySnapshot(store, "t"), creation(t))
	out, err := Commit(t.Context(), EmptySnapshot(store, "t"), creation(t), testOptions())
	if err != nil || out.Kind != Conflicted || out.Reason.Kind != ForeignProtocol {
		t.Errorf("%v (%v), %v", out.Kind, out.Reason, err)
	}
}

// A writer that is faster each time, with commits that touch nothing of ours.
func TestCommitGivesUpRaces(t *testing.T) {
	store := &flakyStore{Store: mem.New(testClock)}
	store.put = store.Store.PutIfAbsent
	s := newTable(t, store)
	version := s.Version
	store.put = func(ctx context.Context, path string, data []byte) error {
		version++
		put(t, store.Store, "t/_delta_log/"+commitName(version), `{"commitInfo":{"txnId":"their-id"}}`)
		return store.Store.PutIfAbsent(ctx, path, data)
	}
	out, err := Commit(t.Context(), s, Changes{Adds: []Add{testAdd("c")}}, testOptions())
	if out.Kind != NotCommitted || !errors.Is(err, ErrLostRaces) || store.tries-2 != 3 {
		t.Errorf("%v, %v after %d tries", out.Kind, err, store.tries-2)
	}
}
