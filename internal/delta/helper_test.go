package delta

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// testTime is when everything in these tests happens.
var testTime = time.Date(2024, 9, 11, 16, 29, 10, 0, time.UTC)

func testClock() time.Time { return testTime }

var testUUID = uuid.MustParse("d2c639aa-8816-431a-aaf6-d3fe2512ff61")

// samples is the folder of the tables that Spark wrote.
func samples(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "samples", "delta-golden")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("SLUICE_REQUIRE_SAMPLES") == "1" {
			tb.Fatalf("the samples are required: %v", err)
		}
		tb.Skipf("no samples here: %v", err)
	}
	return dir
}

// sampleStore holds a copy of one sample table in the folder "table".
func sampleStore(tb testing.TB, name string) *mem.Store {
	tb.Helper()
	store := mem.New(testClock)
	root := filepath.Join(samples(tb), name)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return store.PutIfAbsent(context.Background(), "table/"+filepath.ToSlash(rel), data)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

func put(tb testing.TB, store storage.Store, path, content string) {
	tb.Helper()
	if err := store.PutIfAbsent(tb.Context(), path, []byte(content)); err != nil {
		tb.Fatal(err)
	}
}

func readFile(tb testing.TB, store storage.Store, path string) string {
	tb.Helper()
	return string(must(storage.ReadAll(tb.Context(), store, path))(tb))
}

var testSchema = batch.Schema{
	{Name: "id", Type: batch.Type{Kind: batch.Long}},
	{Name: "name", Type: batch.Type{Kind: batch.String}},
}

// testOptions commit at testTime with a known id and without waiting.
func testOptions() CommitOptions {
	return CommitOptions{
		Clock:      testClock,
		NewID:      func() string { return "our-id" },
		EngineInfo: "test",
		Attempts:   3,
		Pause:      func(context.Context, int) error { return nil },
	}
}

func testMetadata(tb testing.TB, config map[string]string) Metadata {
	tb.Helper()
	return must(NewMetadata(testSchema, config, testUUID, testClock))(tb)
}

// creation makes a table with deletion vectors.
func creation(tb testing.TB) Changes {
	tb.Helper()
	p := DefaultProtocol(true)
	m := testMetadata(tb, map[string]string{"delta.enableDeletionVectors": "true"})
	return Changes{Info: CommitInfo{Operation: "CREATE TABLE"}, Protocol: &p, Metadata: &m}
}

// mustCommit commits what nothing stands in the way of.
func mustCommit(tb testing.TB, s *Snapshot, c Changes) *Snapshot {
	tb.Helper()
	out, err := Commit(tb.Context(), s, c, testOptions())
	if err != nil || out.Kind != Committed {
		tb.Fatalf("commit: %v (%v), %v", out.Kind, out.Reason, err)
	}
	return out.Snapshot
}

// newTable is a table at version 1 with the files a and b in the folder "t".
func newTable(tb testing.TB, store storage.Store) *Snapshot {
	tb.Helper()
	s := mustCommit(tb, EmptySnapshot(store, "t"), creation(tb))
	return mustCommit(tb, s, Changes{Adds: []Add{testAdd("a"), testAdd("b")}})
}

func testAdd(path string) Add {
	return Add{Path: path, Size: 100, ModificationTime: testTime.UnixMilli(), DataChange: true, Stats: `{"numRecords":10}`}
}

func testVector(cardinality int64) *DeletionVector {
	offset := int32(1)
	return &DeletionVector{StorageType: "u", PathOrInlineDV: encodeZ85(testUUID[:]), Offset: &offset, SizeInBytes: 34, Cardinality: cardinality}
}

// paths of adds, with their vectors' ids.
func keysOf(files []Add) []string {
	out := []string{}
	for _, f := range files {
		key := f.Path
		if f.DeletionVector != nil {
			key += " " + f.DeletionVector.UniqueID()
		}
		out = append(out, key)
	}
	return out
}
