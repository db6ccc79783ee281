package maintain

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/storage"
)

const (
	// loadPause is how long a load that is under way may be between two data
	// files: it writes 192 MiB, or finds out which keys come twice.
	loadPause = time.Hour
	// quiet is how long no stray file may have been written before any goes.
	quiet = 24 * time.Hour
)

// storeTime is the time by the clock of the store, or by ours where that is
// behind. Ages are told from times that the store gave to files; a clock of ours
// that is days ahead would make leftovers of files that are being written.
func (w *work) storeTime(ctx context.Context) (time.Time, error) {
	if !w.now.IsZero() {
		return w.now, nil
	}
	w.now = w.Clock()
	if w.limits.DryRun {
		return w.now, nil // nothing is written, not even to look at the clock
	}
	probe := w.batch.Table + "/" + clockPrefix + uuid.NewString()
	if err := w.Lake.PutIfAbsent(ctx, probe, nil); err != nil {
		return w.now, err
	}
	entry, err := w.Lake.Stat(ctx, probe)
	if err != nil {
		return w.now, err
	}
	w.report.Skew = w.now.Sub(entry.ModTime)
	if entry.ModTime.Before(w.now) {
		w.now = entry.ModTime
	}
	return w.now, w.Lake.Delete(ctx, probe)
}

// loadRuns reports whether data files have been written of late that are not
// part of the table yet. A load that has to start over because a merge was
// committed meanwhile would lose hours.
func (w *work) loadRuns(ctx context.Context) (bool, error) {
	now, err := w.storeTime(ctx)
	if err != nil {
		return false, err
	}
	running := false
	err = delta.EachStray(ctx, w.snapshot, func(e storage.Entry) bool {
		running = now.Sub(e.ModTime) < loadPause
		return !running
	})
	return running, err
}

// vacuum removes data files and vectors that no version needs, and then what is
// left over in the table's side folder.
func (w *work) vacuum(ctx context.Context) error {
	retention, err := w.limits.retention(w.snapshot)
	if err != nil {
		return err
	}
	now, err := w.storeTime(ctx)
	if err != nil {
		return err
	}
	v, err := delta.Vacuum(ctx, w.snapshot, delta.VacuumOptions{
		Now: now, Retention: retention, Quiet: quiet, DryRun: w.limits.DryRun})
	w.report.Vacuumed = Removed{v.Files, v.Bytes}
	w.report.Strays = v.Strays
	if err != nil {
		return err
	}
	return w.sideFiles(ctx, now.Add(-max(retention, quiet)))
}

func (w *work) cleanLog(ctx context.Context) error {
	now, err := w.storeTime(ctx)
	if err != nil {
		return err
	}
	c, err := delta.CleanLog(ctx, w.snapshot, delta.CleanLogOptions{
		Now: now, Retention: w.snapshot.Metadata.LogRetention(), DryRun: w.limits.DryRun})
	w.report.Log, w.report.Oldest = Removed{c.Files, c.Bytes}, c.Oldest
	return err
}

const (
	sideFolder  = "_sluice/"
	clockPrefix = sideFolder + "clock-"
)

// sideName matches the files of the side folder that come in many versions, of
// which the log names one by its serial, in the txn action of that application.
var sideName = regexp.MustCompile(`^(tombstones|quarantine)-(\d+)\.(?:parquet|jsonl)$`)

// sideFiles removes versions of side files that the log does not name. One that
// was replaced is as old as what replaced it.
func (w *work) sideFiles(ctx context.Context, cutoff time.Time) error {
	prefix := w.batch.Table + "/" + sideFolder
	var found []storage.Entry
	for e, err := range w.Lake.List(ctx, prefix, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return err
		}
		if !e.IsDir {
			found = append(found, e)
		}
	}
	newest, err := w.snapshot.Update(ctx) // after the listing: what came since is not in it
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b storage.Entry) int { return b.ModTime.Compare(a.ModTime) })
	replaced := map[string]time.Time{} // by kind
	for _, e := range found {
		name := strings.TrimPrefix(e.Path, prefix)
		m := sideName.FindStringSubmatch(name)
		if m == nil && !strings.HasPrefix(sideFolder+name, clockPrefix) {
			continue
		}
		since := e.ModTime
		if m != nil {
			if cmp.Or(replaced[m[1]], e.ModTime).After(since) {
				since = replaced[m[1]]
			}
			replaced[m[1]] = e.ModTime
			if strconv.FormatInt(newest.Txns["sluice."+m[1]].Version, 10) == m[2] {
				continue
			}
		}
		if since.After(cutoff) {
			continue
		}
		if err := w.removeSide(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) removeSide(ctx context.Context, e storage.Entry) error {
	if !w.limits.DryRun {
		if err := w.Lake.Delete(ctx, e.Path); err != nil {
			return err
		}
	}
	w.report.Vacuumed.Files++
	w.report.Vacuumed.Bytes += e.Size
	return nil
}
