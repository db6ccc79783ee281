// Package interop lets tests ask other engines what they see in a Delta table
// and lets them change it: Spark, delta-rs, DuckDB and polars. It is imported
// by tests alone.
//
//	test ── Start(t, Spark) ──▶ Reader ── JSON lines ──▶ scripts/interop/readers.py
//	                                                     (one process per engine,
//	                                                     started once per test binary)
//
// `go test ./...` leaves these tests out, as they take minutes; `make test` and
// -run with a name do not. The engines come from `make tools`. Where they are
// missing, Start skips the
// test, or fails it if SLUICE_REQUIRE_TOOLS=1, as under `make test` and in CI.
// They are looked for in the folder that SLUICE_TOOLS names, or in .tools at
// the root of the repository.
//
// A package whose tests use Start ends the processes in its TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(interop.Main(m)) }
//
// Without it they end with the test binary, since their standard input does.
//
// Values come in one text, whatever the engine: see [Row].
package interop
