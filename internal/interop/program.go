package interop

import (
	"bytes"
	"os/exec"
	"testing"
)

// installDuckDB puts DuckDB's Delta extension where INSTALL finds it, which would
// fetch it from the internet otherwise.
const installDuckDB = `
import duckdb, duckdb_extension_delta as d
duckdb.install_extension(d.__path__[0] + '/extensions/v' + duckdb.__version__ + '/delta.duckdb_extension')`

// runSQL gives each statement of standard input to DuckDB and writes its result as
// CSV.
const runSQL = `
import duckdb, sys
for statement in duckdb.extract_statements(sys.stdin.read()):
    result = duckdb.sql(statement.query)
    if result is not None:
        print(",".join(result.columns))
        for row in result.fetchall():
            print(",".join("" if v is None else str(v) for v in row))`

// Programs runs programs as documents show them, with the packages of the engines.
type Programs struct {
	python, home string
}

// StartPrograms makes ready for programs. Without the engines it skips the test, as
// [Start] does.
func StartPrograms(t testing.TB) *Programs {
	t.Helper()
	if !asked() {
		t.Skip("other engines take minutes: make test asks them, or -run with the test's name")
	}
	tools, err := findTools()
	if err != nil {
		missing(t, err)
	}
	p := &Programs{python: tools.python, home: t.TempDir()}
	p.Python(t, p.home, installDuckDB)
	return p
}

// Python runs a Python program in a folder and returns what it wrote.
func (p *Programs) Python(t testing.TB, folder, text string) string {
	t.Helper()
	return p.run(t, folder, text, "")
}

// SQL gives statements to DuckDB and returns the results as CSV.
func (p *Programs) SQL(t testing.TB, folder, statements string) string {
	t.Helper()
	return p.run(t, folder, runSQL, statements)
}

func (p *Programs) run(t testing.TB, folder, program, input string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), p.python, "-E", "-s", "-B", "-c", program)
	c.Dir, c.Stdin = folder, bytes.NewReader([]byte(input))
	c.Env = append(workerEnv(), "HOME="+p.home)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%v; it wrote\n%s%s\nthe program is\n%s%s", err, out.Bytes(), errs.Bytes(), program, input)
	}
	return out.String()
}
