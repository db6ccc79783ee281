package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/engine/maintain"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// SLUICE_SOAK is how long each of the tests below looks for a history that does
// not give what the model says, e.g. "20m". Otherwise it is some seconds. rapid
// prints the seed of a failure and how to run it again.
const soakVariable = "SLUICE_SOAK"

// bounded checks random cases until the time is over. What fails is shrunk
// without regard to it.
func bounded(t *testing.T, usual time.Duration, check func(*rapid.T)) {
	t.Helper()
	if asked := os.Getenv(soakVariable); asked != "" {
		var err error
		if usual, err = time.ParseDuration(asked); err != nil {
			t.Fatalf("%s: %v", soakVariable, err)
		}
	}
	end := time.Now().Add(usual)
	cases, failed := 0, false
	for time.Now().Before(end) {
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

func drawn(t *rapid.T) chooser {
	return func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
}

// drawWay draws a way for files of about so many bytes: cutting larger ones into
// the smallest pieces would only take time.
func drawWay(t *rapid.T, temp string, bytes int, exclude ...string) way {
	w := way{
		scd:   rapid.SampledFrom([]change.Type{change.Type1, change.Type2}).Draw(t, "scd"),
		temp:  temp,
		bytes: bytes,
	}
	if len(exclude) > 0 && rapid.IntRange(0, 3).Draw(t, "excluding") == 0 {
		w.exclude = exclude
	}
	return w.redrawn(t)
}

// redrawn is a way in which the same table can be followed on.
func (w way) redrawn(t *rapid.T) way {
	w.vectors = rapid.Bool().Draw(t, "vectors")
	w.memory = rapid.SampledFrom([]int64{64 << 20, 4 << 20, 1 << 10}).Draw(t, "memory")
	w.workers = rapid.IntRange(1, 3).Draw(t, "workers")
	w.index = rapid.SampledFrom([]string{"", w.temp + "-index"}).Draw(t, "index")
	w.blockBytes = rapid.SampledFrom([]int{0, w.bytes / 20, w.bytes / 2}).Draw(t, "block bytes")
	w.fileBytes = rapid.SampledFrom([]int64{0, int64(w.bytes / 20), int64(w.bytes)}).Draw(t, "file bytes")
	w.merging = rapid.SampledFrom([]maintain.Policy{{}, {Files: 4, DeadRows: 1, DeadShare: 1}}).Draw(t, "merging")
	return w
}

// redraw lets a follower change its way now and then.
func (f *follower) redraw(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "change way") == 2 {
		f.way = f.redrawn(t)
	}
}

// TestAnyHistoryGivesTheModel lets small histories with many collisions of keys
// and versions be followed in random ways, and compares with the model after
// each run.
func TestAnyHistoryGivesTheModel(t *testing.T) {
	temp := t.TempDir()
	bounded(t, 5*time.Second, func(t *rapid.T) {
		folders := rapid.IntRange(1, 6).Draw(t, "folders")
		h := randomFolders(drawn(t), folders, 3, 8)
		followHandmade(t, h, drawWay(t, temp, 1000, "name", "rate"))
	})
}

// followHandmade writes the folders some at a time and follows them.
func followHandmade(t *rapid.T, h *handmade, w way) {
	t.Helper()
	source := mem.New(fixedClock)
	written := 0
	f := &follower{way: w, source: source, lake: mem.New(fixedClock), tables: []string{h.table}, cursors: map[string]int64{},
		history: func(string) ([]exporter.Written, []exporter.Column) { return h.history(t, written), h.columns }}
	for written < len(h.folders) {
		next := written + rapid.IntRange(1, len(h.folders)-written).Draw(t, "folders at once")
		h.write(t, source, written, next)
		written = next
		f.redraw(t)
		f.run(t, rapid.IntRange(0, 7).Draw(t, "refresh") == 7)
	}
}

// simulated tables: of Dataverse, of F&O, and of an F&O entity. The widest ones
// would only cost time.
var simulated = []string{"annotation", "bench", "inventtrans", "mserp_custcustomerv3entity"}

// TestAnySimulatedExportGivesTheModel follows whole simulated environments, with
// the faults of real ones, into two lakes that go different ways.
func TestAnySimulatedExportGivesTheModel(t *testing.T) {
	temp := t.TempDir()
	bounded(t, 8*time.Second, func(t *rapid.T) {
		ctx := context.Background()
		source := mem.New(fixedClock)
		sim := drawSimulator(t)
		need(t, sim.Initial(ctx, source))
		history := func(table string) ([]exporter.Written, []exporter.Column) {
			h, err := sim.History(table)
			need(t, err)
			return h, sim.Columns(table)
		}
		var followers []*follower
		for n := range rapid.IntRange(1, 2).Draw(t, "lakes") {
			followers = append(followers, &follower{way: drawWay(t, fmt.Sprintf("%s/%d", temp, n), 40_000), source: source,
				lake: mem.New(fixedClock), tables: sim.Tables(), history: history, unfinished: sim.Unfinished, cursors: map[string]int64{}})
		}
		steps := rapid.IntRange(1, 5).Draw(t, "steps")
		for n := range steps {
			_, err := sim.Step(ctx, source, exporter.Changes{Mix: drawMix(t)})
			need(t, err)
			for _, f := range followers {
				if n == steps-1 || rapid.Bool().Draw(t, "run now") {
					need(t, os.RemoveAll(f.temp)) // nothing in it may matter to the next run
					f.redraw(t)
					f.run(t, rapid.IntRange(0, 9).Draw(t, "refresh") == 9)
				}
			}
		}
	})
}

func drawSimulator(t *rapid.T) *exporter.Simulator {
	o := exporter.Options{
		Seed:        rapid.Uint64().Draw(t, "seed"),
		SplitSize:   rapid.SampledFrom([]int64{4096, 1 << 20}).Draw(t, "split size"),
		Interval:    rapid.SampledFrom([]time.Duration{5 * time.Minute, 9 * time.Hour}).Draw(t, "interval"),
		KeepHistory: true,
	}
	for _, name := range rapid.Permutation(simulated).Draw(t, "tables")[:rapid.IntRange(1, 3).Draw(t, "number of tables")] {
		rows := rapid.SampledFrom([]int64{0, 1, 7, 40, 40, 1500}).Draw(t, "initial rows")
		if name != "bench" {
			rows = min(rows, 40)
		}
		o.Tables = append(o.Tables, exporter.TableOption{Name: name, Rows: rows})
	}
	for _, info := range exporter.Faults() {
		if rapid.Bool().Draw(t, string(info.Name)) {
			o.Faults = append(o.Faults, info.Name)
		}
	}
	sim, err := exporter.New(o)
	need(t, err)
	return sim
}

func drawMix(t *rapid.T) exporter.Mix {
	return exporter.Mix{
		Inserts: rapid.IntRange(0, 4).Draw(t, "inserts"),
		Updates: rapid.IntRange(0, 8).Draw(t, "updates"),
		Deletes: rapid.IntRange(0, 4).Draw(t, "deletes"),
	}
}

// TestAnyCutGivesTheSameTable writes the rows of one simulated table anew, in
// other folders, files and orders and some of them repeatedly, and expects the
// table of the export as it was: changes with a version may stand anywhere.
func TestAnyCutGivesTheSameTable(t *testing.T) {
	temp := t.TempDir()
	bounded(t, 4*time.Second, func(t *rapid.T) {
		sim, err := exporter.New(exporter.Options{
			Seed: rapid.Uint64().Draw(t, "seed"), KeepHistory: true,
			Tables: []exporter.TableOption{{Name: "bench", Rows: rapid.Int64Range(1, 20).Draw(t, "initial rows")}},
			Faults: []exporter.Fault{exporter.OutOfOrder, exporter.RepeatedRows, exporter.RepeatedFolders,
				exporter.DeleteReinsert, exporter.ColumnAddedMidFile, exporter.CRLFCells},
		})
		need(t, err)
		need(t, sim.Initial(context.Background(), mem.New(fixedClock)))
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			_, err := sim.Step(context.Background(), mem.New(fixedClock), exporter.Changes{Mix: drawMix(t)})
			need(t, err)
		}
		original, err := sim.History("bench")
		need(t, err)
		h := recut(t, original, sim.Columns("bench"))
		w := drawWay(t, temp, 2000)
		want := expected(t, original, h.columns, w.scd, change.NoEnd)
		if d := differences(want, expected(t, h.history(t, len(h.folders)), h.columns, w.scd, change.NoEnd)); d != "" {
			t.Fatalf("the model depends on the cut:\n%s", d)
		}
		followHandmade(t, h, w)
	})
}

// recut deals the rows of an export out to folders and files anew.
func recut(t *rapid.T, rows []exporter.Written, columns []exporter.Column) *handmade {
	h := &handmade{table: "bench", columns: columns}
	folders := rapid.IntRange(1, 5).Draw(t, "folders")
	for range folders {
		h.folders = append(h.folders, make([]handFile, rapid.IntRange(1, 3).Draw(t, "files")))
	}
	put := func(cells []string) {
		files := h.folders[rapid.IntRange(0, folders-1).Draw(t, "folder")]
		f := &files[rapid.IntRange(0, len(files)-1).Draw(t, "file")]
		f.rows = append(f.rows, cells)
	}
	for i := range rows {
		put(rows[i].Cells)
		if rapid.IntRange(0, 9).Draw(t, "again") == 9 {
			put(rows[i].Cells)
		}
	}
	for _, files := range h.folders {
		names := rapid.Permutation([]string{"2024.csv", "2024_001.csv", "1.csv"}).Draw(t, "names")
		for i := range files {
			files[i].name = names[i]
			files[i].rows = shuffled(t, files[i].rows)
			// Widths never decrease within a file.
			slices.SortStableFunc(files[i].rows, func(a, b []string) int { return len(a) - len(b) })
		}
	}
	return h
}

// shuffled draws an order. Rows themselves would fill the report of a failure.
func shuffled(t *rapid.T, rows [][]string) [][]string {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	var out [][]string
	for _, i := range rapid.Permutation(order).Draw(t, "order") {
		out = append(out, rows[i])
	}
	return out
}
