package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/spec"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/synapselink/exporter"
)

var rewrite = flag.Bool("rewrite", false, "record the costs in testdata/costs.txt")

const (
	costsFile   = "testdata/costs.txt"
	costRows    = 20_000
	costChanges = 1_000
)

// tolerances are what a figure may be above the recorded one. Requests are counted
// and must not grow at all; allocations differ by what pools had at hand.
func tolerances() map[string]float64 {
	t := map[string]float64{"allocations": 0.05, "allocated": 0.1, "written": 0.02, "indexed": 0.02, "requests": 0}
	if raceDetector {
		t["allocations"], t["allocated"] = 1, 1 // it allocates, and its pools forget on purpose
	}
	return t
}

// TestCosts counts what a first load, changes and a run without any cost in
// allocations, bytes and requests: these are the same on every machine, where
// seconds are not. What grows has made Sluice slower, or is recorded on purpose:
//
//	go test ./internal/bench -run TestCosts -rewrite
func TestCosts(t *testing.T) {
	var got []figure
	for _, scd := range []spec.SCDType{spec.SCDType1, spec.SCDType2} {
		got = append(got, leastOf(t, scd)...)
	}
	if *rewrite {
		if err := os.WriteFile(costsFile, []byte(costsText(got)), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded := readCosts(t)
	if len(recorded) != len(got) {
		t.Errorf("%s has %d figures, %d were measured; record them with -rewrite", costsFile, len(recorded), len(got))
	}
	for _, f := range got {
		bound, ok := recorded[f.name()]
		if !ok {
			t.Errorf("%s: not in %s; record it with -rewrite", f.name(), costsFile)
			continue
		}
		if most := bound * (1 + tolerances()[f.what]); f.amount > most {
			t.Errorf("%s: %.2f, the bound is %.2f + %.0f %%", f.name(), f.amount, bound, 100*tolerances()[f.what])
		}
		const much = 0.75
		if f.amount < much*bound && !raceDetector {
			t.Logf("%s: %.2f, far below the bound of %.2f: record it with -rewrite, so that it stays there", f.name(), f.amount, bound)
		}
	}
}

// figure is one cost of one step: per row of the CSV, but for requests.
type figure struct {
	step, what string
	amount     float64
}

func (f figure) name() string { return f.step + ": " + f.what }

// leastOf is the least of several tries: the first fills what is made once in a
// process, and whether a goroutine finds a buffer in the pool or makes one depends
// on which of two was faster.
func leastOf(t *testing.T, scd spec.SCDType) []figure {
	t.Helper()
	least := costOf(t, scd)
	for range 3 {
		for i, f := range costOf(t, scd) {
			least[i].amount = min(least[i].amount, f.amount)
		}
	}
	return least
}

// costOf measures the steps with one SCD type.
func costOf(t *testing.T, scd spec.SCDType) []figure {
	t.Helper()
	clock := func() time.Time { return time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC) }
	export, index := mem.New(clock), t.TempDir()
	source, lake, memo := count(export), count(mem.New(clock)), count(mem.New(clock))
	sim, err := exporter.New(exporter.Options{Tables: []exporter.TableOption{{Name: tallTable, Rows: costRows}}})
	need(t, err)
	need(t, sim.Initial(t.Context(), export))

	table := spec.Table{SourceTable: tallTable, Settings: spec.Settings{SCDType: scd, SchemaChanges: spec.AddColumns},
		Destination: spec.Destination{Catalog: "main", Schema: "bench", Table: tallTable}}
	p := spec.Pipeline{Key: "bench", Name: "bench", Tables: []spec.Table{table}}
	p.Source.AbandonAfter = spec.DefaultAbandonAfter
	run := func() {
		runner := work.Pipeline{Config: p, Source: source, Lake: lake, Options: work.Options{
			Memory: 256 << 20, Workers: 1, Temp: t.TempDir(), IndexDir: index, Memo: memo, Clock: clock, NewID: func() string { return "update" },
		}}
		if result := pipeline.Run(context.Background(), &runner, work.Request{}); result.State != report.Completed {
			t.Fatalf("the run ended as %s: %+v", result.State, result)
		}
	}
	var out []figure
	measured := func(step string, rows float64) {
		before, err := contents(index)
		need(t, err)
		for _, s := range []*counted{source, lake, memo} {
			s.requests.Store(0)
			s.written.Store(0)
		}
		allocations, allocated := allocationsOf(run)
		after, err := contents(index)
		need(t, err)
		requests := source.requests.Load() + lake.requests.Load() + memo.requests.Load()
		step = string(scd) + ", " + step
		out = append(out, figure{step, "allocations", allocations / rows}, figure{step, "allocated", allocated / rows},
			figure{step, "written", float64(lake.written.Load()) / rows}, figure{step, "indexed", float64(newBytes(before, after)) / rows},
			figure{step, "requests", float64(requests)})
	}
	measured("first load", costRows)
	_, err = sim.Step(t.Context(), export, exporter.Changes{Mix: mixOf(costChanges)})
	need(t, err)
	measured("changes", costChanges)
	measured("nothing new", 1)
	return out
}

// allocationsOf counts the allocations of a run, and their bytes. The collector
// rests meanwhile, since it empties the pools when it likes.
func allocationsOf(run func()) (count, bytes float64) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc)
}

const costsHead = `# What runs on a table of 20,000 rows, and of 1,000 changes, cost, in one worker:
# allocations, bytes allocated, bytes written to the lake and to the key index, each
# per row of the CSV, and requests to the storages. Recorded by TestCosts -rewrite.
`

func costsText(figures []figure) string {
	var out strings.Builder
	out.WriteString(costsHead)
	for _, f := range figures {
		fmt.Fprintf(&out, "%-36s %12.2f\n", f.name(), f.amount)
	}
	return out.String()
}

func readCosts(t *testing.T) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(costsFile)
	need(t, err)
	out := map[string]float64{}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		amount, err := strconv.ParseFloat(line[at+1:], 64)
		need(t, err)
		out[strings.TrimSpace(line[:at])] = amount
	}
	return out
}

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
