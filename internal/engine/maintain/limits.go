package maintain

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sluicedata/sluice/internal/delta"
	"github.com/sluicedata/sluice/internal/engine/local"
)

// Limits say what is to be done to a table, and how much of it.
type Limits struct {
	// Compact merges small files and drops dead rows.
	Compact bool
	// RewriteBytes bounds the data files that are read for it; 0: all that is due.
	RewriteBytes int64
	// Tries is how often a merge that was overtaken begins again. 0: it is left for
	// the next time.
	Tries int
	// Vacuum removes files that no version needs.
	Vacuum bool
	// Retention of removed files; 0: that of the table
	// (delta.deletedFileRetentionDuration, a week by default). A shorter one is
	// refused without Force: programs may be reading.
	Retention time.Duration
	Force     bool
	// Log removes commits and checkpoints that are older than the table's
	// delta.logRetentionDuration (30 days by default).
	Log bool
	// Checkpoint writes one where the newest is so many versions behind; 0: never.
	Checkpoint int64
	// Forget drops tombstones of folders before this one, as digits, from files
	// that are written anew; 0: none.
	Forget int64
	// DryRun says what would be done.
	DryRun bool
	Policy Policy
	// Progress is told of bytes of data files as they are done with. Optional.
	Progress func(bytes int64)
}

// Report is what was done to a table, or would be.
type Report struct {
	// Version of the table afterwards, -1 for no table.
	Version int64 `json:"table_version"`
	// Before and After are what readers of the newest version have to do.
	Before Shape `json:"before"`
	After  Shape `json:"after"`
	// Commits that wrote files anew, and what they did, all together.
	Commits int             `json:"commits"`
	Merged  local.Rewritten `json:"compaction"`
	// Due are files, and their bytes, that are still to be written anew: in a dry
	// run, or because of a limit or of other writers.
	Due      int   `json:"files_due"`
	DueBytes int64 `json:"bytes_due"`
	// Postponed says why nothing, or not all, was written anew; empty where all was.
	Postponed string `json:"postponed,omitempty"`
	// Vacuumed are files that went, or would.
	Vacuumed Removed `json:"vacuum"`
	// Strays are files that no version names and that are too young to go.
	Strays int64 `json:"strays"`
	// Log files that went, or would.
	Log Removed `json:"log"`
	// Oldest version that can be read after that, -1 where nothing went.
	Oldest int64 `json:"oldest_version"`
	// Checkpoint that was written, -1 for none.
	Checkpoint int64 `json:"checkpoint"`
	// Skew is how far the clock of this machine is ahead of that of the storage.
	Skew time.Duration `json:"-"`
}

// Removed counts files.
type Removed struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Shape is what a table looks like to its readers.
type Shape struct {
	Files int   `json:"files"`
	Small int   `json:"small_files"`
	Bytes int64 `json:"bytes"`
	Rows  int64 `json:"rows"`
	// Dead rows of data files, tombstones not counted where they are apart.
	Dead int64 `json:"dead_rows"`
	// Tombstones that have files of their own.
	Tombstones int64 `json:"tombstones"`
}

// ErrRetention: files would go that readers may still be using.
var ErrRetention = errors.New("the retention is too short")

// ErrRetentionUnknown: the log has forgotten which files were removed when.
var ErrRetentionUnknown = errors.New("the retention is longer than the table remembers")

// retention of removed files.
func (l *Limits) retention(s *delta.Snapshot) (time.Duration, error) {
	least := s.Metadata.FileRetention()
	switch {
	case l.Retention == 0 && !l.Force:
		return least, nil
	case l.Retention < least && !l.Force:
		return 0, fmt.Errorf("%w: %s is below the %s of %s (delta.deletedFileRetentionDuration); programs that are reading would lose files; --force if there are none",
			ErrRetention, hours(l.Retention), hours(least), s.URL())
	case l.Retention > least:
		return 0, fmt.Errorf("%w: %s, and %s keeps account of removed files for %s; set delta.deletedFileRetentionDuration under table_properties",
			ErrRetentionUnknown, hours(l.Retention), s.URL(), hours(least))
	}
	return l.Retention, nil
}

// hours leaves out minutes and seconds where there are none.
func hours(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	}
	return d.String()
}

// shapeOf tells what readers have to do.
func (p *Policy) shapeOf(files []file) Shape {
	var s Shape
	for i := range files {
		f := &files[i]
		s.Files++
		s.Bytes += f.bytes
		if _, small := p.classOf(f); small {
			s.Small++
		}
		if f.kind == local.Buried {
			s.Tombstones += max(f.rows, 0)
			continue
		}
		s.Rows += max(f.rows-f.dead, 0)
		s.Dead += f.dead
	}
	return s
}
