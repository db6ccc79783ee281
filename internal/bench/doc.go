// Command bench measures Sluice and its peers: whole processes, in turn, on data
// that the simulator makes, with all results compared. `make bench` runs it and
// writes docs/benchmarks.md.
//
//	.bench/results.json      what was measured, written after every figure
//	.bench/work/<workload>/  one folder per workload, gone when it is over
//	   export/               what the simulator wrote
//	   <tool>-<scd>/         lake, state and configuration of one tool
//
// A workload that fails is a line of the report and not the end of the bench, and
// so is a tool that fails, or whose tables are not what Sluice's are. Figures of a
// bench that was stopped, or of workloads that -only left out, stay in
// results.json as long as the size of the data is the same.
//
// Peers are the scripts scripts/bench/peer_*.py. Each is given folders of the
// export in their order, and brings its tables to the newest version per Id, or,
// with SCD type 2, to all versions.
package main
