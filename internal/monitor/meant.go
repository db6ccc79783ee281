package monitor

import (
	"errors"
	"sync"

	"github.com/sluicedata/sluice/internal/pipeline/report"
)

// onlyMeant leaves out the runs of pipelines that were not meant: where a user
// names a table, every pipeline is asked, and those that do not have it end at
// once. Nobody is to be alarmed by that, so the beginning of a run is told when
// its first table begins, or with its end. Times are those that they were.
func onlyMeant(l report.Listener) report.Listener {
	var mu sync.Mutex
	begun := map[string]report.RunInfo{}
	tell := func(update string) {
		mu.Lock()
		defer mu.Unlock()
		if info, waits := begun[update]; waits {
			delete(begun, update)
			l.RunBegan(info)
		}
	}
	only := l
	only.RunBegan = func(r report.RunInfo) {
		mu.Lock()
		defer mu.Unlock()
		begun[r.UpdateID] = r
	}
	only.TableBegan = func(t report.TableInfo) {
		tell(t.UpdateID)
		l.TableBegan(t)
	}
	only.RunDone = func(ended report.RunInfo, r report.Result) {
		if r.Error != nil && errors.Is(r.Error, report.ErrNoSuchTable) {
			mu.Lock()
			defer mu.Unlock()
			delete(begun, ended.UpdateID)
			return
		}
		tell(ended.UpdateID)
		l.RunDone(ended, r)
	}
	return only
}
