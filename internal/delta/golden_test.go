package delta

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

// goldenTables are those of the samples' README, with what independent readers
// see in them.
var goldenTables = []struct {
	name    string
	version int64
	rows    int64
}{
	{"basic-dv-no-checkpoint", 1, 8},
	{"basic-dv-with-checkpoint", 46, 454},
	{"basic-with-inserts-deletes-checkpoint", 13, 41},
	{"basic-with-inserts-merge", 1, 140},
	{"basic-with-vacuum-protocol-check-feature", 1, 100},
	{"corrupted-last-checkpoint-kernel", 11, 100},
	{"dv-partitioned-with-checkpoint", 15, 35},
	{"log-replay-dv-key-cases", 3, 47},
	{"log-replay-latest-metadata-protocol", 2, 40},
	{"multi-part-checkpoint", 1, 31},
	{"only-checkpoint-files", 2, 25},
	{"snapshot-data3", 3, 30},
	{"snapshot-vacuumed", 5, 20},
	{"table-with-columnmapping-mode-name", 0, 6},
	{"time-travel-schema-changes-b", 1, 20},
	{"type-widening", 2, 2},
	{"v2-checkpoint-json", 2, 10},
	{"v2-checkpoint-parquet", 2, 10},
}

func TestGoldenTables(t *testing.T) {
	for _, want := range goldenTables {
		t.Run(want.name, func(t *testing.T) {
			store := sampleStore(t, want.name)
			s := must(Load(t.Context(), store, "table"))(t)
			if s.Version != want.version {
				t.Errorf("version %d, want %d", s.Version, want.version)
			}
			if rows := liveRows(t, store, s); rows != want.rows {
				t.Errorf("%d live rows, want %d", rows, want.rows)
			}
			if _, err := s.Schema(); err != nil {
				t.Error(err)
			}
		})
	}
}

// liveRows counts what the data files hold and the vectors leave.
func liveRows(t *testing.T, store storage.Store, s *Snapshot) int64 {
	t.Helper()
	var rows int64
	for _, f := range s.Files() {
		path := must(s.FilePath(f.Path))(t)
		data := must(storage.ReadAll(t.Context(), store, path))(t)
		in := must(file.NewParquetReader(bytes.NewReader(data)))(t)
		rows += in.NumRows()
		in.Close()
		if f.DeletionVector == nil {
			continue
		}
		dead := must(ReadVector(t.Context(), store, s.Root, f.DeletionVector))(t)
		if last := dead.Maximum(); int64(last) >= in.NumRows() {
			t.Errorf("%s: row %d of %d is marked", f.Path, last, in.NumRows())
		}
		rows -= int64(dead.GetCardinality())
	}
	return rows
}

func TestGoldenRefusals(t *testing.T) {
	for name, want := range map[string]error{
		"deltalog-invalid-protocol-version":                              ErrUnsupported,
		"deltalog-state-reconstruction-from-checkpoint-missing-metadata": ErrNoMetadata,
		"deltalog-state-reconstruction-from-checkpoint-missing-protocol": ErrNoProtocol,
		"deltalog-state-reconstruction-without-metadata":                 ErrNoMetadata,
		"deltalog-state-reconstruction-without-protocol":                 ErrNoProtocol,
		"versions-not-contiguous":                                        ErrGap,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Load(t.Context(), sampleStore(t, name), "table"); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

func TestGoldenErrorTexts(t *testing.T) {
	for name, want := range map[string]string{
		"deltalog-invalid-protocol-version":              "cannot read delta table mem://table: it uses reader version 99: 3 is the newest that is understood",
		"versions-not-contiguous":                        "delta table mem://table, version 1: damaged delta log: versions are missing",
		"deltalog-state-reconstruction-without-protocol": "delta table mem://table, version 0: damaged delta log: no protocol action",
	} {
		_, err := Load(t.Context(), sampleStore(t, name), "table")
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, want)
		}
	}
}

// Logs without data files: replaying must give the same from the checkpoint and
// from the commits alone.
func TestGoldenLogOnly(t *testing.T) {
	for name, files := range map[string]int{"checkpoint": 1, "delete-re-add-same-file-different-transactions": 2} {
		t.Run(name, func(t *testing.T) {
			s := must(Load(t.Context(), sampleStore(t, name), "table"))(t)
			if s.NumFiles() != files {
				t.Errorf("%d files %v, want %d", s.NumFiles(), keysOf(s.Files()), files)
			}
		})
	}
}

// Every version of every sample that still has all its commits, read through
// checkpoints, is what replaying the commits alone gives.
func TestGoldenCheckpointsEqualCommits(t *testing.T) {
	for _, table := range goldenTables {
		t.Run(table.name, func(t *testing.T) {
			store := sampleStore(t, table.name)
			plain := mem.New(testClock)
			for v := range table.version + 1 {
				put(t, plain, "table/_delta_log/"+commitName(v), readFile(t, store, "table/_delta_log/"+commitName(v)))
			}
			for v := range table.version + 1 {
				got := must(LoadAt(t.Context(), store, "table", v))(t)
				want := must(LoadAt(t.Context(), plain, "table", v))(t)
				if diff := cmp.Diff(keysOf(want.Files()), keysOf(got.Files())); diff != "" {
					t.Errorf("version %d: files (-commits +checkpoint):\n%s", v, diff)
				}
				if diff := cmp.Diff(want.Metadata, got.Metadata); diff != "" {
					t.Errorf("version %d: metadata:\n%s", v, diff)
				}
				if diff := cmp.Diff(want.Protocol, got.Protocol); diff != "" {
					t.Errorf("version %d: protocol:\n%s", v, diff)
				}
			}
		})
	}
}

// Writing what Spark's vectors hold gives Spark's files, byte for byte.
func TestGoldenVectors(t *testing.T) {
	vectors := 0
	for _, table := range goldenTables {
		store := sampleStore(t, table.name)
		s := must(Load(t.Context(), store, "table"))(t)
		for v := range s.Version + 1 {
			at := must(LoadAt(t.Context(), store, "table", v))(t)
			for _, f := range at.Files() {
				if f.DeletionVector == nil {
					continue
				}
				vectors++
				rewriteVector(t, store, f.DeletionVector)
			}
		}
	}
	if vectors < 58 {
		t.Errorf("only %d vectors compared", vectors)
	}
}

func rewriteVector(t *testing.T, store storage.Store, v *DeletionVector) {
	t.Helper()
	rows := must(ReadVector(t.Context(), store, "table", v))(t)
	fresh := roaring64.BitmapOf(rows.ToArray()...)
	path := must(vectorPath(store, "table", v))(t)
	whole := []byte(readFile(t, store, path))
	at := int(*v.Offset)
	want := slices.Concat([]byte{1}, whole[at:at+int(v.SizeInBytes)+vectorFrame])

	raw := must(decodeZ85(v.PathOrInlineDV[len(v.PathOrInlineDV)-uuidDigits:]))(t)
	out := mem.New(testClock)
	got := must(WriteVectors(t.Context(), out, "", uuid.UUID(raw), []*roaring64.Bitmap{fresh}))(t)
	if file := readFile(t, out, VectorFileName(uuid.UUID(raw))); file != string(want) {
		t.Errorf("vector %s: wrote %x, Spark %x", v.UniqueID(), file, want)
	}
	if got[0].SizeInBytes != v.SizeInBytes || got[0].Cardinality != v.Cardinality || *got[0].Offset != 1 {
		t.Errorf("vector %s: descriptor %+v", v.UniqueID(), got[0])
	}
	if n := binary.BigEndian.Uint32(want[1:]); int32(n) != v.SizeInBytes {
		t.Errorf("vector %s: size %d", v.UniqueID(), n)
	}
}
