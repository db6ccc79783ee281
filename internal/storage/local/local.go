// Package local keeps a [storage.Store] in a folder of the file system: a lake
// on a disk, or an export that was copied there.
//
//	root/                         New(root); made by the first write
//	├── main/d365/account/        a folder lives while a file lies below it
//	│   ├── part-1.parquet        a stored file
//	│   └── .sluice-Q3…7A.tmp     a write under way: no listing shows it
//	└── link -> /mnt/export       links to files and folders are followed
//
// # What a crash leaves
//
// Content goes to a hidden temporary file in the folder of its path. Close
// flushes it, renames it over the path and flushes the folder; PutIfAbsent
// links it to the path instead, which the file system refuses when something is
// there. A path therefore holds a whole version or nothing, and what a crash
// leaves behind is hidden; a later write into that folder removes it when it is
// older than a day. Delete removes the folders that it leaves empty.
//
// On a file system without hard links (FAT, some network shares) PutIfAbsent
// creates the path exclusively: one winner still, but a reader may see the file
// before its content, and a crash may leave a part of it.
//
// # Versions
//
// An ETag is made of size, modification time in nanoseconds and (not on
// Windows) inode. The inode matters: file systems stamp times in ticks of
// milliseconds, in which a file can be replaced by one of the same size.
//
// # Errors
//
// All are [*storage.Error] with the path of the operating system. Missing files
// and folders are ErrNotExist, permissions and read-only media ErrDenied, a
// full disk or quota ErrNoSpace, exhausted file handles and files that another
// Windows program holds open ErrTransient. A path at which a folder stands is a
// path at which no file stands. What is neither file nor folder (sockets,
// pipes, devices) is not seen at all.
package local

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// Store is a folder as a store.
type Store struct {
	root    string // absolute
	durable bool
	now     func() time.Time
	link    func(from, to string) error
	sweeper sweeper
}

var (
	_ storage.Store        = (*Store)(nil)
	_ storage.RandomAccess = (*Store)(nil)
)

// Option changes how a store works.
type Option func(*Store)

// WithClock sets the clock by which left-over temporary files are aged.
func WithClock(now func() time.Time) Option { return func(s *Store) { s.now = now } }

// WithoutSync leaves flushing to the operating system: writes stay atomic for
// readers, but a power failure may lose them. For data that can be made again.
func WithoutSync() Option { return func(s *Store) { s.durable = false } }

// New opens the folder root, which need not exist yet: then it is empty, and
// the first write makes it.
func New(root string, options ...Option) (*Store, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, storage.NewError("open", root, err)
	}
	info, err := os.Stat(abs)
	switch {
	case err == nil && !info.IsDir():
		return nil, storage.NewError("open", abs, fmt.Errorf("it is a file; a store needs a folder"))
	case err != nil && !missing(err):
		return nil, storage.NewError("open", abs, classify(abs, err))
	}
	s := &Store{root: abs, durable: true, now: time.Now, link: os.Link}
	for _, option := range options {
		option(s)
	}
	return s, nil
}

// URL is the path in the operating system's form.
func (s *Store) URL(path string) string {
	if path == "" {
		return s.root
	}
	return strings.TrimSuffix(s.root, string(filepath.Separator)) + string(filepath.Separator) + filepath.FromSlash(path)
}

// Stat describes the file at a path.
func (s *Store) Stat(ctx context.Context, path string) (storage.Entry, error) {
	name, err := s.resolve(ctx, path)
	if err != nil {
		return storage.Entry{}, s.fail("stat", path, err)
	}
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return storage.Entry{}, s.fail("stat", path, err)
	}
	return entry(path, info), nil
}

// Delete removes the file at a path, and the folders that this leaves empty.
func (s *Store) Delete(ctx context.Context, path string) error {
	name, err := s.resolve(ctx, path)
	if err != nil {
		return s.fail("delete", path, err)
	}
	// A folder is not a stored file, but os.Remove would take an empty one.
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		return nil
	}
	if err == nil {
		err = os.Remove(name)
	}
	switch {
	case missing(err):
		return nil
	case err != nil:
		return s.fail("delete", path, err)
	}
	folder := filepath.Dir(name)
	if err := s.syncFolder(folder); err != nil && !missing(err) {
		return s.fail("delete", path, err)
	}
	s.prune(folder)
	return nil
}

// prune removes empty folders upwards, the root excepted. That some other hand
// fills or removes one meanwhile is its good right, so errors end it.
func (s *Store) prune(folder string) {
	for folder != s.root && len(folder) > len(s.root) {
		// os.Remove would take a link to a folder with files, too.
		info, err := os.Lstat(folder)
		if err != nil || !info.IsDir() || os.Remove(folder) != nil {
			return
		}
		folder = filepath.Dir(folder)
	}
}

// resolve gives the name of a stored file in the operating system.
func (s *Store) resolve(ctx context.Context, path string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := storage.CheckPath(path); err != nil {
		return "", err
	}
	for element := range strings.SplitSeq(path, "/") {
		if isTemp(element) {
			return "", fmt.Errorf("%w: names like %q are kept for writes under way", storage.ErrInvalidPath, element)
		}
	}
	name, err := filepath.Localize(path)
	if err != nil {
		return "", fmt.Errorf("%w: this operating system has no such file names", storage.ErrInvalidPath)
	}
	return filepath.Join(s.root, name), nil
}

func (s *Store) fail(op, path string, err error) error {
	name := s.URL(path)
	return storage.NewError(op, name, classify(name, err))
}

func entry(path string, info fs.FileInfo) storage.Entry {
	return storage.Entry{Path: path, Size: info.Size(), ModTime: info.ModTime(), ETag: etag(info)}
}
