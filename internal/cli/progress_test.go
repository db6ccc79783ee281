package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline/report"
)

func TestUpdateProgress(t *testing.T) {
	var out bytes.Buffer
	p := &updateProgress{out: &out}
	p.planned(1, 0) // a pipeline that has nothing to read
	if out.Len() > 0 {
		t.Errorf("nothing to read shows %q", out.String())
	}
	p.planned(2, 2_000_000)
	p.table(report.TableInfo{}, report.TableResult{})
	p.read(2_000_000)
	for _, want := range []string{"0/3 tables", "1/3 tables", "2.0/2.0 MB", "100%"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
	p.read(1) // more than was planned
	p.clear()
	before := out.Len()
	p.read(1)
	p.table(report.TableInfo{}, report.TableResult{})
	p.clear()
	if out.Len() != before {
		t.Errorf("shown after the end: %q", out.String()[before:])
	}
}

func TestNobodyWatches(t *testing.T) {
	var out bytes.Buffer
	g := newGlobals(&program{err: &out, now: time.Now})
	stop := g.watch("writing", func() int64 { t.Error("asked for nobody"); return 0 })
	stop()
	if progress, done := g.progress(); progress.Planned != nil || progress.Read != nil {
		t.Error("progress is shown in a pipe")
	} else {
		done()
	}
	if out.Len() > 0 {
		t.Errorf("written: %q", out.String())
	}
}

func TestEventfulKey(t *testing.T) {
	export := t.TempDir()
	for name, rows := range map[string]string{
		"f1/account/2023.csv": "b,1\nb,1\nb,1\nc,1\n",
		"f1/account/1.csv":    "c,2,True\n\"d\",\"two\nlines\"\n",
		"f2/account/2023.csv": "d,2\na,1\na,2\n",
		"f3/account/2023.csv": "e,1\ne,2\ne,3\n",
		"f2/contact/2023.csv": "f,1\nf,2\nf,3\n",
	} {
		path := filepath.Join(export, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(rows), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		folders []string
		want    string
	}{
		{[]string{"f1", "f2"}, "a"}, // as many as c and d, and the first of them; b is one row, repeated
		{[]string{"f1"}, "c"},
		{[]string{"f1", "f2", "f3"}, "e"},
		{[]string{"none"}, ""},
	} {
		if got, err := eventfulKey(export, c.folders, "account"); err != nil || got != c.want {
			t.Errorf("%v: %q, %v, want %q", c.folders, got, err, c.want)
		}
	}
}
