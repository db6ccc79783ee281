package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/sluicedata/sluice/internal/pipeline/prune"
	"github.com/sluicedata/sluice/internal/pipeline/work"
)

// prune: prune [yes] [older-than=24h] [tables=a,b]: which source folders can go,
// and what keeps the others that are old enough. With yes they are removed.
func (w *world) prune(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	age, err := time.ParseDuration(arg(d, "older-than", "24h"))
	must(t, err)
	list, err := prune.Folders(context.Background(), []*work.Pipeline{w.runner(d)}, prune.Request{OlderThan: age, Delete: has(d, "yes")})
	if err != nil {
		return err.Error() + "\n"
	}
	return prunedText(list)
}

func prunedText(list []prune.Pruned) string {
	var out strings.Builder
	for i := range list {
		p := &list[i]
		what := "can go"
		if p.Removed {
			what = "removed"
		}
		fmt.Fprintf(&out, "%s: folders %d, files %d\n", what, p.Count, p.Files)
		for _, f := range p.Folders {
			note := ""
			if f.Remainder {
				note += ", the rest of a removal"
			}
			if f.Skipped != "" {
				note += ": " + f.Skipped
			}
			fmt.Fprintf(&out, "  %s files %d%s\n", f.Folder, f.Files, note)
		}
		for _, k := range p.Kept {
			fmt.Fprintf(&out, "kept %s to %s, %d: %s %s\n", k.Oldest, k.Newest, k.Count, k.Table, k.Reason)
		}
		showEvents(&out, "", p.Events)
		if p.Error != nil {
			fmt.Fprintf(&out, "%s: %s\n", p.Error.Code, p.Error.Message)
		}
	}
	return out.String()
}
