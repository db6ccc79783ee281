package mem

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// List seeks from path to path, without holding the lock while its consumer
// works: what is stored or deleted meanwhile is seen if it lies ahead.
func (s *Store) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := storage.CheckPrefix(prefix); err != nil {
			yield(storage.Entry{}, s.fail("list", prefix, err))
			return
		}
		from := max(prefix, after(opts.StartAfter))
		for {
			if err := ctx.Err(); err != nil {
				yield(storage.Entry{}, s.fail("list", prefix, err))
				return
			}
			e, next, ok := s.seek(from, prefix, opts)
			if !ok || !yield(e, nil) {
				return
			}
			from = next
		}
	}
}

// seek finds the entry at or behind from, and where the next one may begin.
func (s *Store) seek(from, prefix string, opts storage.ListOptions) (e storage.Entry, next string, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for {
		at, _ := slices.BinarySearch(s.paths, from)
		if at == len(s.paths) || !strings.HasPrefix(s.paths[at], prefix) {
			return storage.Entry{}, "", false
		}
		path := s.paths[at]
		folder, below := folderOf(path, prefix)
		if !opts.Delimiter || !below {
			return s.files[path].entry(path), after(path), true
		}
		from = behind(folder)
		if folder > opts.StartAfter {
			return storage.Entry{Path: strings.TrimSuffix(folder, "/"), IsDir: true}, from, true
		}
	}
}

// after is the smallest string greater than path. Nothing comes before "".
func after(path string) string {
	if path == "" {
		return ""
	}
	return path + "\x00"
}

// behind is the smallest string greater than every path in a folder.
func behind(folder string) string {
	return strings.TrimSuffix(folder, "/") + string(rune('/'+1))
}

// folderOf is the folder at level prefix that a path lies in, with its '/'.
func folderOf(path, prefix string) (string, bool) {
	cut := strings.IndexByte(path[len(prefix):], '/')
	if cut < 0 {
		return "", false
	}
	return path[:len(prefix)+cut+1], true
}
