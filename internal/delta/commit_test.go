package delta

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// The text of commits is a contract with every other reader of the table.
func TestCommitText(t *testing.T) {
	store := mem.New(testClock)
	s := mustCommit(t, EmptySnapshot(store, "t"), creation(t))
	s = mustCommit(t, s, Changes{Adds: []Add{testAdd("a")}})
	marked := must(s.Files()[0].WithVector(testVector(3)))(t)
	mustCommit(t, s, Changes{
		Info: CommitInfo{
			Operation:  "MERGE",
			Parameters: map[string]string{"folder": "<1>"},
			Metrics:    map[string]string{"numTargetRowsInserted": "5"},
		},
		Txns:    []Txn{{AppID: "app", Version: 20240911162910}},
		Removes: []Remove{NewRemove(s.Files()[0], testTime, true)},
		Adds:    []Add{testAdd("b"), marked},
	})
	for version, want := range []string{
		`{"commitInfo":{"timestamp":1726072150000,"operation":"CREATE TABLE","operationParameters":{},"isolationLevel":"Serializable","isBlindAppend":false,"operationMetrics":{},"engineInfo":"test","txnId":"our-id"}}
{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors","appendOnly","invariants"]}}
{"metaData":{"id":"d2c639aa-8816-431a-aaf6-d3fe2512ff61","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{"delta.enableDeletionVectors":"true"},"createdTime":1726072150000}}
`,
		`{"commitInfo":{"timestamp":1726072150000,"operation":"WRITE","operationParameters":{},"readVersion":0,"isolationLevel":"Serializable","isBlindAppend":true,"operationMetrics":{},"engineInfo":"test","txnId":"our-id"}}
{"add":{"path":"a","partitionValues":{},"size":100,"modificationTime":1726072150000,"dataChange":true,"stats":"{\"numRecords\":10}"}}
`,
		`{"commitInfo":{"timestamp":1726072150000,"operation":"MERGE","operationParameters":{"folder":"<1>"},"readVersion":1,"isolationLevel":"Serializable","isBlindAppend":false,"operationMetrics":{"numTargetRowsInserted":"5"},"engineInfo":"test","txnId":"our-id"}}
{"txn":{"appId":"app","version":20240911162910,"lastUpdated":1726072150000}}
{"remove":{"path":"a","deletionTimestamp":1726072150000,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":100}}
{"add":{"path":"b","partitionValues":{},"size":100,"modificationTime":1726072150000,"dataChange":true,"stats":"{\"numRecords\":10}"}}
{"add":{"path":"a","partitionValues":{},"size":100,"modificationTime":1726072150000,"dataChange":true,"stats":"{\"numRecords\":10,\"tightBounds\":false}","deletionVector":{"storageType":"u","pathOrInlineDv":"^-aqEH.-t@S}K{vb[*k^","offset":1,"sizeInBytes":34,"cardinality":3}}}
`,
	} {
		if diff := cmp.Diff(want, readFile(t, store, "t/_delta_log/"+commitName(int64(version)))); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
	}
}

// What Commit returns is what a reader finds.
func TestCommitSnapshotIsWhatLoadReads(t *testing.T) {
	store := mem.New(testClock)
	s := newTable(t, store)
	a := s.Files()[0]
	marked := must(a.WithVector(testVector(3)))(t)
	s = mustCommit(t, s, Changes{
		Txns:    []Txn{{AppID: "app", Version: 1}},
		Removes: []Remove{NewRemove(a, testTime, true)},
		Adds:    []Add{marked},
	})
	equalSnapshots(t, must(Load(t.Context(), store, "t"))(t), s)
	first := must(LoadAt(t.Context(), store, "t", 0))(t)
	equalSnapshots(t, must(first.Update(t.Context()))(t), s)
}

func equalSnapshots(t *testing.T, want, got *Snapshot) {
	t.Helper()
	if want.Version != got.Version {
		t.Errorf("version %d, want %d", got.Version, want.Version)
	}
	for _, part := range []struct {
		name      string
		want, got any
	}{
		{"protocol", want.Protocol, got.Protocol},
		{"metadata", want.Metadata, got.Metadata},
		{"txns", want.Txns, got.Txns},
		{"domains", want.Domains, got.Domains},
		{"files", want.Files(), got.Files()},
		{"tombstones", want.Tombstones(testTime), got.Tombstones(testTime)},
	} {
		if diff := cmp.Diff(part.want, part.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", part.name, diff)
		}
	}
}

func TestCommitRefusesInvalidChanges(t *testing.T) {
	store := mem.New(testClock)
	s := newTable(t, store)
	a := s.Files()[0]
	marked := must(a.WithVector(testVector(3)))(t)
	remove := NewRemove(a, testTime, true)
	removeMarked := NewRemove(marked, testTime, true)
	other := s.Metadata
	other.ID = "other"
	noCount := marked
	noCount.Stats = `{}`
	for name, test := range map[string]struct {
		changes Changes
		want    string
	}{
		"nothing":               {Changes{}, "there is nothing to commit"},
		"two adds of a path":    {Changes{Adds: []Add{testAdd("x"), testAdd("x")}}, "two adds of x"},
		"two removes":           {Changes{Removes: []Remove{remove, remove}}, "two removes of a"},
		"remove of nothing":     {Changes{Removes: []Remove{NewRemove(testAdd("x"), testTime, true)}}, "remove of x"},
		"remove, other vector":  {Changes{Removes: []Remove{removeMarked}}, "remove of a with the deletion vector"},
		"vector, no remove":     {Changes{Adds: []Add{marked}}, "without the remove of the old one"},
		"remove and same add":   {Changes{Removes: []Remove{remove}, Adds: []Add{a}}, "removed and added"},
		"vector, no count":      {Changes{Removes: []Remove{remove}, Adds: []Add{noCount}}, "needs the number of all rows"},
		"path outside":          {Changes{Adds: []Add{testAdd("../x")}}, "add of \"../x\""},
		"two txns":              {Changes{Txns: []Txn{{AppID: "x"}, {AppID: "x"}}}, "comes twice"},
		"txn without app":       {Changes{Txns: []Txn{{}}}, "is empty"},
		"other table's id":      {Changes{Metadata: &other}, "metadata of table id \"other\""},
		"domain not supported":  {Changes{Domains: []DomainMetadata{{Domain: "x"}}}, "needs the table feature domainMetadata"},
		"reserved domain":       {Changes{Domains: []DomainMetadata{{Domain: "delta.x"}}}, "reserved"},
		"protocol that is none": {Changes{Protocol: &Protocol{MinReaderVersion: 3, MinWriterVersion: 2}}, "invalid protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Commit(t.Context(), s, test.changes, testOptions())
			if !errors.Is(err, ErrInvalidChanges) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if out.Kind != NotCommitted {
				t.Errorf("outcome %v", out.Kind)
			}
		})
	}
	if now := must(s.Update(t.Context()))(t); now != s {
		t.Errorf("version %d was written", now.Version)
	}
}

func TestCommitNeedsProtocolAndMetadataFirst(t *testing.T) {
	c := creation(t)
	c.Metadata = nil
	_, err := Commit(t.Context(), EmptySnapshot(mem.New(testClock), "t"), c, testOptions())
	if !errors.Is(err, ErrInvalidChanges) {
		t.Errorf("got %v", err)
	}
}

func TestVectorsNeedTheProperty(t *testing.T) {
	store := mem.New(testClock)
	p, m := DefaultProtocol(false), testMetadata(t, nil)
	s := mustCommit(t, EmptySnapshot(store, "t"), Changes{Protocol: &p, Metadata: &m, Adds: []Add{testAdd("a")}})
	marked := must(s.Files()[0].WithVector(testVector(3)))(t)
	_, err := Commit(t.Context(), s, Changes{Removes: []Remove{NewRemove(s.Files()[0], testTime, true)}, Adds: []Add{marked}}, testOptions())
	if !errors.Is(err, ErrInvalidChanges) || !strings.Contains(err.Error(), "delta.enableDeletionVectors") {
		t.Errorf("got %v", err)
	}
}

func TestAppendOnlyTables(t *testing.T) {
	store := mem.New(testClock)
	s := newTable(t, store)
	m := s.Metadata.WithConfiguration(map[string]string{"delta.appendOnly": "true"})
	s = mustCommit(t, s, Changes{Metadata: &m})
	s = mustCommit(t, s, Changes{Adds: []Add{testAdd("c")}})

	gone := s.Files()[0]
	out, err := Commit(t.Context(), s, Changes{Removes: []Remove{NewRemove(gone, testTime, true)}}, testOptions())
	var feature *FeatureError
	if !errors.As(err, &feature) || feature.Feature != "appendOnly" || out.Kind != NotCommitted {
		t.Errorf("delete: %v, %v", out.Kind, err)
	}
	moved := testAdd("moved")
	moved.DataChange = false
	mustCommit(t, s, Changes{Removes: []Remove{NewRemove(gone, testTime, false)}, Adds: []Add{moved}})
}

func TestInCommitTimestamps(t *testing.T) {
	store := mem.New(testClock)
	c := creation(t)
	c.Protocol.WriterFeatures = append(c.Protocol.WriterFeatures, "inCommitTimestamp")
	c.Metadata.Configuration["delta.enableInCommitTimestamps"] = "true"
	s := mustCommit(t, EmptySnapshot(store, "t"), c)
	s = mustCommit(t, s, Changes{Adds: []Add{testAdd("a")}})
	if err := WriteCheckpoint(t.Context(), s, testTime); err != nil {
		t.Fatal(err)
	}
	// Read from the checkpoint, the snapshot does not know its time; the clock
	// stands still, so that each commit must be a millisecond later.
	s = must(Load(t.Context(), store, "t"))(t)
	mustCommit(t, s, Changes{Adds: []Add{testAdd("b")}})
	for version, want := range []string{"1726072150000", "1726072150001", "1726072150002"} {
		line, _, _ := strings.Cut(readFile(t, store, "t/_delta_log/"+commitName(int64(version))), "\n")
		if !strings.HasPrefix(line, `{"commitInfo":{"timestamp":`+want+`,"inCommitTimestamp":`+want+`,`) {
			t.Errorf("version %d: %s", version, line)
		}
	}
}

func TestInCommitTimestampsCannotBeSwitchedOn(t *testing.T) {
	s := newTable(t, mem.New(testClock))
	p := s.Protocol
	p.WriterFeatures = append(slices.Clip(p.WriterFeatures), "inCommitTimestamp")
	m := s.Metadata.WithConfiguration(map[string]string{"delta.enableInCommitTimestamps": "true"})
	_, err := Commit(t.Context(), s, Changes{Protocol: &p, Metadata: &m}, testOptions())
	if !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

// flakyStore answers PutIfAbsent by its function.
type flakyStore struct {
	*mem.Store
	put   func(ctx context.Context, path string, data []byte) error
	read  error // of ReadRange, while not nil
	tries int
}

func (f *flakyStore) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	f.tries++
	return f.put(ctx, path, data)
}

func TestLostReplies(t *testing.T) {
	timeout := &storage.Error{Op: "put-if-absent", Path: "x", Err: storage.ErrTransient}
	full := &storage.Error{Op: "put-if-absent", Path: "x", Err: storage.ErrNoSpace}
	denied := &storage.Error{Op: "put-if-absent", Path: "x", Err: storage.ErrDenied}
	for name, test := range map[string]struct {
		put   func(f *flakyStore) func(context.Context, string, []byte) error
		want  OutcomeKind
		cause error
		tries int
	}{
		"stored, but the reply is lost": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(ctx context.Context, path string, data []byte) error {
					if err := f.Store.PutIfAbsent(ctx, path, data); err != nil {
						return err
					}
					return timeout
				}
			}, want: Committed, tries: 1,
		},
		"stored, and a retry below saw it": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(ctx context.Context, path string, data []byte) error {
					if err := f.Store.PutIfAbsent(ctx, path, data); err != nil {
						return err
					}
					return f.Store.PutIfAbsent(ctx, path, data)
				}
			}, want: Committed, tries: 1,
		},
		"not stored the first time": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(ctx context.Context, path string, data []byte) error {
					if f.tries == 1 {
						return timeout
					}
					return f.Store.PutIfAbsent(ctx, path, data)
				}
			}, want: Committed, tries: 2,
		},
		"stored late, seen by the second try": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(ctx context.Context, path string, data []byte) error {
					if f.tries == 1 {
						return timeout
					}
					return errors.Join(f.Store.PutIfAbsent(ctx, path, data), storage.ErrExists)
				}
			}, want: Committed, tries: 2,
		},
		"never stored": {
			put: func(*flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error { return timeout }
			}, want: Unknown, cause: storage.ErrTransient, tries: 3,
		},
		"no space": {
			put: func(*flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error { return full }
			}, want: NotCommitted, cause: storage.ErrNoSpace, tries: 1,
		},
		"unclear, then no space": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error {
					if f.tries == 1 {
						return timeout
					}
					return full
				}
			}, want: Unknown, cause: storage.ErrNoSpace, tries: 3,
		},
		"denied": {
			put: func(*flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error { return denied }
			}, want: NotCommitted, cause: storage.ErrDenied, tries: 1,
		},
		"denied, as is reading": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error {
					f.read = denied
					return denied
				}
			}, want: NotCommitted, cause: storage.ErrDenied, tries: 1,
		},
		"no space, and reading goes wrong": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error {
					f.read = timeout
					return full
				}
			}, want: Unknown, cause: storage.ErrNoSpace, tries: 1,
		},
		"unclear, then denied, as is reading": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error {
					if f.tries == 1 {
						return timeout
					}
					f.read = denied
					return denied
				}
			}, want: Unknown, cause: storage.ErrDenied, tries: 2,
		},
		"cannot be read back": {
			put: func(f *flakyStore) func(context.Context, string, []byte) error {
				return func(context.Context, string, []byte) error {
					f.read = &storage.Error{Op: "read", Path: "x", Err: storage.ErrDenied}
					return timeout
				}
			}, want: Unknown, cause: storage.ErrTransient, tries: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := &flakyStore{Store: mem.New(testClock)}
			store.put = store.Store.PutIfAbsent
			s := newTable(t, store)
			store.put, store.tries = test.put(store), 0
			out, err := Commit(t.Context(), s, Changes{Adds: []Add{testAdd("c")}}, testOptions())
			if out.Kind != test.want || !errors.Is(err, test.cause) || (err == nil) != (test.cause == nil) {
				t.Errorf("%v, %v; want %v, %v", out.Kind, err, test.want, test.cause)
			}
			if store.tries != test.tries {
				t.Errorf("%d tries, want %d", store.tries, test.tries)
			}
			if out.Kind == Committed {
				equalSnapshots(t, must(Load(t.Context(), store.Store, "t"))(t), out.Snapshot)
			}
		})
	}
}

func (f *flakyStore) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	if f.read != nil {
		return nil, f.read
	}
	return f.Store.ReadRange(ctx, path, r)
}

// The caller's context ending while the answer is outstanding must not hide that
// the commit is there.
func TestCommitLooksBackAfterCancellation(t *testing.T) {
	store := &flakyStore{Store: mem.New(testClock)}
	store.put = store.Store.PutIfAbsent
	s := newTable(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	store.put = func(ctx context.Context, path string, data []byte) error {
		if err := store.Store.PutIfAbsent(ctx, path, data); err != nil {
			return err
		}
		cancel()
		return ctx.Err()
	}
	out, err := Commit(ctx, s, Changes{Adds: []Add{testAdd("c")}}, testOptions())
	if out.Kind != Committed || err != nil {
		t.Errorf("%v, %v", out.Kind, err)
	}
	if out, err = Commit(ctx, s, Changes{Adds: []Add{testAdd("d")}}, testOptions()); out.Kind != NotCommitted || !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v, %v", out.Kind, err)
	}
}
