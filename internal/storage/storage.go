// Package storage is the one way in which Sluice touches files: exports are
// read and Delta tables are written through [Store], whatever holds them.
//
// Paths are relative to the store's root, use '/', never begin or end with one
// and are compared byte by byte. A store has no folders of its own: a folder
// exists while a path lies below it.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// Sentinels that every store returns (wrapped in an [*Error]).
var (
	// ErrNotExist: nothing is stored under the path.
	ErrNotExist = errors.New("does not exist")
	// ErrExists: PutIfAbsent found something under the path.
	ErrExists = errors.New("exists already")
	// ErrChanged: Range.IfMatch names another version of the file.
	ErrChanged = errors.New("changed since it was listed")
	// ErrDenied: the credentials or the file mode do not allow it.
	ErrDenied = errors.New("access denied")
	// ErrNoSpace: the medium is full.
	ErrNoSpace = errors.New("no space left")
	// ErrTransient: worth another try (time-out, throttled, reset).
	ErrTransient = errors.New("temporarily unavailable")
)

// Error says which operation failed on which path. Unwrap gives the cause,
// which wraps one of the sentinels where one fits.
type Error struct {
	Op   string // list, stat, read, write, put-if-absent, delete
	Path string // path as a user would find it: with the store's root
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Entry is one stored file, or, in a listing with Delimiter, one folder.
type Entry struct {
	Path    string
	Size    int64
	ModTime time.Time
	ETag    string // names this version of the content; empty for folders
	IsDir   bool
}

// ListOptions narrow a listing.
type ListOptions struct {
	// StartAfter skips every path that is not greater. It is a whole path,
	// prefix included. With Delimiter a folder "a" is compared as "a/".
	StartAfter string
	// Delimiter lists one level: what follows the prefix up to the next '/',
	// files by their whole path and each folder once, as an Entry with IsDir.
	// The prefix may be the beginning of a name, as without it: "d/2024-" lists
	// the files and folders of d whose names begin with "2024-".
	Delimiter bool
}

// Range selects bytes of a file. Length < 0 reads to the end. A range that
// begins at or behind the end reads nothing.
type Range struct {
	Offset, Length int64
	// IfMatch, when not empty, is the ETag that the file must still have;
	// otherwise ErrChanged.
	IfMatch string
}

// All is the whole file.
var All = Range{Length: -1}

// Writer receives the content of one new file. Close publishes it whole,
// replacing what was there; until then no reader sees anything of it. Abort
// drops it; after Close it does nothing, so it can be deferred.
type Writer interface {
	io.Writer
	Close() error
	Abort() error
}

// Store is a tree of files. All methods are safe for concurrent use, stop when
// the context ends and return [*Error].
type Store interface {
	// List yields what lies below the prefix in byte order of the paths
	// (folders of a Delimiter listing sort as "name/"). Where nothing does,
	// it yields nothing: that is no error. The first error ends it.
	List(ctx context.Context, prefix string, opts ListOptions) iter.Seq2[Entry, error]
	Stat(ctx context.Context, path string) (Entry, error)
	ReadRange(ctx context.Context, path string, r Range) (io.ReadCloser, error)
	Write(ctx context.Context, path string) (Writer, error)
	// PutIfAbsent stores data unless something is stored there already, in one
	// atomic and durable step. When it returns another error than ErrExists or
	// ErrDenied it is unknown whether the data was stored.
	PutIfAbsent(ctx context.Context, path string, data []byte) error
	// Delete removes a file. Removing what is not there is no error.
	Delete(ctx context.Context, path string) error
	// URL is the path as a user or another program would name it.
	URL(path string) string
}

// ReadAll reads a whole file.
func ReadAll(ctx context.Context, s Store, path string) ([]byte, error) {
	r, err := s.ReadRange(ctx, path, All)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, NewError("read", s.URL(path), err)
	}
	return data, nil
}
