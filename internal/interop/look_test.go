package interop_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/batch"
	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
	"github.com/sluicedata/sluice/internal/interop"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/storage"
	files "github.com/sluicedata/sluice/internal/storage/local"
)

// quickEngines read a small table in some hundredths of a second. Spark takes
// a second or more and is asked where it may see something else than they do.
var quickEngines = []interop.Engine{interop.DeltaRS, interop.DuckDB, interop.Polars}

// checkRows compares what a book says with what the engines and Sluice itself
// see in the table.
func checkRows(t *testing.T, path string, want *book, engines ...interop.Engine) {
	t.Helper()
	rows := want.rows()
	compareRows(t, path, "sluice", rows, ownRows(t, path))
	for _, engine := range engines {
		got, err := interop.Start(t, engine).Rows(path, interop.Select{})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		compareRows(t, path, engine, rows, sorted(got))
	}
}

// compareRows shows the first of the rows that differ, the table's columns of
// which may be hundreds.
func compareRows(t *testing.T, path string, who interop.Engine, want, got []interop.Row) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s sees %d rows in %s, want %d (-want +got):\n%s", who, len(got), path, len(want), gocmp.Diff(keys(want), keys(got)))
		return
	}
	shown := 0
	for i := range want {
		if diff := gocmp.Diff(want[i], got[i]); diff != "" && shown < 3 {
			t.Errorf("%s sees another row in %s: %s (-want +got):\n%s", who, path, keys(want[i : i+1])[0], diff)
			shown++
		}
	}
}

func keys(rows []interop.Row) []string {
	var list []string
	for _, row := range rows {
		list = append(list, fmt.Sprintf("%v %v", row["Id"], row["versionnumber"]))
	}
	return list
}

func checkSchema(t *testing.T, path string, want *book, engines ...interop.Engine) {
	t.Helper()
	for _, engine := range engines {
		got, err := interop.Start(t, engine).Schema(path)
		need(t, err)
		if diff := gocmp.Diff(want.schema(), got); diff != "" {
			t.Errorf("%s sees other columns in %s (-want +got):\n%s", engine, path, diff)
		}
	}
}

// sorted orders rows by Id and start, rows of other tables by their text.
func sorted(rows []interop.Row) []interop.Row {
	type sortable struct {
		row   interop.Row
		start int64
		text  string
	}
	list := make([]sortable, len(rows))
	for i, row := range rows {
		start, _ := row[startColumn].(string)
		list[i].row = row
		list[i].start, _ = strconv.ParseInt(start, 10, 64)
		text, _ := json.Marshal(row) // of strings, booleans, nil and lists of them
		list[i].text = fmt.Sprint(row["Id"]) + "\x00" + string(text)
	}
	slices.SortFunc(list, func(a, b sortable) int {
		return cmp.Or(cmp.Compare(fmt.Sprint(a.row["Id"]), fmt.Sprint(b.row["Id"])), cmp.Compare(a.start, b.start), cmp.Compare(a.text, b.text))
	})
	out := make([]interop.Row, len(rows))
	for i := range list {
		out[i] = list[i].row
	}
	return out
}

// ownRows is what Sluice's own reader sees.
func ownRows(t *testing.T, path string) []interop.Row {
	t.Helper()
	rows, err := scan(path)
	need(t, err)
	return rows
}

func scan(path string) ([]interop.Row, error) {
	store, snapshot, err := load(path)
	if err != nil {
		return nil, err
	}
	schema, err := snapshot.BatchSchema()
	if err != nil {
		return nil, err
	}
	rows := []interop.Row{}
	err = local.New(store, local.Options{}).Scan(context.Background(), snapshot, schema, func(b *batch.Batch) error {
		for _, cells := range report.CellsOf(b) {
			row, err := ownRow(schema, cells)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	return sorted(rows), err
}

// load opens a table by its folder.
func load(path string) (storage.Store, *delta.Snapshot, error) {
	store, err := files.New(path)
	if err != nil {
		return nil, nil, err
	}
	snapshot, err := delta.Load(context.Background(), store, "")
	return store, snapshot, err
}

// ownRow brings cells into the text of interop.Row.
func ownRow(schema batch.Schema, cells []report.Cell) (interop.Row, error) {
	row := interop.Row{}
	for i, cell := range cells {
		row[cell.Column] = nil
		if cell.Value == nil {
			continue
		}
		value, err := ownValue(schema[i].Type.Kind, *cell.Value)
		if err != nil {
			return nil, err
		}
		row[cell.Column] = value
	}
	return row, nil
}

func ownValue(kind batch.Kind, text string) (any, error) {
	switch kind {
	case batch.Boolean:
		return strconv.ParseBool(text)
	case batch.Double:
		f, err := strconv.ParseFloat(text, 64)
		return doubleText(f), err
	case batch.Timestamp:
		at, err := time.Parse(time.RFC3339Nano, text)
		return at.Format("2006-01-02T15:04:05.000000Z"), err
	case batch.String, batch.Long, batch.Date, batch.Decimal, batch.Integer:
	}
	return text, nil
}

// checkSelections asks for rows by conditions on which engines skip files, and
// holds the answers against the same choice among all rows.
func checkSelections(t *testing.T, path string, want *book, selections []selection, engines ...interop.Engine) {
	t.Helper()
	rows := want.rows()
	for _, s := range selections {
		count := int64(0)
		for _, row := range rows {
			if s.holds(row) {
				count++
			}
		}
		if count == 0 || count == int64(len(rows)) {
			t.Errorf("%s: %s holds for %d of %d rows, which tests nothing", path, s.where, count, len(rows))
		}
		for _, engine := range engines {
			got, err := interop.Start(t, engine).Count(path, quoted(engine, s.where))
			if err != nil || got != count {
				t.Errorf("%s finds %d rows (%v) in %s where %s, want %d", engine, got, err, path, s.where, count)
			}
		}
	}
}

// selection is a condition in SQL, columns in [], times in {}, and the same in
// Go.
type selection struct {
	where string
	holds func(interop.Row) bool
}

// quoted is the condition in the engine's dialect. delta-rs takes timestamp '…'
// for nanoseconds, which end in 2262.
func quoted(engine interop.Engine, sql string) string {
	switch engine {
	case interop.Spark:
		return strings.NewReplacer("[", "`", "]", "`", "{", "timestamp '", "}", "'").Replace(sql)
	case interop.DeltaRS:
		return strings.NewReplacer("[", `"`, "]", `"`, "{", "arrow_cast('", "}", `', 'Timestamp(Microsecond, Some("UTC"))')`).Replace(sql)
	default:
		return strings.NewReplacer("[", `"`, "]", `"`, "{", "timestamp '", "}", "'").Replace(sql)
	}
}
