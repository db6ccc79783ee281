package interop_test

import (
	"context"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// TestSimulatedTablesAreReadByEveryEngine follows a simulated environment, of
// all tables and with all the faults of real ones, from folder to folder.
func TestSimulatedTablesAreReadByEveryEngine(t *testing.T) {
	ctx := context.Background()
	options := exporter.Options{Seed: 7, SplitSize: 8 << 10, KeepHistory: true}
	for _, name := range exporter.TableNames() {
		options.Tables = append(options.Tables, exporter.TableOption{Name: name, Rows: 15})
	}
	for _, fault := range exporter.Faults() {
		options.Faults = append(options.Faults, fault.Name)
	}
	sim, err := exporter.New(options)
	need(t, err)
	l := newLake(t)
	for i, table := range sim.Tables() {
		for _, w := range waysOf(i) {
			l.follow(table, w)
		}
	}
	need(t, sim.Initial(ctx, l.source))
	l.run(t)
	for range 5 {
		_, err := sim.Step(ctx, l.source, exporter.Changes{Mix: exporter.Mix{Inserts: 2, Updates: 5, Deletes: 2}})
		need(t, err)
		l.run(t)
	}
	for i, table := range sim.Tables() {
		for _, w := range waysOf(i) {
			t.Run(table+"/"+w.String(), func(t *testing.T) { l.checkSimulated(t, sim, table, w) })
		}
	}
}

// waysOf keeps the ith table with history and without, one of them with
// vectors and one without.
func waysOf(i int) []way {
	return []way{{change.Type1, i%2 == 0}, {change.Type2, i%2 == 1}}
}

func (l *lake) checkSimulated(t *testing.T, sim *exporter.Simulator, table string, w way) {
	history, err := sim.History(table)
	need(t, err)
	want := &book{scd: w.scd, columns: sim.Columns(table)}
	want.add(t, history...)
	engines := quickEngines
	if w.scd == change.Type2 {
		engines = everyEngine // it has the rows of Type1, too
	}
	checkRows(t, l.path(table, w), want, engines...)
	checkSchema(t, l.path(table, w), want, interop.DuckDB)
}
