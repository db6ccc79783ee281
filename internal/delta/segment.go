package delta

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// anyVersion stands for "the newest" where a version can be asked for.
const anyVersion = math.MaxInt64

// segment is the part of a log that has to be read for one version: at most one
// complete checkpoint and, without gaps, the commits after it.
type segment struct {
	version    int64
	base       int64     // of the checkpoint; -1 without
	checkpoint []logFile // one file, or all the parts
	commits    []logFile // commits and compacted files in order
}

// newSegment chooses among the files of a log what gives version upTo, or the
// newest. Files may come in any order. A segment of version -1 means that there
// is nothing.
func newSegment(files []logFile, upTo int64) (segment, error) {
	seg := segment{base: -1}
	if best := newestCheckpoint(files, upTo); best != nil {
		seg.checkpoint, seg.base = best, best[0].version
	}
	seg.version = seg.base
	for _, f := range files {
		if f.kind == commitFile && f.version <= upTo {
			seg.version = max(seg.version, f.version)
		}
	}
	var err error
	seg.commits, err = consecutive(files, seg.base, seg.version)
	return seg, err
}

// consecutive gives what replays the versions after base up to end, the widest
// compacted file first where there is one.
func consecutive(files []logFile, base, end int64) ([]logFile, error) {
	steps := map[int64]logFile{} // by the first version that a file holds
	for _, f := range files {
		last := f.lastVersion()
		if f.isCheckpoint() || last > end || f.version <= base {
			continue
		}
		if known, ok := steps[f.version]; !ok || last > known.lastVersion() {
			steps[f.version] = f
		}
	}
	var out []logFile
	for at := base; at < end; {
		step, ok := steps[at+1]
		if !ok {
			return nil, &LogError{Version: at + 1, Err: ErrGap}
		}
		out = append(out, step)
		at = step.lastVersion()
	}
	return out, nil
}

func (f logFile) lastVersion() int64 {
	if f.kind == compactedFile {
		return f.end
	}
	return f.version
}

// newestCheckpoint finds the newest one of which all files are there. Writing
// one in parts is not atomic: parts may be missing for ever.
func newestCheckpoint(files []logFile, upTo int64) []logFile {
	groups := map[string][]logFile{}
	for _, f := range files {
		if f.isCheckpoint() && f.version <= upTo {
			key := f.name
			if f.kind == checkpointPart {
				key = fmt.Sprintf("%d in %d", f.version, f.parts)
			}
			groups[key] = append(groups[key], f)
		}
	}
	var best []logFile
	for _, g := range groups {
		if complete(g) && (best == nil || compareCheckpoints(g[0], best[0]) > 0) {
			best = g
		}
	}
	slices.SortFunc(best, func(a, b logFile) int { return cmp.Compare(a.part, b.part) })
	return best
}

func complete(group []logFile) bool {
	seen := map[int]bool{}
	for _, f := range group {
		seen[f.part] = true
	}
	return group[0].kind != checkpointPart || len(seen) == group[0].parts
}

// compareCheckpoints prefers the newer; of one version any would do, but the
// choice must not depend on the order of a map.
func compareCheckpoints(a, b logFile) int {
	return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(b.kind, a.kind), cmp.Compare(a.name, b.name))
}
