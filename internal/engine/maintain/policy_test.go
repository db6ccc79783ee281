package maintain

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/engine/local"
)

const mib = 1 << 20

// parse makes files from "name kind size [rows dead]", oldest first; sizes are
// MiB, and of tombstones the number behind is the folder of the newest.
func parse(t *testing.T, text string) []file {
	t.Helper()
	kinds := map[string]local.FileKind{"mixed": local.Mixed, "current": local.Current, "closed": local.Closed, "tombstones": local.Buried}
	var files []file
	for line := range strings.Lines(text) {
		var name, kind string
		var size float64
		var a, b int64
		n, _ := fmt.Sscan(line, &name, &kind, &size, &a, &b)
		if n < 3 {
			continue
		}
		f := file{path: name, time: int64(len(files)), bytes: int64(size * mib), rows: max(a, 1), dead: b, kind: kinds[kind]}
		if f.kind == local.Buried {
			f.newest = a
		}
		files = append(files, f)
	}
	return files
}

// series are n files that are alike.
func series(n int, prefix, rest string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "%s%d %s\n", prefix, i+1, rest)
	}
	return out.String()
}

func TestDue(t *testing.T) {
	for name, test := range map[string]struct {
		files  string
		forget int64
		limit  int64 // MiB
		want   string
	}{
		"nothing":                         {"a mixed 200 1000 0", 0, 0, ""},
		"seven small ones":                {series(7, "a", "mixed 0.1"), 0, 0, ""},
		"eight small ones":                {series(8, "a", "mixed 0.1"), 0, 0, "a1 a2 a3 a4 a5 a6 a7 a8"},
		"tiny ones of all kinds":          {series(5, "a", "mixed 0.1") + "b current 0.5\nc closed 0.2\nd tombstones 0.1 9", 5, 0, "a1 a2 a3 a4 a5 b c d"},
		"medium ones of different kinds":  {series(5, "a", "current 2") + series(5, "b", "closed 2"), 0, 0, ""},
		"medium ones of a kind":           {series(8, "a", "closed 2") + series(5, "b", "current 2"), 0, 0, "a1 a2 a3 a4 a5 a6 a7 a8"},
		"classes are apart":               {series(7, "a", "current 2") + series(7, "b", "current 20") + series(7, "c", "mixed 0.9"), 0, 0, ""},
		"large enough":                    {series(9, "a", "current 64"), 0, 0, ""},
		"a fifth is dead, and many":       {"a current 200 50000 10001\nb current 200 50000 10000", 0, 0, "a"},
		"a fifth is dead, and few":        {"a current 0.1 100 99", 0, 0, ""},
		"all is dead":                     {"a mixed 0.1 4096 4096", 0, 0, "a"},
		"tombstones are no dead rows":     {"a tombstones 1 20240101000000", 0, 0, ""},
		"tombstones that expire":          {"a tombstones 1 20240101000000\nb tombstones 1 20240301000000", 20240301000000, 0, "a"},
		"a limit, and dead rows":          {"a current 200 50000 10001\nb current 200 50000 40000", 0, 250, "a"},
		"one is taken whatever the limit": {"a current 200 50000 10001", 0, 1, "a"},
		"a limit, and small files":        {series(8, "a", "current 10"), 0, 35, "a1 a2 a3"},
		"two are taken whatever":          {series(8, "a", "current 10"), 0, 5, "a1 a2"},
		"the cheapest first":              {series(8, "a", "current 10") + series(8, "b", "mixed 0.5"), 0, 10, "b1 b2 b3 b4 b5 b6 b7 b8"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Policy{}.withDefaults()
			var got []string
			for _, f := range p.due(parse(t, test.files), test.forget, test.limit*mib) {
				got = append(got, f.path)
			}
			if diff := gocmp.Diff(strings.Fields(test.want), got, gocmp.Transformer("none", func(s []string) string { return strings.Join(s, " ") })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever is merged gives fewer files, so that merging comes to an end, and a
// row is written again only on its way to a larger class.
func TestMergingEnds(t *testing.T) {
	p := Policy{}.withDefaults()
	var files []file
	written, arrived := int64(0), int64(0)
	const batches, size = 20_000, 20 << 10
	for n := range int64(batches) {
		files = append(files, file{path: fmt.Sprint(n), time: n, bytes: size, rows: 100, kind: local.Mixed})
		arrived += size
		for {
			due := p.due(files, 0, 0)
			if len(due) == 0 {
				break
			}
			files = merged(files, due, n)
			written += bytesOf(due)
		}
		if shape := p.shapeOf(files); shape.Small > 2*(p.Files-1)+p.Files-1 {
			t.Fatalf("after %d batches %d small files", n, shape.Small)
		}
	}
	times := float64(written) / float64(arrived)
	t.Logf("%d batches of %d KiB: a row was written %.1f times more, %d files", batches, size>>10, times, len(files))
	if times > 7 {
		t.Errorf("a row was written %.1f times more", times)
	}
	if p.shapeOf(files).Bytes != arrived {
		t.Errorf("%d bytes of %d", p.shapeOf(files).Bytes, arrived)
	}
}

// merged takes one file, of current rows, for those that are due.
func merged(files, due []file, now int64) []file {
	gone := map[string]bool{}
	all := file{path: fmt.Sprint("merged ", now, len(files)), time: now, kind: local.Current}
	for _, f := range due {
		gone[f.path] = true
		all.bytes += f.bytes
		all.rows += f.rows
	}
	var left []file
	for _, f := range files {
		if !gone[f.path] {
			left = append(left, f)
		}
	}
	return append(left, all)
}
