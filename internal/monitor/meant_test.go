package monitor

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sluicedata/sluice/internal/pipeline"
)

func TestOnlyMeantPipelinesAreTold(t *testing.T) {
	var told []string
	l := onlyMeant(pipeline.Listen(pipeline.Listener{
		RunBegan:   func(r pipeline.RunInfo) { told = append(told, fmt.Sprint("began ", r.UpdateID, r.At.Second())) },
		TableBegan: func(i pipeline.TableInfo) { told = append(told, "table of "+i.UpdateID) },
		RunDone:    func(r pipeline.RunInfo, _ pipeline.Result) { told = append(told, "done "+r.UpdateID) },
	}))
	info := func(id string) pipeline.RunInfo { return pipeline.RunInfo{UpdateID: id, At: at(1)} }
	for _, id := range []string{"a", "b", "c"} {
		l.RunBegan(info(id))
	}
	l.TableBegan(pipeline.TableInfo{RunInfo: info("a")})
	l.TableBegan(pipeline.TableInfo{RunInfo: info("a")})
	l.RunDone(info("b"), pipeline.Result{Error: pipeline.NewFailure(fmt.Errorf("%w: x", pipeline.ErrNoSuchTable))})
	l.RunDone(info("c"), pipeline.Result{Error: pipeline.NewFailure(fmt.Errorf("%w: x", pipeline.ErrNoTable))})
	l.RunDone(info("a"), pipeline.Result{})
	want := []string{"began a1", "table of a", "table of a", "began c1", "done c", "done a"}
	if !slices.Equal(told, want) {
		t.Error(cmp.Diff(want, told))
	}
}
