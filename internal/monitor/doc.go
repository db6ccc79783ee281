// Package monitor tells other programs what happens in runs: Prometheus,
// OpenTelemetry, OpenLineage, and the history of runs. Each part is a
// report.Listener.
//
//	pipeline ──▶ Listener ──┬─▶ metrics ──▶ registry, text file of node_exporter
//	                        ├─▶ traces  ──▶ OTLP over HTTP
//	                        ├─▶ lineage ──▶ OpenLineage over HTTP, file of JSON lines
//	                        └─▶ history ──▶ state.Store
//
// A run never fails because nobody can be told of it: what goes wrong here is a
// problem that is told once, when the monitor is closed. What waits for a server
// that does not answer is bounded, in bytes and in time.
//
// The spans of a run; events are on the span of the table, or of the run, that
// they are about:
//
//	sluice.run  ├── sluice.table  ├── sluice.commit
//	            │                 └── sluice.commit
//	            └── sluice.table
//
// The OpenLineage events of a run; the update is the parent of the tables' runs:
//
//	START update ── START table ── COMPLETE table ── COMPLETE update
//	                START table ── FAIL table
//
// Texts are cleaned of secrets before they leave, by obs.Redact.
package monitor
