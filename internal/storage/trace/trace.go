// Package trace is a [storage.Store] that writes down what is asked of it, for
// golden tests: what a commit does to its storage, in which order.
//
// One line per operation, when it has ended:
//
//	list a/ after=a/b level 3       entries yielded; "level" is Delimiter
//	stat a/b
//	read a/b                        the whole of it
//	read a/b 100+50                 50 bytes from 100; "100+" reads to the end
//	write a/b 1234                  on Close, with the size
//	abort a/b 1000                  on Abort, with what had been written
//	put-if-absent a/b 120
//	delete a/b
//	stat a/c: does not exist        an error, by the text of its class
//
// A path that is empty or has spaces or quotes is quoted as in Go. Random names
// are made stable by a normaliser, such as [Number]. A [storage.ReaderAt] shows
// as one read per ReadAt, since [storage.RandomAccess] is left out on purpose.
//
// The lines of goroutines that run side by side come in the order in which they
// end: golden tests need one goroutine, or sort.
package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/sluicedata/sluice/internal/storage"
)

// Store records what it hands on.
type Store struct {
	inner     storage.Store
	normalise func(path string) string

	mu    sync.Mutex
	lines strings.Builder
}

var _ storage.Store = (*Store)(nil)

// New records the operations on a store. The normaliser, which may be nil, sees
// every path before it is written down, one call at a time.
func New(inner storage.Store, normalise func(path string) string) *Store {
	if normalise == nil {
		normalise = func(path string) string { return path }
	}
	return &Store{inner: inner, normalise: normalise}
}

// Take returns the lines since the last Take, each ending in a line feed.
func (s *Store) Take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.lines.Reset()
	return s.lines.String()
}

// record writes a line: the operation, its path, what else, and its error.
func (s *Store) record(op, path, details string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(&s.lines, "%s %s", op, quote(s.normalise(path)))
	if details != "" {
		s.lines.WriteString(" " + details)
	}
	if err != nil {
		s.lines.WriteString(": " + class(err))
	}
	s.lines.WriteByte('\n')
}

func quote(path string) string {
	if path == "" || strings.ContainsAny(path, " \"\n\t\\") {
		return strconv.Quote(path)
	}
	return path
}

// class leaves out what differs from one system to another.
func class(err error) string {
	for _, class := range []error{
		storage.ErrNotExist, storage.ErrExists, storage.ErrChanged, storage.ErrDenied, storage.ErrNoSpace,
		storage.ErrTransient, storage.ErrInvalidPath, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, class) {
			return class.Error()
		}
	}
	if e, ok := errors.AsType[*storage.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}

// URL is that of the store below, and not recorded.
func (s *Store) URL(path string) string { return s.inner.URL(path) }

// List is recorded when its walk ends.
func (s *Store) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		entries := 0
		var failed error
		defer func() { s.record("list", prefix, s.listing(opts, entries), failed) }()
		for e, err := range s.inner.List(ctx, prefix, opts) {
			if failed = err; err == nil {
				entries++
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func (s *Store) listing(opts storage.ListOptions, entries int) string {
	var details strings.Builder
	if opts.StartAfter != "" {
		details.WriteString("after=" + quote(s.normalise(opts.StartAfter)) + " ")
	}
	if opts.Delimiter {
		details.WriteString("level ")
	}
	return details.String() + strconv.Itoa(entries)
}

// Stat is recorded with its error.
func (s *Store) Stat(ctx context.Context, path string) (storage.Entry, error) {
	e, err := s.inner.Stat(ctx, path)
	s.record("stat", path, "", err)
	return e, err
}

// ReadRange is recorded when it is opened: how much is then read depends on
// buffers.
func (s *Store) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	body, err := s.inner.ReadRange(ctx, path, r)
	details := ""
	switch {
	case r.Length >= 0:
		details = fmt.Sprintf("%d+%d", r.Offset, r.Length)
	case r.Offset > 0:
		details = fmt.Sprintf("%d+", r.Offset)
	}
	s.record("read", path, details, err)
	return body, err
}

// PutIfAbsent is recorded with its size.
func (s *Store) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	err := s.inner.PutIfAbsent(ctx, path, data)
	s.record("put-if-absent", path, strconv.Itoa(len(data)), err)
	return err
}

// Delete is recorded with its error.
func (s *Store) Delete(ctx context.Context, path string) error {
	err := s.inner.Delete(ctx, path)
	s.record("delete", path, "", err)
	return err
}

// Write is recorded here only if it fails, otherwise when its writer ends.
func (s *Store) Write(ctx context.Context, path string) (storage.Writer, error) {
	inner, err := s.inner.Write(ctx, path)
	if err != nil {
		s.record("write", path, "", err)
		return nil, err
	}
	return &writer{store: s, path: path, inner: inner}, nil
}

type writer struct {
	store *Store
	path  string
	inner storage.Writer
	size  int64
	ended bool
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.inner.Write(p)
	w.size += int64(n)
	return n, err
}

func (w *writer) Close() error { return w.end("write", w.inner.Close) }
func (w *writer) Abort() error { return w.end("abort", w.inner.Abort) }

// end records the first end: an Abort that is deferred says nothing after Close.
func (w *writer) end(op string, inner func() error) error {
	err := inner()
	if !w.ended {
		w.store.record(op, w.path, strconv.FormatInt(w.size, 10), err)
	}
	w.ended = true
	return err
}
