package monitor

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/pipeline/report"
)

func TestOnlyMeantPipelinesAreTold(t *testing.T) {
	var told []string
	l := onlyMeant(report.Listen(report.Listener{
		RunBegan:   func(r report.RunInfo) { told = append(told, fmt.Sprint("began ", r.UpdateID, r.At.Second())) },
		TableBegan: func(i report.TableInfo) { told = append(told, "table of "+i.UpdateID) },
		RunDone:    func(r report.RunInfo, _ report.Result) { told = append(told, "done "+r.UpdateID) },
	}))
	info := func(id string) report.RunInfo { return report.RunInfo{UpdateID: id, At: at(1)} }
	for _, id := range []string{"a", "b", "c"} {
		l.RunBegan(info(id))
	}
	l.TableBegan(report.TableInfo{RunInfo: info("a")})
	l.TableBegan(report.TableInfo{RunInfo: info("a")})
	l.RunDone(info("b"), report.Result{Error: report.NewFailure(fmt.Errorf("%w: x", report.ErrNoSuchTable))})
	l.RunDone(info("c"), report.Result{Error: report.NewFailure(fmt.Errorf("%w: x", report.ErrNoTable))})
	l.RunDone(info("a"), report.Result{})
	want := []string{"began a1", "table of a", "table of a", "began c1", "done c", "done a"}
	if !slices.Equal(told, want) {
		t.Error(cmp.Diff(want, told))
	}
}
