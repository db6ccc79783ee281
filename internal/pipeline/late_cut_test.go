package pipeline_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/pipeline"
	"github.com/sluicedata/sluice/internal/pipeline/report"
	"github.com/sluicedata/sluice/internal/pipeline/work"
	"github.com/sluicedata/sluice/internal/storage/fault"
)

// lateAndGone is an export in which a table skipped two folders and has read a
// third; then one of the skipped comes, one is removed, a folder of the moment of
// the third appears, and a new one.
func lateAndGone(t *testing.T) *written {
	t.Helper()
	w := newWritten(t)
	w.put("Changelog/changelog.info", "2024-01-10T00.20.00Z")
	w.rows("2024-01-10T00.00.00Z", `A,"Ann",1`)
	w.rows("2024-01-10T00.05.00Z", `B,"Bob",2`)
	w.rows("2024-01-10T00.10.00Z", `C,"Cid",3`)
	w.put("2024-01-10T00.10.00Z/model.json", oneTable)
	if first := w.run(work.Request{}); first.Rows.Upserted != 1 || first.Error != nil {
		t.Fatalf("%+v", first)
	}
	removeAll(t, w.source, "2024-01-10T00.00.00Z/")
	w.put("2024-01-10T00.05.00Z/model.json", oneTable)
	w.rows("2024-01-10T00:10:00Z", `D,"Dan",4`)
	w.put("2024-01-10T00:10:00Z/model.json", oneTable)
	w.rows("2024-01-10T00.20.00Z", `E,"Eve",5`)
	w.put("2024-01-10T00.20.00Z/model.json", oneTable)
	w.put("Changelog/changelog.info", "2024-01-10T00.25.00Z")
	w.now = w.now.Add(2 * time.Hour)
	return w
}

// What a run does about folders that are late, gone or of one moment is done once,
// wherever the run before was cut.
func TestLateAndGoneCutAnywhere(t *testing.T) {
	whole := lateAndGone(t)
	counted := fault.New(whole.lake, fault.At(0, fault.Fail(errCut)))
	whole.runner.Lake = counted
	if result := whole.run(work.Request{}); result.Rows.Upserted != 3 || result.Error != nil {
		t.Fatalf("%+v", result)
	}
	for n := 1; n <= counted.Count(); n++ {
		for _, c := range cuts {
			w := lateAndGone(t)
			w.runner.Lake = fault.New(w.lake, c.plan(n))
			pipeline.Run(context.Background(), w.runner, work.Request{}) // the process may be gone: any result will do
			w.runner.Lake = w.lake
			after := w.run(work.Request{})
			if after.Error != nil {
				t.Fatalf("%s at %d: %v", c.name, n, after.Error)
			}
			if content, _ := contentOf(t, w.lake, "main/crm/account"); len(content.rows) != 4 {
				t.Errorf("%s at %d: %d rows, want those of B, C, D and E", c.name, n, len(content.rows))
			}
			if last := w.run(work.Request{}); last.Version != after.Version || slices.ContainsFunc(last.Events, func(e report.Event) bool { return e.Code == report.FolderGone }) {
				t.Errorf("%s at %d: a third run goes on from version %d to %d: %+v", c.name, n, after.Version, last.Version, last.Events)
			}
		}
	}
}
