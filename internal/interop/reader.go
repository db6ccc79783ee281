package interop

import (
	"encoding/json"
	"fmt"
	"time"
)

// Engine names an engine.
type Engine string

// The engines. All read; Spark and DeltaRS also write.
const (
	Spark   Engine = "spark"
	DeltaRS Engine = "deltars"
	DuckDB  Engine = "duckdb"
	Polars  Engine = "polars"
)

// Error is an engine's own refusal or failure, as opposed to one of the worker.
type Error struct {
	Engine  Engine
	Op      string
	Path    string
	Kind    string // class of the exception, "Refused" where the engine has no such operation
	Message string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s %s: %s: %s", e.Engine, e.Op, e.Path, e.Kind, e.Message)
}

// Reader asks one engine. Paths are those of table folders and must be absolute.
// Tests may share it; its requests run one after the other. Methods return an
// [*Error] when the engine refuses.
type Reader struct {
	worker  *worker
	options map[string]string
}

// With returns a reader of tables in object storage. The options, such as an
// account's key, are those of the engine's storage layer (DeltaRS, Polars, DuckDB).
func (r *Reader) With(options map[string]string) *Reader { return &Reader{r.worker, options} }

// Rows returns the rows of the table's newest version.
func (r *Reader) Rows(path string, s Select) ([]Row, error) {
	var a answer
	err := r.ask(request{Op: "rows", Path: path, Columns: s.Columns, Where: s.Where, Order: s.Order}, &a)
	if err != nil {
		return nil, err
	}
	return a.toRows()
}

// Query returns the answer to a SELECT in the engine's dialect, in which the
// table is called t.
func (r *Reader) Query(path, sql string) ([]Row, error) {
	var a answer
	if err := r.ask(request{Op: "query", Path: path, SQL: sql}, &a); err != nil {
		return nil, err
	}
	return a.toRows()
}

// Count returns the number of rows for which the condition holds, of all rows
// if it is empty. Engines take the latter from the statistics of the log.
func (r *Reader) Count(path, where string) (int64, error) {
	var n int64
	err := r.ask(request{Op: "count", Path: path, Where: where}, &n)
	return n, err
}

// Schema returns the table's columns in their order.
func (r *Reader) Schema(path string) ([]Column, error) {
	var columns []Column
	err := r.ask(request{Op: "schema", Path: path}, &columns)
	return columns, err
}

// Version returns the table's newest version (Spark and DeltaRS).
func (r *Reader) Version(path string) (int64, error) {
	var v int64
	err := r.ask(request{Op: "version", Path: path}, &v)
	return v, err
}

// Transaction returns the version of the last txn action of the appId, nil
// where there is none (Spark and DeltaRS).
func (r *Reader) Transaction(path, appID string) (*int64, error) {
	var v *int64
	err := r.ask(request{Op: "transaction", Path: path, AppID: appID}, &v)
	return v, err
}

// Create makes a table of a SELECT without FROM (Spark and DeltaRS).
func (r *Reader) Create(path, sql string, properties map[string]string) error {
	return r.ask(request{Op: "create", Path: path, SQL: sql, Properties: properties}, nil)
}

// AppendCopy appends the rows for which the condition holds once more (Spark
// and DeltaRS), with other values, SQL by column, where set has them.
func (r *Reader) AppendCopy(path, where string, set map[string]string) error {
	return r.ask(request{Op: "append_copy", Path: path, Where: where, Set: set}, nil)
}

// Update gives the columns of set new values, in SQL, in the rows for which the
// condition holds (Spark and DeltaRS).
func (r *Reader) Update(path, where string, set map[string]string) error {
	return r.ask(request{Op: "update", Path: path, Where: where, Set: set}, nil)
}

// Delete deletes the rows for which the condition holds: Spark by deletion
// vectors where the table has them, DeltaRS by rewriting files.
func (r *Reader) Delete(path, where string) error {
	return r.ask(request{Op: "delete", Path: path, Where: where}, nil)
}

// Optimize merges small files (Spark and DeltaRS).
func (r *Reader) Optimize(path string) error {
	return r.ask(request{Op: "optimize", Path: path}, nil)
}

// Vacuum removes the files that no version younger than the retention needs;
// 0 is allowed (Spark and DeltaRS).
func (r *Reader) Vacuum(path string, retention time.Duration) error {
	return r.ask(request{Op: "vacuum", Path: path, Hours: int(retention / time.Hour)}, nil)
}

// Statement runs any statement, in which {table} stands for the table, and
// returns the engine's text of the rows it answers (Spark).
func (r *Reader) Statement(path, sql string) ([]string, error) {
	var rows []string
	err := r.ask(request{Op: "statement", Path: path, SQL: sql}, &rows)
	return rows, err
}

// ask sends one request and stores the answer in result unless that is nil.
func (r *Reader) ask(q request, result any) error {
	q.Options = r.options
	raw, err := r.worker.roundTrip(q)
	if err != nil {
		return err
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("%s: reading the answer to %s %s: %w", r.worker.engine, q.Op, q.Path, err)
	}
	return nil
}
