package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// filled is a book with figures of all kinds.
func filled(t *testing.T) *book {
	t.Helper()
	b, err := openBook(filepath.Join(t.TempDir(), "results.json"), options{rows: fullRows, runs: 3, memory: "1GiB", slope: 50_000_000, keys: 100_000_000})
	need(t, err)
	b.Machine = []string{"a machine", "its versions"}
	line := func(group, workload, tool string, wall float64) result {
		b.group = group
		r := result{Workload: workload, Tool: tool, Wall: wall, CPU: 1.5 * wall, Peak: 300 << 20, Written: 1_234_567, Rows: fullRows, Runs: 3}
		if tool == sluiceName {
			r.Limit = "1GiB"
		} else {
			r.Apply = wall / 2
		}
		return r
	}
	changed := ofType(changesOf(10_000), 1)
	loaded := line("tall", ofType(firstLoad, 1), sluiceName, 8)
	loaded.Read = 2_000_000_000
	need(t, b.add(loaded))
	need(t, b.add(line("tall", ofType(firstLoad, 1), duckdbName, 16)))
	need(t, b.add(line("tall", ofType(firstLoad, 1), sparkName, 50)))
	need(t, b.add(line("tall", changed, sluiceName, 0.1)))
	need(t, b.add(line("tall", changed, "delta-rs", 9)))
	differs := line("tall", changed, "dlt", 1)
	differs.Failed = "the result has 1 rows | the export 2"
	need(t, b.add(differs))
	need(t, b.add(result{Workload: changed, Tool: sparkName, Failed: "exit status 1"}))
	over := line("memory", "cells at 256MiB, SCD type 1", sluiceName, 2)
	over.Limit = "256MiB"
	need(t, b.add(over))
	b.group = slopeWorkload
	need(t, b.add(line(slopeWorkload, ofType(changesOf(10_000)+onRows(b.Slope), 1), sluiceName, 0.12)))
	long := line(keysWorkload, ofType(longLoad+onRows(b.Keys), 1), sluiceName, 90)
	long.Read, long.Rows, long.Indexed = 16_000_000_000, b.Keys, 25*b.Keys
	need(t, b.add(long))
	b.At = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	return b
}

// TestReport compares the page with testdata/report.md, which -rewrite writes.
func TestReport(t *testing.T) {
	const golden = "testdata/report.md"
	got := filled(t).markdown()
	if *rewrite {
		need(t, os.WriteFile(golden, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(golden)
	need(t, err)
	if got != string(want) {
		t.Errorf("the page is not %s:\n%s", golden, got)
	}
}

func TestResultsOutliveTheBench(t *testing.T) {
	b := filled(t)
	again, err := openBook(b.path, options{rows: fullRows, memory: "1GiB"})
	need(t, err)
	if len(again.Results) != len(b.Results) || again.Slope != b.Slope {
		t.Errorf("%d results of %d are there", len(again.Results), len(b.Results))
	}
	need(t, again.begin("tall"))
	need(t, again.add(result{Workload: ofType(firstLoad, 1), Tool: sluiceName, Wall: 5, Runs: 1}))
	if r := again.find(ofType(firstLoad, 1), sluiceName); r.Wall != 5 || len(again.Results) != len(b.Results) {
		t.Errorf("%+v of %d results: a new figure takes the place of the old one", r, len(again.Results))
	}
	other, err := openBook(b.path, options{rows: 50_000, memory: "1GiB"})
	need(t, err)
	if len(other.Results) != 0 {
		t.Errorf("%d results of another size are taken over", len(other.Results))
	}
	shown, err := openBook(b.path, options{rows: 50_000, render: true})
	need(t, err)
	if len(shown.Results) != len(b.Results) {
		t.Errorf("%d results are shown, %d were measured", len(shown.Results), len(b.Results))
	}
}

func TestDocsKeepWhatIsWrittenByHand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	need(t, os.WriteFile(path, []byte("old figures\n"+handWritten+"\n## Profiles\n"), 0o600))
	need(t, writeDocs(path, "new figures\n"))
	got, err := os.ReadFile(path)
	need(t, err)
	if want := "new figures\n\n" + handWritten + "\n## Profiles\n"; string(got) != want {
		t.Errorf("the page is %q, want %q", got, want)
	}
}

func TestJudgement(t *testing.T) {
	first := digest{Rows: 5, Checksum: "a"}
	for _, c := range []struct {
		got  digest
		want string
	}{
		{first, ""},
		{digest{Rows: 4, Checksum: "a"}, "the result has 4 rows, the export 5"},
		{digest{Rows: 5, Checksum: "b"}, "the result is not that of Sluice"},
		{digest{Trouble: "IO Error\nmore"}, "DuckDB cannot read the result: IO Error"},
	} {
		err := c.got.judge(5, first, sluiceName)
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.got, err, c.want)
		}
	}
}
