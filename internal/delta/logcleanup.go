package delta

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// LogCleanup is what was removed of a log, or would be.
type LogCleanup struct {
	Files int64
	Bytes int64
	// Oldest version that can be read afterwards, -1 where nothing was removed.
	Oldest int64
}

// CleanLogOptions say how old commits must be to go.
type CleanLogOptions struct {
	// Now is not later than the clock of the store.
	Now time.Time
	// Retention is how long commits stay; see [Metadata.LogRetention].
	Retention time.Duration
	// DryRun only counts.
	DryRun bool
}

// CleanLog removes the commits, checkpoints and checksums that nothing needs to
// read any version of the retention: those before the newest checkpoint that is
// itself older than it.
//
//	   removed          kept
//	┌────────────┐┌─────────────────────────────────────
//	 … 28 .. 39    40.checkpoint 40.json 41 .. 47 │ 48 …
//	                                              └─ the oldest commit within the retention
//
// The checkpoint is read before anything goes: without the commits before it a
// damaged one would be the end of the table. Sidecars of V2 checkpoints are left
// to the engine that wrote them, as are tables that want no cleaning
// (delta.enableExpiredLogCleanup).
func CleanLog(ctx context.Context, s *Snapshot, opts CleanLogOptions) (LogCleanup, error) {
	result := LogCleanup{Oldest: -1}
	err := cleanLog(ctx, s, opts, &result)
	if err != nil {
		err = fmt.Errorf("clean up the log of %s: %w", s.URL(), err)
	}
	return result, err
}

func cleanLog(ctx context.Context, s *Snapshot, opts CleanLogOptions, result *LogCleanup) error {
	if strings.EqualFold(s.Metadata.Configuration["delta.enableExpiredLogCleanup"], "false") {
		return nil
	}
	if err := s.CheckAppendable(); err != nil {
		return err
	}
	entries, err := listEntries(ctx, s.store, s.Root)
	if err != nil {
		return err
	}
	// Whole days, so that all engines that look after the table agree.
	cutoff := opts.Now.UTC().Add(-opts.Retention).Truncate(24 * time.Hour)
	keep := oldestNeeded(entries, cutoff)
	expired := slices.DeleteFunc(entries, func(e logEntry) bool { return !e.goesBefore(keep) })
	if keep < 0 || len(expired) == 0 {
		return nil
	}
	if _, err := LoadAt(ctx, s.store, s.Root, keep); err != nil {
		return fmt.Errorf("the checkpoint that the older commits would be removed for: %w", err)
	}
	result.Oldest = keep
	for _, e := range expired {
		if !opts.DryRun {
			if err := s.store.Delete(ctx, e.Path); err != nil {
				return err
			}
		}
		result.Files++
		result.Bytes += e.Size
	}
	return nil
}

// logEntry is a file of a log with its time.
type logEntry struct {
	logFile
	storage.Entry
}

var checksumName = regexp.MustCompile(`^(\d{20})\.crc$`)

// listEntries lists commits, checkpoints and checksums in order of their
// versions.
func listEntries(ctx context.Context, store storage.Store, root string) ([]logEntry, error) {
	prefix := logPath(root, "")
	var entries []logEntry
	for e, err := range store.List(ctx, prefix, storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(e.Path, prefix)
		f, ok := parseLogFile(name)
		if m := checksumName.FindStringSubmatch(name); m != nil {
			f = logFile{name: name}
			f.version, ok = parseVersion(m[1])
		}
		if ok && !e.IsDir {
			entries = append(entries, logEntry{f, e})
		}
	}
	slices.SortStableFunc(entries, func(a, b logEntry) int { return cmp.Compare(a.version, b.version) })
	return entries, nil
}

// oldestNeeded is the version of the newest checkpoint that is no newer than the
// newest commit from before the time; -1 for none. A commit is no older than the
// one before it, whatever the clocks said.
func oldestNeeded(entries []logEntry, cutoff time.Time) int64 {
	last := int64(-1)
	var files []logFile
	for _, e := range entries {
		files = append(files, e.logFile)
		if e.kind != commitFile {
			continue
		}
		if e.ModTime.After(cutoff) {
			break
		}
		last = e.version
	}
	best := newestCheckpoint(files, last)
	if last < 0 || best == nil {
		return -1
	}
	return best[0].version
}

// goesBefore reports whether the file tells only of versions before that one.
func (e *logEntry) goesBefore(version int64) bool {
	if e.kind == compactedFile {
		return e.version <= version && e.end <= version
	}
	return e.version < version
}

// NewestCheckpoint is the version of the newest whole checkpoint of a table, -1
// for none.
func NewestCheckpoint(ctx context.Context, s *Snapshot) (int64, error) {
	from, err := readLastCheckpoint(ctx, s.store, s.Root)
	if err != nil {
		return -1, err
	}
	for {
		files, err := listLog(ctx, s.store, s.Root, from)
		if err != nil {
			return -1, err
		}
		if best := newestCheckpoint(files, s.Version); best != nil {
			return best[0].version, nil
		}
		if from == 0 {
			return -1, nil
		}
		from = 0
	}
}
