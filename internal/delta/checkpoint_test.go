package delta

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// keepSince deletes the commits before a version, as log clean-up does.
func keepSince(t *testing.T, store storage.Store, root string, version int64) {
	t.Helper()
	for v := range version {
		if err := store.Delete(t.Context(), logPath(root, commitName(v))); err != nil {
			t.Fatal(err)
		}
	}
}

// everything is a table in which each optional field of each action is used, and
// unused.
func everything(t *testing.T, store storage.Store) *Snapshot {
	t.Helper()
	c := creation(t)
	c.Protocol.WriterFeatures = append(c.Protocol.WriterFeatures, "domainMetadata")
	c.Metadata.Name, c.Metadata.Description = "account", "all of them"
	s := mustCommit(t, EmptySnapshot(store, "t"), c)
	yes := "yes"
	id := int64(7)
	rich := testAdd("with%20space")
	rich.Tags = map[string]*string{"a": &yes, "b": nil}
	rich.BaseRowID, rich.DefaultRowCommitVersion, rich.ClusteringProvider = &id, &id, &yes
	noStats := testAdd("plain")
	noStats.Stats = ""
	s = mustCommit(t, s, Changes{
		Txns:    []Txn{{AppID: "one", Version: 1}, {AppID: "two", Version: -5}},
		Domains: []DomainMetadata{{Domain: "kept", Configuration: "{}"}, {Domain: "gone"}},
		Adds:    []Add{rich, noStats, testAdd("marked"), testAdd("zero"), testAdd("dead"), testAdd("long ago")},
	})
	zero := int32(0)
	last := int64(9)
	atZero, noOffset := testVector(1), testVector(2)
	atZero.Offset, atZero.MaxRowIndex = &zero, &last
	noOffset.Offset = nil
	old := NewRemove(fileNamed(s, "long ago"), testTime.Add(-7*24*time.Hour), true)
	return mustCommit(t, s, Changes{
		Domains: []DomainMetadata{{Domain: "gone", Removed: true}},
		Removes: []Remove{
			NewRemove(fileNamed(s, "marked"), testTime, true), NewRemove(fileNamed(s, "zero"), testTime, true),
			NewRemove(fileNamed(s, "dead"), testTime, true), old,
		},
		Adds: []Add{
			must(fileNamed(s, "marked").WithVector(noOffset))(t),
			must(fileNamed(s, "zero").WithVector(atZero))(t),
		},
	})
}

func TestCheckpointRoundTrip(t *testing.T) {
	store := mem.New(testClock)
	want := everything(t, store)
	if err := WriteCheckpoint(t.Context(), want, testTime); err != nil {
		t.Fatal(err)
	}
	keepSince(t, store, "t", want.Version+1)
	got := must(Load(t.Context(), store, "t"))(t)
	equalSnapshots(t, want, got)
	if n := len(got.Tombstones(testTime.Add(-7 * 24 * time.Hour))); n != 3 {
		t.Errorf("%d tombstones were written, want those 3 that have not expired", n)
	}
	if _, ok := got.Domains["gone"]; ok || len(got.Domains) != 1 {
		t.Errorf("domains %v", got.Domains)
	}
	size := len(readFile(t, store, "t/_delta_log/"+checkpointName(2)))
	last := fmt.Sprintf(`{"version":2,"size":12,"sizeInBytes":%d,"numOfAddFiles":4}`, size)
	if diff := cmp.Diff(last, readFile(t, store, "t/_delta_log/_last_checkpoint")); diff != "" {
		t.Errorf("_last_checkpoint:\n%s", diff)
	}
	mustCommit(t, got, Changes{Adds: []Add{testAdd("next")}})
}

// Tables that Spark made, through our checkpoint.
func TestCheckpointOfGoldenTables(t *testing.T) {
	for _, name := range []string{"basic-dv-with-checkpoint", "basic-with-inserts-deletes-checkpoint", "v2-checkpoint-json", "snapshot-data3"} {
		t.Run(name, func(t *testing.T) {
			store := sampleStore(t, name)
			want := must(Load(t.Context(), store, "table"))(t)
			if err := WriteCheckpoint(t.Context(), want, testTime); err != nil {
				t.Fatal(err)
			}
			keepSince(t, store, "table", want.Version+1)
			got := must(Load(t.Context(), store, "table"))(t)
			equalSnapshots(t, want, got)
			if liveRows(t, store, got) != liveRows(t, store, want) {
				t.Error("rows differ")
			}
		})
	}
}

// The columns of a checkpoint are those of Spark's, to the type. That integers
// are annotated as such, which Spark leaves out, means the same.
func TestCheckpointColumnsAreSparks(t *testing.T) {
	spark := columnsOf(t, []byte(readFile(t, sampleStore(t, "only-checkpoint-files"), "table/_delta_log/"+checkpointName(2))))
	store := mem.New(testClock)
	s := newTable(t, store)
	if err := WriteCheckpoint(t.Context(), s, testTime); err != nil {
		t.Fatal(err)
	}
	ours := columnsOf(t, []byte(readFile(t, store, "t/_delta_log/"+checkpointName(1))))
	delete(ours, "add.clusteringProvider") // only later versions of Spark write it
	if diff := cmp.Diff(spark, ours); diff != "" {
		t.Errorf("(-Spark +ours):\n%s", diff)
	}
}

// columnsOf maps leaf columns to type, annotation and levels.
func columnsOf(t *testing.T, data []byte) map[string]string {
	t.Helper()
	in := must(file.NewParquetReader(bytes.NewReader(data)))(t)
	defer in.Close()
	columns := map[string]string{}
	for i := range in.MetaData().Schema.NumColumns() {
		c := in.MetaData().Schema.Column(i)
		annotation := strings.NewReplacer("INT_64", "NONE", "INT_32", "NONE").Replace(c.ConvertedType().String())
		columns[c.Path()] = fmt.Sprintf("%s %s def %d rep %d", c.PhysicalType(), annotation, c.MaxDefinitionLevel(), c.MaxRepetitionLevel())
	}
	return columns
}

// More actions than one row group holds.
func TestCheckpointOfManyFiles(t *testing.T) {
	store := mem.New(testClock)
	c := creation(t)
	for i := range 2*checkpointRows + 500 {
		c.Adds = append(c.Adds, testAdd(fmt.Sprintf("part-%05d", i)))
	}
	want := mustCommit(t, EmptySnapshot(store, "t"), c)
	if err := WriteCheckpoint(t.Context(), want, testTime); err != nil {
		t.Fatal(err)
	}
	keepSince(t, store, "t", 1)
	equalSnapshots(t, want, must(Load(t.Context(), store, "t"))(t))
}

func TestCheckpointOfNothing(t *testing.T) {
	err := WriteCheckpoint(t.Context(), EmptySnapshot(mem.New(testClock), "t"), testTime)
	if !errors.Is(err, ErrInvalidChanges) {
		t.Errorf("got %v", err)
	}
}

func TestDamagedCheckpointIsNamed(t *testing.T) {
	store := mem.New(testClock)
	s := newTable(t, store)
	put(t, store, "t/_delta_log/"+checkpointName(s.Version), "PAR1 is not all that it takes PAR1")
	_, err := Load(t.Context(), store, "t")
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), checkpointName(s.Version)) {
		t.Errorf("got %v", err)
	}
}
