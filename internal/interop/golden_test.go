package interop_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/interop"
)

// everyEngine begins with the one that the others are compared with.
var everyEngine = []interop.Engine{interop.Spark, interop.DeltaRS, interop.DuckDB, interop.Polars}

// readable lists the tables of the samples that hold rows, as the README there
// does, the engines that refuse them for a feature they do not know, and why
// Sluice cannot hand out their rows, if it cannot.
var readable = []struct {
	table   string
	version int64
	rows    int
	refuse  []interop.Engine
	unheld  string
}{
	{"basic-dv-no-checkpoint", 1, 8, nil, ""},
	{"basic-dv-with-checkpoint", 46, 454, nil, ""},
	{"basic-with-inserts-deletes-checkpoint", 13, 41, nil, ""},
	{"basic-with-inserts-merge", 1, 140, nil, ""},
	{"basic-with-vacuum-protocol-check-feature", 1, 100, []interop.Engine{interop.DeltaRS, interop.Polars}, ""},
	{"corrupted-last-checkpoint-kernel", 11, 100, nil, ""},
	{"dv-partitioned-with-checkpoint", 15, 35, nil, ""},
	{"log-replay-dv-key-cases", 3, 47, nil, ""},
	{"log-replay-latest-metadata-protocol", 2, 40, nil, ""},
	{"multi-part-checkpoint", 1, 31, nil, ""},
	{"only-checkpoint-files", 2, 25, nil, ""},
	{"snapshot-data3", 3, 30, nil, ""},
	{"snapshot-vacuumed", 5, 20, nil, ""},
	{"table-with-columnmapping-mode-name", 0, 6, []interop.Engine{interop.Polars}, "columnMapping"},
	{"time-travel-schema-changes-b", 1, 20, nil, ""},
	{"type-widening", 2, 2, []interop.Engine{interop.DeltaRS, interop.Polars}, "typeWidening"},
	{"v2-checkpoint-json", 2, 10, []interop.Engine{interop.Polars}, ""},
	{"v2-checkpoint-parquet", 2, 10, []interop.Engine{interop.Polars}, ""},
}

// unreadable lists the tables whose log is wrong or whose data is not there.
var unreadable = []string{
	"checkpoint",
	"delete-re-add-same-file-different-transactions",
	"deltalog-invalid-protocol-version",
	"deltalog-state-reconstruction-from-checkpoint-missing-metadata",
	"deltalog-state-reconstruction-from-checkpoint-missing-protocol",
	"deltalog-state-reconstruction-without-metadata",
	"deltalog-state-reconstruction-without-protocol",
	"versions-not-contiguous",
}

func TestEnginesAgreeOnGoldenTables(t *testing.T) {
	golden := goldenTables(t)
	for _, want := range readable {
		t.Run(want.table, func(t *testing.T) {
			path := filepath.Join(golden, want.table)
			checkVersion(t, path, want.version)
			var first []interop.Row
			for _, engine := range everyEngine {
				rows, err := interop.Start(t, engine).Rows(path, interop.Select{})
				if slices.Contains(want.refuse, engine) {
					checkRefused(t, engine, err)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(rows) != want.rows {
					t.Errorf("%s sees %d rows, want %d", engine, len(rows), want.rows)
				}
				if first == nil {
					first = rows
				}
				if diff := cmp.Diff(first, rows); diff != "" {
					t.Errorf("%s sees other rows than %s (-%[2]s +%[1]s):\n%s", engine, everyEngine[0], diff)
				}
			}
			checkOwn(t, path, first, want.unheld)
		})
	}
}

func TestEnginesRefuseBrokenGoldenTables(t *testing.T) {
	golden := goldenTables(t)
	for _, table := range unreadable {
		t.Run(table, func(t *testing.T) {
			for _, engine := range everyEngine {
				_, err := interop.Start(t, engine).Rows(filepath.Join(golden, table), interop.Select{})
				checkRefused(t, engine, err)
			}
			if rows, err := scan(filepath.Join(golden, table)); err == nil {
				t.Errorf("sluice sees %d rows, want that it refuses the table", len(rows))
			}
		})
	}
}

func TestGoldenTablesAreAllListed(t *testing.T) {
	entries, err := os.ReadDir(goldenTables(t))
	if err != nil {
		t.Fatal(err)
	}
	listed := slices.Clone(unreadable)
	for _, r := range readable {
		listed = append(listed, r.table)
	}
	slices.Sort(listed)
	var found []string
	for _, e := range entries {
		if e.IsDir() {
			found = append(found, e.Name())
		}
	}
	if diff := cmp.Diff(found, listed); diff != "" {
		t.Errorf("tables in the samples and in the test differ (-samples +test):\n%s", diff)
	}
}

func TestQuery(t *testing.T) {
	path := filepath.Join(goldenTables(t), "snapshot-data3")
	for _, engine := range everyEngine {
		got, err := interop.Start(t, engine).Query(path, "select count(*) as n, 'text' as s from t")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]interop.Row{{"n": "30", "s": "text"}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", engine, diff)
		}
	}
}

// checkOwn compares what Sluice sees with what the engines do, or wants it to
// say why it does not hand out the rows.
func checkOwn(t *testing.T, path string, want []interop.Row, unheld string) {
	t.Helper()
	if want = withoutPartitions(t, path, want); len(want) == 0 {
		t.Fatal("no engine handed out a row")
	}
	rows, err := scan(path)
	if unheld != "" {
		if !errors.Is(err, delta.ErrUnsupported) || !strings.Contains(err.Error(), unheld) {
			t.Errorf("sluice: got error %v, want that it names %s", err, unheld)
		}
		return
	}
	need(t, err)
	if diff := cmp.Diff(sorted(want), rows); diff != "" {
		t.Errorf("sluice sees other rows than the engines (-engines +sluice):\n%s", diff)
	}
}

// withoutPartitions takes the columns away whose values stand in the log and
// not in the files: a scan of the files finds null there.
func withoutPartitions(t *testing.T, path string, rows []interop.Row) []interop.Row {
	t.Helper()
	_, snapshot, err := load(path)
	need(t, err)
	var out []interop.Row
	for _, row := range rows {
		row = maps.Clone(row)
		for _, column := range snapshot.Metadata.PartitionColumns {
			row[column] = nil
		}
		out = append(out, row)
	}
	return out
}

func checkVersion(t *testing.T, path string, want int64) {
	t.Helper()
	got, err := interop.Start(t, interop.Spark).Version(path)
	if err != nil || got != want {
		t.Errorf("spark sees version %d (%v), want %d", got, err, want)
	}
}

func checkRefused(t *testing.T, engine interop.Engine, err error) {
	t.Helper()
	if _, ok := errors.AsType[*interop.Error](err); !ok {
		t.Errorf("%s: got error %v, want that it refuses the table", engine, err)
	}
}

func goldenTables(t *testing.T) string {
	t.Helper()
	return sample(t, "delta-golden")
}

// sample is a folder of the samples, which lie beside the repository.
func sample(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "samples", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("SLUICE_REQUIRE_SAMPLES") == "1" {
			t.Fatalf("looking for the samples: %v; put the folder shared beside the repository", err)
		}
		t.Skipf("no samples: %v", err)
	}
	return dir
}
