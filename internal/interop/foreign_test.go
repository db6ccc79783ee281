package interop_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluicedata/sluice/internal/change"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

// Keys of the table that another program writes to between folders.
const (
	plain        = 1 // two versions; a third between them comes late
	edited       = 3 // updated by the other program, then by the source
	buried       = 4 // deleted by the source; an older version comes late
	emptied      = 5 // gets an empty string, which no export has
	erased       = 6 // deleted by the other program; comes back
	optimised    = 7 // updated after the other program rewrote all files
	removed      = 8 // deleted after that
	late         = 9 // gets a version older than all after that
	unnumbered   = 10
	fresh        = 13 // comes after that
	remembered   = 20 // never came; only its delete did
	fillersFrom  = 30
	fillersUntil = 70
	// adopted rows are made by the other program, as copies of plain and of the
	// second key.
	adopted      = 0xf0000001
	adoptedGone  = 0xf0000002
	editedColumn = "Name"
)

// before are the folders that the other program finds applied.
func before() [][]told {
	first := []told{{remembered, "D500"}}
	for key := 1; key <= 12; key++ {
		first = append(first, told{key, fmt.Sprint("U", 100+key)})
	}
	for key := fillersFrom; key < fillersUntil; key++ {
		first = append(first, told{key, "U100"})
	}
	return [][]told{
		first,
		{{plain, "U201"}, {2, "U202"}, {edited, "U203"}, {buried, "D204"}},
		{{emptied, "U205"}, {fillersFrom, "U200"}},
	}
}

// afterRows come when the other program has changed rows.
func afterRows() []told {
	return []told{
		{plain, "U150"}, {edited, "U303"}, {buried, "U150"}, {erased, "U306"}, {remembered, "U400"},
		{adopted, "U301"}, {adoptedGone, "D302"}, {fillersFrom + 1, "U200"}, {fillersFrom + 2, "D200"},
	}
}

// afterFiles come when it has rewritten all files. Where tombstones are rows
// of data files they may have gone with them, so that nothing older than a
// delete comes.
func afterFiles(w way) []told {
	list := []told{
		{optimised, "U407"}, {removed, "D408"}, {late, "U50"}, {emptied, "U405"}, {unnumbered, "D"}, {fresh, "U413"},
		{edited, "U250"}, {adopted, "U250"}, {fillersFrom + 3, "U300"}, {fillersFrom + 4, "U90"},
	}
	if !w.vectors {
		list = append(list, told{remembered, "U450"})
	}
	return list
}

// another program that writes to tables of Sluice.
type another struct {
	name   string
	engine interop.Engine
	way    way
	// int96 makes Spark write times as it does by itself.
	int96 bool
	// readers of what it wrote, and of what came of it.
	readers, readersAfter []interop.Engine
}

// polars and delta-rs take INT96 for nanoseconds, which end in 2262.
var int96Readers = []interop.Engine{interop.DuckDB}

var others = []another{
	{"spark/scd1_vectors", interop.Spark, way{change.Type1, true}, false, quickEngines, everyEngine},
	{"spark/scd2_vectors", interop.Spark, way{change.Type2, true}, false, quickEngines, everyEngine},
	{"spark with int96/scd2_copied", interop.Spark, way{change.Type2, false}, true, int96Readers, []interop.Engine{interop.Spark, interop.DuckDB}},
	{"deltars/scd1_copied", interop.DeltaRS, way{change.Type1, false}, false, quickEngines, quickEngines},
	{"deltars/scd2_copied", interop.DeltaRS, way{change.Type2, false}, false, quickEngines, everyEngine},
}

func TestTablesThatOthersWroteToAreContinued(t *testing.T) {
	for _, o := range others {
		t.Run(o.name, func(t *testing.T) { o.check(t) })
	}
}

func (o another) check(t *testing.T) {
	l := newLake(t)
	l.follow(exportedTable, o.way)
	export, path := newExport(l.source), l.path(exportedTable, o.way)
	want := &book{scd: o.way.scd, columns: export.columns}
	for _, changes := range before() {
		want.add(t, export.folder(t, changes...)...)
	}
	l.run(t)
	if o.int96 {
		o.statement(t, path, "set spark.sql.parquet.outputTimestampType = INT96")
		t.Cleanup(func() { o.statement(t, path, "set spark.sql.parquet.outputTimestampType = TIMESTAMP_MICROS") })
	}

	o.changeRows(t, path)
	want.rewrite(t, changedRows)
	checkRows(t, path, want, o.readers...)
	want.add(t, export.folder(t, afterRows()...)...)
	l.run(t)
	checkRows(t, path, want, o.readersAfter...)

	o.changeFiles(t, path)
	want.rewrite(t, func(rows []interop.Row) []interop.Row { return rows })
	checkRows(t, path, want, o.readers...)
	export.columns = append(slices.Clone(export.columns), exporter.Column{Name: "Nickname", DataType: "string"})
	want.columns = export.columns
	want.add(t, export.folder(t, afterFiles(o.way)...)...)
	l.run(t)
	checkRows(t, path, want, o.readersAfter...)
	checkCursor(t, path, appID(exportedTable, o.way), folderDigits(export.folders-1))
}

func (o another) statement(t *testing.T, path, sql string) {
	t.Helper()
	_, err := interop.Start(t, o.engine).Statement(path, sql)
	need(t, err)
}

// changeRows appends, updates and deletes; changedRows does the same in Go.
func (o another) changeRows(t *testing.T, path string) {
	t.Helper()
	r := interop.Start(t, o.engine)
	id := quoted(o.engine, "[Id]")
	where := func(keys ...int) string {
		var list []string
		for _, key := range keys {
			list = append(list, "'"+keyID(key)+"'")
		}
		return id + " in (" + strings.Join(list, ", ") + ")"
	}
	copied := map[string]string{"Id": "concat('f', substr(" + id + ", 2))"}
	need(t, r.AppendCopy(path, where(plain, 2), copied))
	text := "case when " + where(emptied) + " then '' else 'edited there' end"
	need(t, r.Update(path, where(edited, emptied, adoptedGone), map[string]string{editedColumn: text}))
	need(t, r.Delete(path, where(erased)))
	if o.way.vectors {
		checkVectors(t, path, true)
	}
}

func changedRows(rows []interop.Row) []interop.Row {
	var out []interop.Row
	for _, row := range rows {
		row = maps.Clone(row)
		switch row["Id"] {
		case keyID(plain), keyID(2):
			twin := maps.Clone(row)
			twin["Id"] = "f" + twin["Id"].(string)[1:]
			if twin["Id"] == keyID(adoptedGone) {
				twin[editedColumn] = "edited there"
			}
			out = append(out, twin)
		case keyID(edited):
			row[editedColumn] = "edited there"
		case keyID(emptied):
			row[editedColumn] = ""
		case keyID(erased):
			continue
		}
		out = append(out, row)
	}
	return out
}

// changeFiles rewrites all files and removes those that were before.
func (o another) changeFiles(t *testing.T, path string) {
	t.Helper()
	r := interop.Start(t, o.engine)
	need(t, r.Optimize(path))
	need(t, r.Vacuum(path, 0))
	left, err := filepath.Glob(filepath.Join(path, "*.parquet"))
	need(t, err)
	_, snapshot, err := load(path)
	need(t, err)
	if len(left) != snapshot.NumFiles() {
		t.Errorf("%s left %d data files, of which the table has %d", o.engine, len(left), snapshot.NumFiles())
	}
}
