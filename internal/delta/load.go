package delta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// Load reads the newest version of the table in a folder of the store ("" is
// the whole store). Without a table it returns [ErrNoTable] or, when there are
// other files, [ErrForeignFiles]; of damaged tables a [LogError], of tables that
// it does not understand a [FeatureError].
func Load(ctx context.Context, store storage.Store, root string) (*Snapshot, error) {
	return load(ctx, store, root, anyVersion)
}

// LoadAt reads one version; [ErrNoVersion] when the log cannot give it.
func LoadAt(ctx context.Context, store storage.Store, root string, version int64) (*Snapshot, error) {
	if version < 0 {
		return nil, &LogError{Table: store.URL(root), Version: version, Err: ErrNoVersion}
	}
	return load(ctx, store, root, version)
}

func load(ctx context.Context, store storage.Store, root string, upTo int64) (*Snapshot, error) {
	seg, err := findSegment(ctx, store, root, upTo)
	if errors.Is(err, ErrForeignFiles) {
		// Another process may have made the table, and written to it, between the
		// look at the log and the look at the folder. The log comes first, so a
		// second look tells the two apart.
		seg, err = findSegment(ctx, store, root, upTo)
	}
	if err != nil {
		return nil, err
	}
	r := newReplay()
	if err := readCheckpoint(ctx, store, root, seg.checkpoint, r); err != nil {
		return nil, err
	}
	if err := replayCommits(ctx, store, root, seg.commits, r); err != nil {
		return nil, err
	}
	return r.snapshot(store, root, seg.version)
}

// Update reads the commits that are newer than the snapshot, and returns the
// snapshot itself when there are none.
func (s *Snapshot) Update(ctx context.Context) (*Snapshot, error) {
	if s.Version < 0 {
		return Load(ctx, s.store, s.Root)
	}
	files, err := listLog(ctx, s.store, s.Root, s.Version)
	if err != nil {
		return nil, err
	}
	latest := int64(-1)
	known := false
	for _, f := range files {
		known = known || f.version == s.Version && f.kind != compactedFile
		if f.kind == commitFile {
			latest = max(latest, f.version)
		}
	}
	commits, err := consecutive(files, s.Version, latest)
	if err != nil || !known {
		// Cleaned up past this version, or deleted and made anew.
		return Load(ctx, s.store, s.Root)
	}
	if len(commits) == 0 {
		return s, nil
	}
	r := continueFrom(s)
	if err := replayCommits(ctx, s.store, s.Root, commits, r); err != nil {
		return nil, err
	}
	return r.snapshot(s.store, s.Root, latest)
}

// findSegment lists the log from the newest checkpoint that _last_checkpoint
// knows of. That file is only a hint: when it is damaged, or names what is not
// there, the whole log is listed.
func findSegment(ctx context.Context, store storage.Store, root string, upTo int64) (segment, error) {
	from, err := readLastCheckpoint(ctx, store, root)
	if err != nil {
		return segment{}, err
	}
	if from > upTo {
		from = 0
	}
	for {
		files, err := listLog(ctx, store, root, from)
		if err != nil {
			return segment{}, err
		}
		seg, err := newSegment(files, upTo)
		if from > 0 && seg.base < 0 {
			from = 0
			continue
		}
		if len(files) == 0 {
			return segment{}, explainNoLog(ctx, store, root)
		}
		return seg, explainSegment(store.URL(root), upTo, seg, err)
	}
}

// explainSegment turns what is missing in a log into the error to tell.
func explainSegment(url string, upTo int64, seg segment, err error) error {
	newest := upTo == anyVersion
	gap := (*LogError)(nil)
	switch {
	case errors.As(err, &gap) && (newest || gap.Version > 0):
		gap.Table = url
		return gap
	case err == nil && (seg.version == upTo || newest && seg.version >= 0):
		return nil
	case newest:
		return &LogError{Table: url, Version: 0, Err: ErrGap}
	}
	return &LogError{Table: url, Version: upTo, Err: ErrNoVersion}
}

// explainNoLog says what is there instead of a table. Names that begin with '_'
// or '.' are side files to every engine, and do not count.
func explainNoLog(ctx context.Context, store storage.Store, root string) error {
	var names []string
	for e, err := range store.List(ctx, folderPrefix(root), storage.ListOptions{Delimiter: true}) {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(e.Path, folderPrefix(root))
		if name == "" || name[0] == '_' || name[0] == '.' {
			continue
		}
		if e.IsDir {
			name = strings.TrimSuffix(name, "/") + "/"
		}
		if names = append(names, name); len(names) == 3 {
			break
		}
	}
	if len(names) == 0 && root != "" {
		if _, err := store.Stat(ctx, root); err == nil {
			names = append(names, "(it is a file itself)")
		}
	}
	if len(names) > 0 {
		return &ForeignFilesError{Table: store.URL(root), Files: names}
	}
	return fmt.Errorf("%s: %w", store.URL(root), ErrNoTable)
}

func folderPrefix(root string) string {
	if root == "" {
		return ""
	}
	return root + "/"
}

// listLog lists the files of a log from those of a version on.
func listLog(ctx context.Context, store storage.Store, root string, from int64) ([]logFile, error) {
	prefix := logPath(root, "")
	opts := storage.ListOptions{Delimiter: true}
	if from > 0 {
		opts.StartAfter = prefix + versionName(from)
	}
	var files []logFile
	for e, err := range store.List(ctx, prefix, opts) {
		if err != nil {
			return nil, fmt.Errorf("list the log of %s: %w", store.URL(root), err)
		}
		if f, ok := parseLogFile(strings.TrimPrefix(e.Path, prefix)); ok && !e.IsDir {
			files = append(files, f)
		}
	}
	return files, nil
}

// readLastCheckpoint is the version that _last_checkpoint names, or 0.
func readLastCheckpoint(ctx context.Context, store storage.Store, root string) (int64, error) {
	data, err := storage.ReadAll(ctx, store, logPath(root, lastCheckpointName))
	if errors.Is(err, storage.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the log of %s: %w", store.URL(root), err)
	}
	var last lastCheckpoint
	if json.Unmarshal(data, &last) != nil {
		return 0, nil //nolint:nilerr // the file is a hint; without it the whole log is listed
	}
	return max(last.Version, 0), nil
}

// replayCommits applies commits and compacted files in order.
func replayCommits(ctx context.Context, store storage.Store, root string, files []logFile, r *replay) error {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = logPath(root, f.name)
	}
	return readAhead(ctx, store, paths, func(i int, data []byte) error {
		r.beginVersion()
		if err := readLines(bytes.NewReader(data), r.apply); err != nil {
			return &LogError{Table: store.URL(root), Version: files[i].version, File: files[i].name, Err: err}
		}
		return nil
	})
}
