package interop_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/interop"
)

// extremes is a row with the values that get lost most easily on the way
// through an engine's own types, and one with their opposites.
var extremes = []interop.Row{
	{
		"id": "1", "at": "0001-01-01T00:00:00.000000Z", "day": "9999-12-31", "amount": "0.000000",
		"big": "12345678901234567890123456789012.345678", "x": "1e+300", "flag": true, "name": "a'é\n", "none": nil,
	},
	{
		"id": "9223372036854775807", "at": "9999-12-31T23:59:59.999999Z", "day": "0001-01-01", "amount": "-1.500000",
		"big": "-0.000001", "x": "NaN", "flag": false, "name": "", "none": "NULL",
	},
}

var extremesSchema = []interop.Column{
	{Name: "id", Type: "long"},
	{Name: "at", Type: "timestamp"},
	{Name: "day", Type: "date"},
	{Name: "amount", Type: "decimal(18,6)"},
	{Name: "big", Type: "decimal(38,6)"},
	{Name: "x", Type: "double"},
	{Name: "flag", Type: "boolean"},
	{Name: "name", Type: "string"},
	{Name: "none", Type: "string"},
}

const extremesInSpark = `
select 1L as id, timestamp '0001-01-01 00:00:00' as at, date '9999-12-31' as day,
       cast('0' as decimal(18,6)) as amount,
       cast('12345678901234567890123456789012.345678' as decimal(38,6)) as big,
       1e300D as x, true as flag, 'a\'é\n' as name, cast(null as string) as none
union all
select 9223372036854775807L, timestamp '9999-12-31 23:59:59.999999', date '0001-01-01',
       cast('-1.5' as decimal(18,6)), cast('-0.000001' as decimal(38,6)),
       double('NaN'), false, '', 'NULL'`

// withVectors asks for deletion vectors.
var withVectors = map[string]string{"delta.enableDeletionVectors": "true"}

func TestExtremeValuesSurviveEveryEngine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "extremes")
	if err := interop.Start(t, interop.Spark).Create(path, extremesInSpark, withVectors); err != nil {
		t.Fatal(err)
	}
	for _, engine := range everyEngine {
		t.Run(string(engine), func(t *testing.T) {
			r := interop.Start(t, engine)
			rows, err := r.Rows(path, interop.Select{Order: []string{"id"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(extremes, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			schema, err := r.Schema(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(extremesSchema, schema); diff != "" {
				t.Errorf("schema (-want +got):\n%s", diff)
			}
		})
	}
}

// step changes a table and says how many rows it has then.
type step struct {
	name string
	do   func(r *interop.Reader, path string) error
	rows int64
}

var steps = []step{
	{"append a copy", func(r *interop.Reader, path string) error { return r.AppendCopy(path, "id > 1", nil) }, 5},
	{"delete", func(r *interop.Reader, path string) error { return r.Delete(path, "name = 'b'") }, 3},
	{"optimize", func(r *interop.Reader, path string) error { return r.Optimize(path) }, 3},
	{"vacuum", func(r *interop.Reader, path string) error { return r.Vacuum(path, 0) }, 3},
}

func TestWritersChangeTables(t *testing.T) {
	const three = `select 1 as id, 'a' as name union all select 2, 'b' union all select 3, 'c'`
	for _, tc := range []struct {
		name       string
		engine     interop.Engine
		properties map[string]string
	}{
		{"spark", interop.Spark, withVectors},
		{"deltars", interop.DeltaRS, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := interop.Start(t, tc.engine)
			path := filepath.Join(t.TempDir(), "table")
			if err := r.Create(path, three, tc.properties); err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if err := s.do(r, path); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				checkCount(t, path, s)
			}
		})
	}
}

func checkCount(t *testing.T, path string, s step) {
	t.Helper()
	for _, engine := range quickEngines {
		got, err := interop.Start(t, engine).Count(path, "")
		if err != nil || got != s.rows {
			t.Errorf("after %s %s counts %d rows (%v), want %d", s.name, engine, got, err, s.rows)
		}
	}
}

func TestSparkDeletesByVector(t *testing.T) {
	spark := interop.Start(t, interop.Spark)
	path := filepath.Join(t.TempDir(), "table")
	if err := spark.Create(path, "select /*+ coalesce(1) */ id from range(10)", withVectors); err != nil {
		t.Fatal(err)
	}
	if err := spark.Delete(path, "id = 3"); err != nil {
		t.Fatal(err)
	}
	vectors, err := filepath.Glob(filepath.Join(path, "deletion_vector_*.bin"))
	if err != nil || len(vectors) != 1 {
		t.Errorf("found vectors %v (%v), want one", vectors, err)
	}
}

func TestTransactionVersions(t *testing.T) {
	spark := interop.Start(t, interop.Spark)
	path := filepath.Join(t.TempDir(), "table")
	if err := spark.Create(path, "select 1 as id", nil); err != nil {
		t.Fatal(err)
	}
	set := []string{
		"set spark.databricks.delta.write.txnAppId = app",
		"set spark.databricks.delta.write.txnVersion = 20240911162910",
		"insert into {table} values (2)",
		"reset spark.databricks.delta.write.txnAppId",
		"reset spark.databricks.delta.write.txnVersion",
	}
	for _, sql := range set {
		if _, err := spark.Statement(path, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, engine := range []interop.Engine{interop.Spark, interop.DeltaRS} {
		r := interop.Start(t, engine)
		got, err := r.Transaction(path, "app")
		if err != nil || got == nil || *got != 20240911162910 {
			t.Errorf("%s: transaction of app is %v (%v), want 20240911162910", engine, got, err)
		}
		if got, err := r.Transaction(path, "another"); err != nil || got != nil {
			t.Errorf("%s: transaction of another is %v (%v), want none", engine, got, err)
		}
	}
}
