package main

import (
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/cli/text"
)

// target is one line of the figures to reach.
type target struct {
	what, least string
	check       func(*book) verdict
}

// verdict is what became of it. Without figures nothing is said.
type verdict struct {
	figure  string
	reached bool
	known   bool
}

func ofType(part string, scd int) string { return fmt.Sprintf("%s, SCD type %d", part, scd) }

// targets are the figures to reach, on two processors, each a ratio within one run
// but for those with units.
func targets() []target {
	load := ofType(firstLoad, 1)
	return []target{
		{"first load, SCD type 1: CPU", "≤ 0.65 × DuckDB → Parquet", cpuRatio(load, duckdbName, 0.65)},
		{"first load, SCD type 1: wall", "≤ 0.65 × DuckDB → Parquet", wallRatio(load, duckdbName, 0.65)},
		{"first load, SCD type 1: wall", "≥ 7 × faster than Spark", fasterThan(load, sparkName, 7)},
		{"10,000 changes", "≥ 50 × faster than the fastest peer", fasterThanAll(ofType(changesOf(10_000), 1), 50)},
		{"1,000 changes", "≥ 100 × faster than the fastest peer", fasterThanAll(ofType(changesOf(1_000), 1), 100)},
		{"10,000 changes on the larger table", "≤ 1.3 × those on this one", onLarger(10_000, 1.3)},
		{"1,000 changes on the larger table", "≤ 1.3 × those on this one", onLarger(1_000, 1.3)},
		{"key index", "≤ 40 bytes a key, at 100 M keys", indexBytes},
		{"SCD type 2: first load", "≤ 1.2 × SCD type 1", historyRatio(firstLoad, 1.2)},
		{"SCD type 2: 10,000 changes", "≤ 3 × SCD type 1", historyRatio(changesOf(10_000), 3)},
		{"100 tables × 4 folders", "≥ 5 × faster than the fastest peer", func(b *book) verdict {
			return fasterThanAll(ofType(manyPart(b.Rows), 1), 5)(b)
		}},
		{"wide: 300 columns, 70 % empty", "≤ 2 × the CPU per byte of the tall table", widePerByte},
		{"peak memory, every workload", "≤ --memory", withinMemory},
		{"nothing new, 300 tables", "≤ 300 ms", idleTime},
		{"planning 300 tables × 500 folders", "≤ 10 s and ≤ 500 MB", planned},
		{"first load of 1.5 GB over Azurite", "≤ 1.5 × disk to disk", azuriteRatio},
		{"nothing new over Azurite, 300 tables", "≤ 10 requests and ≤ 200 ms", idleRequests},
	}
}

// ratio is a verdict about a over b, which must be at most as much.
func ratio(a, b, most float64) verdict {
	return verdict{fmt.Sprintf("%.2f ×", a/b), a <= most*b, true}
}

func cpuRatio(workload, peer string, most float64) func(*book) verdict {
	return func(b *book) verdict {
		if ours, theirs := b.find(workload, sluiceName), b.find(workload, peer); ours.counts() && theirs.counts() {
			return ratio(ours.CPU, theirs.CPU, most)
		}
		return verdict{}
	}
}

func wallRatio(workload, peer string, most float64) func(*book) verdict {
	return func(b *book) verdict {
		if ours, theirs := b.find(workload, sluiceName), b.find(workload, peer); ours.counts() && theirs.counts() {
			return ratio(ours.Wall, theirs.Wall, most)
		}
		return verdict{}
	}
}

func fasterThan(workload, peer string, least float64) func(*book) verdict {
	return func(b *book) verdict { return faster(b.find(workload, sluiceName), b.find(workload, peer), least) }
}

func fasterThanAll(workload string, least float64) func(*book) verdict {
	return func(b *book) verdict {
		peer := b.fastest(workload)
		v := faster(b.find(workload, sluiceName), peer, least)
		if v.known {
			v.figure += ", " + peer.Tool
		}
		return v
	}
}

func faster(ours, theirs *result, least float64) verdict {
	if !ours.counts() || !theirs.counts() {
		return verdict{}
	}
	return verdict{fmt.Sprintf("%.1f × (%.3f s to %.2f s)", theirs.Wall/ours.Wall, ours.Wall, theirs.Wall), theirs.Wall >= least*ours.Wall, true}
}

func onLarger(n int, most float64) func(*book) verdict {
	return func(b *book) verdict {
		here, there := b.find(ofType(changesOf(n), 1), sluiceName), b.find(ofType(changesOf(n)+onRows(b.Slope), 1), sluiceName)
		if !here.counts() || !there.counts() {
			return verdict{}
		}
		v := ratio(there.Wall, here.Wall, most)
		v.figure += fmt.Sprintf(" (%s rows to %s)", grouped(b.Slope), grouped(b.Rows))
		return v
	}
}

func indexBytes(b *book) verdict {
	r := b.find(ofType(longLoad+onRows(b.Keys), 1), sluiceName)
	if !r.counts() || r.Indexed == 0 {
		return verdict{}
	}
	return verdict{fmt.Sprintf("%.1f bytes at %s keys", perRow(*r), grouped(r.Rows)), perRow(*r) <= 40, true}
}

func historyRatio(part string, most float64) func(*book) verdict {
	return func(b *book) verdict {
		one, two := b.find(ofType(part, 1), sluiceName), b.find(ofType(part, 2), sluiceName)
		if !one.counts() || !two.counts() {
			return verdict{}
		}
		return ratio(two.Wall, one.Wall, most)
	}
}

func widePerByte(b *book) verdict {
	tall, wide := b.find(ofType(firstLoad, 1), sluiceName), b.find(ofType(wideLoad, 1), sluiceName)
	if !tall.counts() || !wide.counts() || tall.Read == 0 || wide.Read == 0 {
		return verdict{}
	}
	return ratio(wide.CPU/float64(wide.Read), tall.CPU/float64(tall.Read), 2)
}

// withinMemory looks at every run of Sluice.
func withinMemory(b *book) verdict {
	var over []string
	v := verdict{}
	most := 0.0
	for _, r := range b.Results {
		limit, err := text.ParseSize(r.Limit)
		if r.Tool != sluiceName || r.Peak == 0 || err != nil {
			continue
		}
		v.known = true
		share := float64(r.Peak) / float64(limit)
		most = max(most, share)
		if share > 1 {
			over = append(over, fmt.Sprintf("%s: %d MiB", r.Workload, r.Peak>>20))
		}
	}
	v.reached = len(over) == 0
	v.figure = fmt.Sprintf("at most %.0f %% of it", 100*most)
	if !v.reached {
		v.figure += "; over it: " + strings.Join(over, "; ")
	}
	return v
}

func idleTime(b *book) verdict {
	r := b.find(ofType(idlePart(b.Rows), 1), sluiceName)
	if !r.counts() {
		return verdict{}
	}
	const most = 0.3
	return verdict{fmt.Sprintf("%.0f ms", 1000*r.Wall), r.Wall <= most, true}
}

func planned(b *book) verdict {
	r := b.find(planName, sluiceName)
	if !r.counts() {
		return verdict{}
	}
	return verdict{fmt.Sprintf("%.1f s, %d MB", r.Wall, r.Peak/1e6), r.Wall <= 10 && r.Peak <= 500e6, true}
}

func azuriteRatio(b *book) verdict {
	on := onRows(min(b.Rows, azuriteRows))
	disk, blobs := b.find(firstLoad+on+diskToDisk, sluiceName), b.find(firstLoad+on+overBlobs, sluiceName)
	if !disk.counts() || !blobs.counts() {
		return verdict{}
	}
	v := ratio(blobs.Wall, disk.Wall, 1.5)
	v.figure += fmt.Sprintf(" (CPU of Sluice itself %.2f ×)", blobs.CPU/disk.CPU)
	return v
}

func idleRequests(b *book) verdict {
	r := b.find(idleOverBlobs, sluiceName)
	if !r.counts() {
		return verdict{}
	}
	return verdict{fmt.Sprintf("%d requests, %.0f ms", r.Requests, 1000*r.Wall), r.Requests <= 10 && r.Wall <= 0.2, true}
}
