package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ReaderAtCloser is an open file that is read at chosen places.
type ReaderAtCloser interface {
	io.ReaderAt
	io.Closer
}

// RandomAccess is what a store may offer beside [Store]: to keep one version of
// a file open, so that a ReadAt costs one system call instead of one open. The
// errors are those of ReadRange; an empty ifMatch takes any version.
type RandomAccess interface {
	OpenRandom(ctx context.Context, path, ifMatch string) (ReaderAtCloser, error)
}

// ReaderAt reads one version of a file at chosen places, as readers of Parquet
// want it: [io.ReaderAt] (safe for concurrent use), and [io.Reader] and
// [io.Seeker] with a position of their own (which are not). Bytes of another
// version are never returned: then reading ends with [ErrChanged].
type ReaderAt struct {
	*io.SectionReader
	source ReaderAtCloser
}

// NewReaderAt makes a reader of an entry that came from List or Stat. Nothing
// is opened before the first read. The context holds for all reads.
func NewReaderAt(ctx context.Context, s Store, e Entry) *ReaderAt {
	var source ReaderAtCloser = &windowReader{rangeReader: rangeReader{ctx: ctx, store: s, entry: e}}
	if ra, ok := s.(RandomAccess); ok {
		source = &lazyFile{open: func() (ReaderAtCloser, error) { return ra.OpenRandom(ctx, e.Path, e.ETag) }}
	}
	return &ReaderAt{SectionReader: io.NewSectionReader(source, 0, e.Size), source: source}
}

// Close releases the file. No read may be under way or follow.
func (r *ReaderAt) Close() error { return r.source.Close() }

// rangeReader asks the store for every piece.
type rangeReader struct {
	ctx   context.Context
	store Store
	entry Entry
}

func (r *rangeReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	body, err := r.store.ReadRange(r.ctx, r.entry.Path, Range{Offset: off, Length: int64(len(p)), IfMatch: r.entry.ETag})
	if err != nil {
		return 0, err
	}
	n, err := readFull(body, p)
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	if atEnd(err) {
		// The section ends where the listed file does, so this is not its end.
		err = endedEarly(off+int64(n), r.entry.Size)
	}
	return n, NewError("read", r.store.URL(r.entry.Path), err)
}

func (r *rangeReader) Close() error { return nil }

// lazyFile opens its file at the first read and remembers how that ended.
type lazyFile struct {
	open func() (ReaderAtCloser, error)

	once sync.Once
	file ReaderAtCloser
	err  error
}

func (l *lazyFile) ReadAt(p []byte, off int64) (int, error) {
	l.once.Do(func() { l.file, l.err = l.open() })
	if l.err != nil {
		return 0, l.err
	}
	return l.file.ReadAt(p, off)
}

func (l *lazyFile) Close() error {
	l.once.Do(func() { l.err = errors.New("the reader is closed") })
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// endedEarly is the error of a file that holds less than its listing said.
func endedEarly(have, want int64) error {
	return fmt.Errorf("%w: it ends after %d bytes, %d were listed", ErrChanged, have, want)
}
