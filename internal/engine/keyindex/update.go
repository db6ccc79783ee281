package keyindex

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// growth: a run stays beside the next one while it is more than so many times as
// large. Look-ups go through all runs, merges write entries again.
const growth = 4

// fanIn is how many runs are merged at a time: each holds a few pages.
const fanIn = 256

// Update brings an index to another version of its table.
type Update struct {
	Version int64
	// Files are all that entries may point into from now on.
	Files []File
	// Added has the new entries.
	Added *Builder
	// Keep reports whether an entry is worth keeping. One that is not may be
	// handed on by look-ups for some time.
	Keep func(*Entry) bool
}

// Update applies an update. After an error the index is as it was on disk, and
// must be closed.
func (x *Index) Update(u Update) error {
	if err := x.update(u); err != nil {
		return fmt.Errorf("updating the key index %s: %w", x.dir, err)
	}
	return nil
}

func (x *Index) update(u Update) error {
	added, err := u.Added.finish(u.Keep)
	if err != nil {
		return err
	}
	for _, r := range added {
		opened, err := openRun(x.dir, r)
		if err != nil {
			return err
		}
		x.runs = append(x.runs, opened)
	}
	outdated, err := x.tidy(u.Keep)
	if err != nil {
		return err
	}
	next := x.manifest
	next.Version, next.Files, next.Runs = u.Version, u.Files, make([]Run, len(x.runs))
	for i, r := range x.runs {
		next.Runs[i] = r.Run
	}
	if err := next.write(x.dir); err != nil {
		return err
	}
	x.manifest = next
	for _, r := range outdated {
		// What cannot be removed goes when the index is opened next.
		_ = os.Remove(filepath.Join(x.dir, r.Name))
	}
	return nil
}

// finish hands over the runs that were built: the builder has nothing more to
// discard.
func (b *Builder) finish(keep func(*Entry) bool) ([]Run, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil && len(b.entries) > 0 {
		b.err = b.spill(keep)
	}
	runs := b.runs
	b.entries, b.runs = nil, nil
	return runs, b.err
}

// tidy merges the last runs while the one before them is not much larger, and
// returns those that are not needed any more.
func (x *Index) tidy(keep func(*Entry) bool) (outdated []Run, err error) {
	for {
		from := x.mergeFrom()
		if len(x.runs)-from < 2 {
			return outdated, nil
		}
		old := x.runs[from:]
		merged, err := merge(x.dir, old, keep)
		if err != nil {
			return nil, err
		}
		for _, r := range old {
			outdated = append(outdated, r.Run)
			err = errors.Join(err, r.file.Close())
		}
		x.runs = x.runs[:from]
		if err != nil {
			return nil, err
		}
		if merged.Entries == 0 {
			continue
		}
		opened, err := openRun(x.dir, merged)
		if err != nil {
			return nil, err
		}
		x.runs = append(x.runs, opened)
	}
}

// mergeFrom is the first of the runs at the end that are to be one.
func (x *Index) mergeFrom() int {
	from := len(x.runs) - 1
	sum := int64(0)
	for ; from > 0 && len(x.runs)-from < fanIn; from-- {
		sum += x.runs[from].Entries
		if x.runs[from-1].Entries > growth*sum {
			break
		}
	}
	return max(0, from)
}
