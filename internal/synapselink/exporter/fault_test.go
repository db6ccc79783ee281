package exporter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

const firstFolder = "2024-01-15T08.00.00Z"

func TestOutOfOrder(t *testing.T) {
	versions := func(faults ...exporter.Fault) (out []int64, keys map[string]int) {
		sim, store := begin(t, only("lead", 200, faults...))
		at := columnIndex(t, sim, "lead", "versionnumber")
		keys = map[string]int{}
		for _, row := range rowsOf(t, store, firstFolder, "lead") {
			v, err := strconv.ParseInt(row[at], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, v)
			keys[row[0]]++
		}
		return out, keys
	}
	if plain, _ := versions(); !slices.IsSorted(plain) {
		t.Error("without the fault versions do not rise")
	}
	shuffled, keys := versions(exporter.OutOfOrder)
	falls, twice := 0, 0
	for i := 1; i < len(shuffled); i++ {
		if shuffled[i] < shuffled[i-1] {
			falls++
		}
	}
	for _, n := range keys {
		if n == 2 {
			twice++
		}
	}
	if falls < 50 || twice == 0 || len(keys) != 200 {
		t.Errorf("versions fall %d times, %d of %d Ids come twice", falls, twice, len(keys))
	}
}

func TestRepeatedRows(t *testing.T) {
	sim, store := begin(t, only("lead", 200, exporter.RepeatedRows))
	for _, folder := range []string{firstFolder, step(t, sim, store)} {
		seen, repeats := map[string]bool{}, 0
		for _, row := range rowsOf(t, store, folder, "lead") {
			text := strings.Join(row, ",")
			if seen[text] {
				repeats++
			}
			seen[text] = true
		}
		if repeats == 0 {
			t.Errorf("%s: no row comes twice", folder)
		}
	}
	if sim.Counts("lead").Repeats == 0 {
		t.Error("repeats are not counted")
	}
}

func TestRepeatedFolders(t *testing.T) {
	sim, store := begin(t, only("lead", 30, exporter.RepeatedFolders))
	first := step(t, sim, store)
	again := sim.OpenFolder()
	second := step(t, sim, store)
	if second == again {
		t.Fatalf("the second step wrote only %s", second)
	}
	a, b := rowsOf(t, store, first, "lead"), rowsOf(t, store, again, "lead")
	if len(a) == 0 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%s does not repeat %s", again, first)
	}
	if read(t, store, again+"/model.json") == "" {
		t.Errorf("%s was not closed", again)
	}
}

func TestDeleteReinsert(t *testing.T) {
	sim, store := begin(t, only("lead", 30, exporter.DeleteReinsert))
	folder := step(t, sim, store)
	history, err := sim.History("lead")
	if err != nil {
		t.Fatal(err)
	}
	var reinserted, deletedAfter int
	for _, d := range history {
		for _, u := range history {
			if !d.Delete || u.Delete || d.Key != u.Key || !strings.HasPrefix(d.Path, folder) || !strings.HasPrefix(u.Path, folder) {
				continue
			}
			// the delete's file is read first either way
			if d.File >= u.File {
				t.Errorf("delete in file %d, upsert in file %d", d.File, u.File)
			}
			if u.Version > d.Version {
				reinserted++
			} else {
				deletedAfter++
			}
		}
	}
	if reinserted == 0 || deletedAfter == 0 {
		t.Errorf("%d deleted and re-inserted, %d updated and deleted", reinserted, deletedAfter)
	}
}

func TestIDsOnlyDeletes(t *testing.T) {
	for _, table := range []string{"lead", "inventtrans"} {
		sim, store := begin(t, only(table, 30, exporter.IDsOnlyDeletes))
		folder := step(t, sim, store)
		text := read(t, store, folder+"/"+table+"/1.csv")
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("%s: %d deletes, want 3", table, len(lines))
		}
		for _, line := range lines {
			id, rest, _ := strings.Cut(line, ",")
			if len(id) != 36 || strings.Trim(rest, ",") != "True" || strings.Count(line, ",")+1 != len(sim.Columns(table)) {
				t.Errorf("%s: delete row %q", table, line)
			}
		}
	}
}

func TestDeleteRow(t *testing.T) {
	sim, store := begin(t, only("inventtrans", 30))
	folder := step(t, sim, store)
	row := rowsOf(t, store, folder, "inventtrans")[0] // 1.csv is the first file
	want := map[string]string{
		"Id": row[0], "SinkCreatedOn": "1/15/2024 8:05:00 AM", "SinkModifiedOn": "1/15/2024 8:05:00 AM",
		"versionnumber": row[84], "createdon": "0001-01-01T00:00:00.0000000", "IsDelete": "True",
	}
	for i, c := range sim.Columns("inventtrans") {
		if row[i] != want[c.Name] {
			t.Errorf("%s is %q, want %q", c.Name, row[i], want[c.Name])
		}
	}
	if row[84] == "" {
		t.Error("the delete has no versionnumber")
	}
}

func TestColumnAddedMidFile(t *testing.T) {
	sim, store := begin(t, only("inventtrans", 30, exporter.ColumnAddedMidFile))
	old := len(sim.Columns("inventtrans"))
	if got := attributes(t, store, firstFolder+"/model.json", "inventtrans"); len(got) != old {
		t.Fatalf("initial manifest has %d columns, want %d", len(got), old)
	}
	folder := step(t, sim, store)
	got := attributes(t, store, folder+"/model.json", "inventtrans")
	if len(got) != old+1 || got[old-1] != "IsDelete" || got[old] != "con_loyaltytier" {
		t.Errorf("the step's manifest ends in %v", got[old-1:])
	}
	for _, p := range paths(t, store, folder+"/inventtrans/") {
		var widths []int
		for line := range strings.Lines(read(t, store, p)) {
			widths = append(widths, strings.Count(line, ",")+1)
		}
		if !slices.IsSorted(widths) || widths[0] != old || widths[len(widths)-1] != old+1 {
			t.Errorf("%s: widths %v, want %d then %d", p, widths, old, old+1)
		}
	}
	for _, row := range rowsOf(t, store, step(t, sim, store), "inventtrans") {
		if len(row) != old+1 {
			t.Errorf("a row of the second step has %d cells", len(row))
		}
	}
}

// attributes are an entity's columns in a model.json; nil when it is missing.
func attributes(t *testing.T, store storage.Store, path, table string) []string {
	t.Helper()
	var m struct {
		Entities []struct {
			Name       string
			Attributes []struct{ Name string }
			Partitions []struct{ Name, Location string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, store, path)), &m); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, e := range m.Entities {
		if e.Name == table {
			var names []string
			for _, a := range e.Attributes {
				names = append(names, a.Name)
			}
			return names
		}
	}
	return nil
}

func TestCRLFCells(t *testing.T) {
	has := func(faults ...exporter.Fault) (crlf, all int) {
		sim, _ := begin(t, only("lead", 60, faults...))
		rows, err := sim.Expected("lead")
		if err != nil {
			t.Fatal(err)
		}
		at := columnIndex(t, sim, "lead", "description")
		for _, r := range rows {
			if r.Cells[at] == "" {
				continue
			}
			all++
			if strings.Contains(r.Cells[at], "\r\n") && strings.Contains(r.Cells[at], `"`) && strings.Contains(r.Cells[at], ",") {
				crlf++
			}
		}
		return crlf, all
	}
	if crlf, _ := has(); crlf != 0 {
		t.Errorf("%d notes with CRLF without the fault", crlf)
	}
	if crlf, all := has(exporter.CRLFCells); crlf != all || all == 0 {
		t.Errorf("%d of %d notes have CRLF, quotes and commas", crlf, all)
	}
}

func TestLateManifest(t *testing.T) {
	sim, store := begin(t, only("lead", 30, exporter.LateManifest))
	if read(t, store, firstFolder+"/model.json") == "" {
		t.Error("the initial copy's manifest is late")
	}
	first := step(t, sim, store)
	if got := read(t, store, first+"/model.json"); got != "" {
		t.Errorf("the first step's manifest is there already: %.40s", got)
	}
	if got := read(t, store, "Changelog/changelog.info"); got <= first {
		t.Errorf("changelog.info is %s", got)
	}
	second := step(t, sim, store)
	for _, folder := range []string{first, second} {
		if attributes(t, store, folder+"/model.json", "lead") == nil {
			t.Errorf("%s has no manifest after the second step", folder)
		}
	}
}

func TestTruncatedManifest(t *testing.T) {
	sim, store := begin(t, options(5, exporter.TruncatedManifest))
	folder := step(t, sim, store)
	if attributes(t, store, folder+"/model.json", "account") == nil {
		t.Error("the first table is missing from the manifest")
	}
	if attributes(t, store, folder+"/model.json", "systemuser") != nil {
		t.Error("the last tables are in the manifest")
	}
	whole := attributes(t, store, folder+"/Microsoft.Athena.TrickleFeedService/systemuser-model.json", "systemuser")
	if len(whole) != len(sim.Columns("systemuser")) {
		t.Errorf("the table's own manifest has %d columns", len(whole))
	}
	if attributes(t, store, firstFolder+"/model.json", "systemuser") == nil {
		t.Error("the initial copy's manifest is truncated")
	}
}

func TestParseFaults(t *testing.T) {
	got, err := exporter.ParseFaults(" late-manifest, crlf-cells,late-manifest,")
	if err != nil || fmt.Sprint(got) != "[crlf-cells late-manifest]" {
		t.Errorf("%v, %v", got, err)
	}
	if all, err := exporter.ParseFaults("all"); err != nil || len(all) != len(exporter.Faults()) {
		t.Errorf("all: %v, %v", all, err)
	}
}

// recorder notes what is written, in order.
type recorder struct {
	storage.Store
	log []string
}

func (r *recorder) Write(ctx context.Context, path string) (storage.Writer, error) {
	w, err := r.Store.Write(ctx, path)
	return &recordedWriter{Writer: w, path: path, to: r}, err
}

type recordedWriter struct {
	storage.Writer
	path string
	size int
	to   *recorder
}

func (w *recordedWriter) Write(p []byte) (int, error) {
	w.size += len(p)
	return w.Writer.Write(p)
}

func (w *recordedWriter) Close() error {
	state := "filled"
	if w.size == 0 {
		state = "empty"
	}
	w.to.log = append(w.to.log, w.path+" "+state)
	return w.Writer.Close()
}

// TestOrderOfWriting holds the order in which a folder is opened and closed.
func TestOrderOfWriting(t *testing.T) {
	sim, err := exporter.New(only("bench", 12))
	if err != nil {
		t.Fatal(err)
	}
	store := &recorder{Store: newStore()}
	if err := sim.Initial(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Step(t.Context(), store, exporter.Changes{Mix: exporter.Mix{Updates: 1, Deletes: 1}}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, line := range store.log {
		if !strings.Contains(line, "OptionsetMetadata/") {
			b.WriteString(line + "\n")
		}
	}
	golden(t, "testdata/order.txt", b.String())
}
