package exporter_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

func clock() time.Time { return time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC) }

func newStore() storage.Store { return mem.New(clock) }

// options are n rows of every table.
func options(n int64, faults ...exporter.Fault) exporter.Options {
	o := exporter.Options{Seed: 7, Faults: faults, KeepHistory: true}
	for _, name := range exporter.TableNames() {
		o.Tables = append(o.Tables, exporter.TableOption{Name: name, Rows: n})
	}
	return o
}

// only are n rows of one table.
func only(table string, n int64, faults ...exporter.Fault) exporter.Options {
	return exporter.Options{Seed: 7, Faults: faults, KeepHistory: true, Tables: []exporter.TableOption{{Name: table, Rows: n}}}
}

// begin writes the initial copy.
func begin(t *testing.T, o exporter.Options) (*exporter.Simulator, storage.Store) {
	t.Helper()
	sim, err := exporter.New(o)
	if err != nil {
		t.Fatal(err)
	}
	store := newStore()
	if err := sim.Initial(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	return sim, store
}

var somewhat = exporter.Changes{Mix: exporter.Mix{Inserts: 4, Updates: 9, Deletes: 3}}

func step(t *testing.T, sim *exporter.Simulator, store storage.Store) string {
	t.Helper()
	folder, err := sim.Step(t.Context(), store, somewhat)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func read(t *testing.T, store storage.Store, path string) string {
	t.Helper()
	data, err := storage.ReadAll(t.Context(), store, path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func paths(t *testing.T, store storage.Store, prefix string) []string {
	t.Helper()
	var out []string
	for e, err := range store.List(t.Context(), prefix, storage.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Path)
	}
	return out
}

// rowsOf are the rows of the table's files in a folder, in order of the files.
func rowsOf(t *testing.T, store storage.Store, folder, table string) [][]string {
	t.Helper()
	var out [][]string
	for _, p := range paths(t, store, folder+"/"+table+"/") {
		r := csv.NewReader(strings.NewReader(read(t, store, p)))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		out = append(out, rows...)
	}
	return out
}

// fingerprint is a hash of all paths and contents.
func fingerprint(t *testing.T, store storage.Store) string {
	t.Helper()
	h := sha256.New()
	for _, p := range paths(t, store, "") {
		h.Write([]byte(p + "\x00" + read(t, store, p) + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func columnIndex(t *testing.T, sim *exporter.Simulator, table, column string) int {
	t.Helper()
	for i, c := range sim.Columns(table) {
		if c.Name == column {
			return i
		}
	}
	t.Fatalf("%s has no column %s", table, column)
	return -1
}

// cancelled is a context that has ended.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
