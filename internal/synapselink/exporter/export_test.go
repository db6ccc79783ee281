package exporter_test

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// TestGolden compares a small export of all tables with testdata/export.txt.
// Runs of empty cells are shown as a number, long attachments are cut, of
// manifests and the folders' labels (the same as the root's) only the size.
func TestGolden(t *testing.T) {
	o := options(3)
	o.Tables = slices.DeleteFunc(o.Tables, func(t exporter.TableOption) bool { return t.Name == "wide" })
	sim, store := begin(t, o)
	if _, err := sim.Step(t.Context(), store, exporter.Changes{Mix: exporter.Mix{Inserts: 1, Updates: 1, Deletes: 1}}); err != nil {
		t.Fatal(err)
	}
	gaps := regexp.MustCompile(`,{3,}`)
	blobs := regexp.MustCompile(`[A-Za-z0-9+/=]{200,}`)
	var b strings.Builder
	for _, p := range paths(t, store, "") {
		text := read(t, store, p)
		fmt.Fprintf(&b, "-- %s (%d bytes) --\n", p, len(text))
		if strings.HasSuffix(p, "model.json") || strings.Contains(p, "/OptionsetMetadata/") {
			continue
		}
		text = gaps.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf(",{%d},", len(s)-1) })
		text = blobs.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("{%d characters}", len(s)) })
		b.WriteString(text + "\n")
	}
	golden(t, "testdata/export.txt", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d\n got %s\nwant %s\n(go test -rewrite writes it anew)", file, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, got %d", file, len(wantLines), len(gotLines))
}

func everyFault() []exporter.Fault {
	var out []exporter.Fault
	for _, f := range exporter.Faults() {
		out = append(out, f.Name)
	}
	return out
}

func TestSameOptionsGiveSameBytes(t *testing.T) {
	run := func(seed uint64) string {
		o := options(40, everyFault()...)
		o.Seed = seed
		o.KeepHistory = false
		slices.Reverse(o.Tables)
		sim, store := begin(t, o)
		for range 3 {
			step(t, sim, store)
		}
		return fingerprint(t, store)
	}
	if a, b := run(7), run(7); a != b {
		t.Errorf("two runs with seed 7 differ: %s and %s", a, b)
	}
	if a, b := run(7), run(8); a == b {
		t.Errorf("seeds 7 and 8 give the same export")
	}
}

// TestHistoryIsWhatTheFilesHold reads every file with encoding/csv, which
// knows the same dialect but turns CRLF inside quotes into LF.
func TestHistoryIsWhatTheFilesHold(t *testing.T) {
	sim, store := begin(t, options(60, everyFault()...))
	for range 6 {
		step(t, sim, store)
	}
	if _, err := sim.Rewrite(t.Context(), store, "lead"); err != nil {
		t.Fatal(err)
	}
	for _, table := range sim.Tables() {
		history, err := sim.History(table)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]*csvFile{}
		columns := map[string][]int{}
		for i := range history {
			h := &history[i]
			if files[h.Path] == nil {
				folder, _, _ := strings.Cut(h.Path, "/")
				if columns[folder] == nil {
					columns[folder] = columnsIn(t, sim, store, folder, table)
				}
				files[h.Path] = &csvFile{csv.NewReader(strings.NewReader(read(t, store, h.Path))), columns[folder]}
				files[h.Path].FieldsPerRecord = -1
			}
			files[h.Path].compare(t, h)
		}
		if c := sim.Counts(table); c.Rows != int64(len(history)) || c.Rows != c.Versions+c.Deletes+c.Repeats {
			t.Errorf("%s: %d rows in the history, counts say %+v", table, len(history), c)
		}
		for path, f := range files {
			if rest, err := f.Read(); !errors.Is(err, io.EOF) {
				t.Errorf("%s: a row that is not in the history: %q, %v", path, rest, err)
			}
		}
	}
}

// csvFile is a file of a table, with the columns that its folder tells, as
// columnsIn gives them.
type csvFile struct {
	*csv.Reader
	columns []int
}

// columnsIn are a table's columns in a folder, by their position in sim.Columns.
func columnsIn(t *testing.T, sim *exporter.Simulator, store storage.Store, folder, table string) []int {
	t.Helper()
	at := map[string]int{}
	for i, c := range sim.Columns(table) {
		at[c.Name] = i
	}
	var out []int
	for _, name := range attributes(t, store, folder+"/Microsoft.Athena.TrickleFeedService/"+table+"-model.json", table) {
		out = append(out, at[name])
	}
	return out
}

func (f *csvFile) compare(t *testing.T, h *exporter.Written) {
	t.Helper()
	if at := f.InputOffset(); at != h.Offset {
		t.Fatalf("%s: row at %d, history says %d", h.Path, at, h.Offset)
	}
	raw, err := f.Read()
	if err != nil || len(raw) > len(f.columns) {
		t.Fatalf("%s: %d cells for %d columns, %v", h.Path, len(raw), len(f.columns), err)
	}
	got := make([]string, len(h.Cells))
	for i, cell := range raw {
		got[f.columns[i]] = cell
	}
	want := slices.Clone(h.Cells)
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], "\r\n", "\n")
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s at %d:\n got %q\nwant %q", h.Path, h.Offset, got, want)
	}
}

// TestModelAgrees feeds what was written to the rules that readers follow, and
// compares the outcome with what the simulator did to its rows.

func TestModelAgrees(t *testing.T) {
	cases := map[string]exporter.Options{"no faults": options(50), "all faults": options(50, everyFault()...)}
	for _, f := range exporter.Faults() {
		o := options(50, f.Name)
		o.Tables = slices.DeleteFunc(o.Tables, func(t exporter.TableOption) bool {
			return !slices.Contains([]string{"annotation", "bench", "inventtrans", "mserp_custcustomerv3entity"}, t.Name)
		})
		cases[string(f.Name)] = o
	}
	for name, o := range cases {
		t.Run(name, func(t *testing.T) {
			sim, store := begin(t, o)
			for range 9 {
				step(t, sim, store)
			}
			for _, table := range sim.Tables() {
				compareWithModel(t, sim, table)
			}
		})
	}
}

func compareWithModel(t *testing.T, sim *exporter.Simulator, table string) {
	t.Helper()
	history, err := sim.History(table)
	if err != nil {
		t.Fatal(err)
	}
	var m change.Model[string]
	for _, h := range history {
		m.Add(h.Change, strings.Join(h.Cells, "\x00"))
	}
	want, err := sim.Expected(table)
	if err != nil {
		t.Fatal(err)
	}
	got := m.Rows(change.Type1)
	if len(got) != len(want) || int64(len(want)) != sim.Counts(table).Live+sim.Counts(table).Vanished {
		t.Fatalf("%s: model has %d rows, expected are %d, counts say %d", table, len(got), len(want), sim.Counts(table).Live)
	}
	byKey := map[change.Key]string{}
	for _, r := range got {
		byKey[r.Key] = r.Row
	}
	for _, w := range want {
		if row := strings.Join(w.Cells, "\x00"); byKey[w.Key] != row {
			t.Fatalf("%s, %s: model has\n%q\nwant\n%q", table, w.Key, byKey[w.Key], row)
		}
	}
}
