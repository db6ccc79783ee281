package delta

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLogFile(t *testing.T) {
	const v = "00000000000000000012"
	const id = "80a083e8-7026-4e79-81be-64bd76c43a11"
	for name, want := range map[string]logFileKind{
		v + ".json": commitFile,
		v + "." + "00000000000000000013.compacted.json": compactedFile,
		v + ".checkpoint.parquet":                       checkpointFile,
		v + ".checkpoint." + id + ".parquet":            checkpointFile,
		v + ".checkpoint." + id + ".json":               checkpointJSON,
		v + ".checkpoint.0000000001.0000000002.parquet": checkpointPart,
		v + ".checkpoint.0000000003.0000000002.parquet": 0,
		v + ".checkpoint.0000000000.0000000002.parquet": 0,
		v + ".checkpoint.json":                          0,
		v + ".00000000000000000012.compacted.json":      0,
		v + ".crc":                  0,
		v + ".json.tmp":             0,
		"." + v + ".json.crc":       0,
		v + "." + id + ".json":      0,
		"99999999999999999999.json": 0,
		"0000000000000000012.json":  0,
		"_last_checkpoint":          0,
	} {
		f, ok := parseLogFile(name)
		if ok != (want != 0) || ok && (f.kind != want || f.version != 12 || f.name != name) {
			t.Errorf("%s: %+v, %v", name, f, ok)
		}
	}
}

func TestSegments(t *testing.T) {
	commits := func(from, to int64) []string {
		var out []string
		for v := from; v <= to; v++ {
			out = append(out, commitName(v))
		}
		return out
	}
	part := func(v int64, part string) string { return versionName(v) + ".checkpoint.000000000" + part + ".parquet" }
	join := func(lists ...[]string) []string {
		var out []string
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	for name, test := range map[string]struct {
		files []string
		upTo  int64
		want  []string
		gap   int64 // the missing version, where there is one
	}{
		"commits only":            {files: commits(0, 2), upTo: anyVersion, want: commits(0, 2)},
		"up to a version":         {files: commits(0, 5), upTo: 2, want: commits(0, 2)},
		"newest checkpoint":       {files: join(commits(0, 5), []string{checkpointName(1), checkpointName(3)}), upTo: anyVersion, want: join([]string{checkpointName(3)}, commits(4, 5))},
		"checkpoint not too new":  {files: join(commits(0, 5), []string{checkpointName(1), checkpointName(3)}), upTo: 2, want: join([]string{checkpointName(1)}, commits(2, 2))},
		"cleaned up":              {files: join(commits(3, 5), []string{checkpointName(3)}), upTo: anyVersion, want: join([]string{checkpointName(3)}, commits(4, 5))},
		"only a checkpoint":       {files: []string{checkpointName(3)}, upTo: anyVersion, want: []string{checkpointName(3)}},
		"all parts":               {files: []string{part(3, "2.0000000002"), part(3, "1.0000000002")}, upTo: anyVersion, want: []string{part(3, "1.0000000002"), part(3, "2.0000000002")}},
		"parts missing":           {files: join(commits(0, 4), []string{part(3, "2.0000000002"), part(3, "1.0000000003")}), upTo: anyVersion, want: commits(0, 4)},
		"gap":                     {files: join(commits(0, 1), commits(3, 3)), upTo: anyVersion, gap: 2},
		"gap behind a checkpoint": {files: join(commits(0, 1), commits(3, 3), []string{checkpointName(1)}), upTo: anyVersion, gap: 2},
		"gap before a checkpoint": {files: join(commits(0, 1), commits(3, 3), []string{checkpointName(3)}), upTo: anyVersion, want: []string{checkpointName(3)}},
	} {
		t.Run(name, func(t *testing.T) {
			var files []logFile
			for _, n := range test.files {
				f, ok := parseLogFile(n)
				if !ok {
					t.Fatalf("%s is not a log file", n)
				}
				files = append(files, f)
			}
			seg, err := newSegment(files, test.upTo)
			if test.gap > 0 {
				var gap *LogError
				if !errors.As(err, &gap) || gap.Version != test.gap || !errors.Is(err, ErrGap) {
					t.Errorf("got %v, want version %d to be missing", err, test.gap)
				}
				return
			}
			var got []string
			for _, f := range append(seg.checkpoint, seg.commits...) {
				got = append(got, f.name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}
