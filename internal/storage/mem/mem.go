// Package mem is a [storage.Store] in memory, for tests: every behaviour of the
// contract and nothing of a file system. It follows object stores where these
// differ from folders, so "a" and "a/b" may both be files.
//
// Modification times come from the clock that is passed in. An ETag is the
// number of the change that made the version, in decimal, counted over the whole
// store from 1: deterministic, and never used twice.
package mem

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
)

// Store holds files as slices that are never changed once stored.
type Store struct {
	now func() time.Time

	mu      sync.RWMutex
	files   map[string]file
	paths   []string // the keys of files in byte order
	changes int64
}

type file struct {
	data    []byte
	modTime time.Time
	etag    string
}

var _ storage.Store = (*Store)(nil)

// New makes an empty store. A nil clock is [time.Now].
func New(now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{now: now, files: map[string]file{}}
}

// URL names a path in no real place.
func (s *Store) URL(path string) string { return "mem://" + path }

// Stat describes the file at a path.
func (s *Store) Stat(ctx context.Context, path string) (storage.Entry, error) {
	f, err := s.get(ctx, path)
	if err != nil {
		return storage.Entry{}, s.fail("stat", path, err)
	}
	return f.entry(path), nil
}

// ReadRange reads a piece of the version that is stored now.
func (s *Store) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	f, err := s.get(ctx, path)
	if err == nil && r.IfMatch != "" && r.IfMatch != f.etag {
		err = storage.ErrChanged
	}
	if err != nil {
		return nil, s.fail("read", path, err)
	}
	offset, length, err := r.Within(int64(len(f.data)))
	if err != nil {
		return nil, s.fail("read", path, err)
	}
	content := bytes.NewReader(f.data[offset : offset+length])
	return &body{ctx: ctx, store: s, path: path, content: content}, nil
}

// PutIfAbsent stores data unless something is stored there.
func (s *Store) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	if err := check(ctx, path); err != nil {
		return s.fail("put-if-absent", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.files[path]; ok {
		return s.fail("put-if-absent", path, storage.ErrExists)
	}
	s.put(path, bytes.Clone(data))
	return nil
}

// Delete removes a file.
func (s *Store) Delete(ctx context.Context, path string) error {
	if err := check(ctx, path); err != nil {
		return s.fail("delete", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := slices.BinarySearch(s.paths, path); ok {
		s.paths = slices.Delete(s.paths, at, at+1)
		delete(s.files, path)
	}
	return nil
}

// put needs the lock and takes the data.
func (s *Store) put(path string, data []byte) {
	if at, ok := slices.BinarySearch(s.paths, path); !ok {
		s.paths = slices.Insert(s.paths, at, path)
	}
	s.changes++
	s.files[path] = file{data: data, modTime: s.now(), etag: strconv.FormatInt(s.changes, 10)}
}

func (s *Store) get(ctx context.Context, path string) (file, error) {
	if err := check(ctx, path); err != nil {
		return file{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	f, ok := s.files[path]
	if !ok {
		return file{}, storage.ErrNotExist
	}
	return f, nil
}

func (f file) entry(path string) storage.Entry {
	return storage.Entry{Path: path, Size: int64(len(f.data)), ModTime: f.modTime, ETag: f.etag}
}

func check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return storage.CheckPath(path)
}

func (s *Store) fail(op, path string, err error) error {
	return storage.NewError(op, s.URL(path), err)
}

// body is an open range.
type body struct {
	ctx     context.Context
	store   *Store
	path    string
	content *bytes.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, b.store.fail("read", b.path, err)
	}
	return b.content.Read(p)
}

func (b *body) Close() error { return nil }

// Write begins a file that Close publishes.
func (s *Store) Write(ctx context.Context, path string) (storage.Writer, error) {
	if err := check(ctx, path); err != nil {
		return nil, s.fail("write", path, err)
	}
	return &writer{ctx: ctx, store: s, path: path}, nil
}

// writer collects content. As in every store, the first error stays: a file of
// which a part is missing is never published.
type writer struct {
	ctx   context.Context
	store *Store
	path  string
	data  []byte
	err   error
	ended bool
}

var errEnded = errors.New("the writer is closed")

func (w *writer) Write(p []byte) (int, error) {
	if err := w.check(); err != nil {
		return 0, err
	}
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *writer) Close() error {
	err := w.check()
	w.ended = true
	if err != nil {
		return err
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.put(w.path, w.data)
	return nil
}

func (w *writer) Abort() error {
	w.ended = true
	return nil
}

func (w *writer) check() error {
	if w.err == nil && w.ended {
		w.err = errEnded
	}
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	return w.store.fail("write", w.path, w.err)
}
