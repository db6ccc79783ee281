package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/sluicedata/sluice/internal/storage"
)

// ReadRange opens a piece of a file. A file that is replaced meanwhile is read
// on in the version that was opened; one that is cut short in place ends with
// ErrChanged.
func (s *Store) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	f, size, err := s.open(ctx, path, r.IfMatch)
	if err != nil {
		return nil, s.fail("read", path, err)
	}
	offset, length, err := r.Within(size)
	if err != nil {
		return nil, s.fail("read", path, closeAfter(f, err))
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, s.fail("read", path, closeAfter(f, err))
	}
	return &body{ctx: ctx, store: s, path: path, file: f, left: length}, nil
}

// OpenRandom keeps a file open for reads at chosen places.
func (s *Store) OpenRandom(ctx context.Context, path, ifMatch string) (storage.ReaderAtCloser, error) {
	f, size, err := s.open(ctx, path, ifMatch)
	if err != nil {
		return nil, s.fail("read", path, err)
	}
	return &random{ctx: ctx, store: s, path: path, file: f, size: size}, nil
}

func (s *Store) open(ctx context.Context, path, ifMatch string) (*os.File, int64, error) {
	name, err := s.resolve(ctx, path)
	if err != nil {
		return nil, 0, err
	}
	f, err := openFile(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fs.ErrNotExist
	case ifMatch != "" && etag(info) != ifMatch:
		err = storage.ErrChanged
	}
	if err != nil {
		return nil, 0, closeAfter(f, err)
	}
	return f, info.Size(), nil
}

// closeAfter closes a file that was only read, because of an error that says
// more than closing could.
func closeAfter(f *os.File, err error) error {
	_ = f.Close()
	return err
}

// body is an open range.
type body struct {
	ctx   context.Context
	store *Store
	path  string
	file  *os.File
	left  int64
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, b.store.fail("read", b.path, err)
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.file.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = cutShort(b.left)
	}
	return n, b.store.fail("read", b.path, err)
}

func (b *body) Close() error {
	return b.store.fail("read", b.path, b.file.Close())
}

// random is an open file.
type random struct {
	ctx   context.Context
	store *Store
	path  string
	file  *os.File
	size  int64
}

func (r *random) ReadAt(p []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.store.fail("read", r.path, err)
	}
	n, err := r.file.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		if missing := r.size - off - int64(n); missing > 0 {
			return n, r.store.fail("read", r.path, cutShort(missing))
		}
		return n, io.EOF // bare, as io.ReaderAt demands
	}
	return n, r.store.fail("read", r.path, err)
}

func (r *random) Close() error {
	return r.store.fail("read", r.path, r.file.Close())
}

func cutShort(missing int64) error {
	return fmt.Errorf("%w: it was cut short while it was read, %d bytes are missing", storage.ErrChanged, missing)
}
