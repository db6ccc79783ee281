package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/fault"
	"github.com/sluicedata/sluice/internal/storage/local"
	"github.com/sluicedata/sluice/internal/storage/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

// countingStore counts what its readers took out of it, and tells when they ask
// for what is beyond the limit.
type countingStore struct {
	storage.Store
	read  atomic.Int64
	limit int64
	full  chan struct{}
}

func (s *countingStore) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	body, err := s.Store.ReadRange(ctx, path, r)
	return &countingBody{ReadCloser: body, store: s}, err
}

type countingBody struct {
	io.ReadCloser
	store *countingStore
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if s := b.store; s.read.Add(int64(n)) == s.limit {
		close(s.full)
	}
	return n, err
}

// The reader fills its buffers while nobody reads, and takes no byte more.
func TestReadAheadIsBounded(t *testing.T) {
	const bufBytes = 64 << 10
	s := &countingStore{Store: mem.New(nil), limit: bufBytes, full: make(chan struct{})}
	e := put(t, s, "a", bytes.Repeat([]byte("x"), 1<<20))
	r := storage.NewReader(t.Context(), s, e, bufBytes)
	<-s.full
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.read.Load(); got != bufBytes {
		t.Errorf("%d bytes were read ahead with a buffer of %d", got, bufBytes)
	}
}

func TestReadAheadHandsOverWhatCameBeforeAnError(t *testing.T) {
	for _, after := range []int64{0, 1, 1024, 5000} {
		inner := mem.New(nil)
		e := put(t, inner, "a", bytes.Repeat([]byte("x"), 10_000))
		// A connection that breaks off gives this error; it is not the end.
		s := fault.New(inner, fault.At(1, fault.Cut(after, io.ErrUnexpectedEOF)))
		r := storage.NewReader(t.Context(), s, e, 4096)
		got, err := io.ReadAll(r)
		if int64(len(got)) != after || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, storage.ErrChanged) {
			t.Errorf("cut after %d: %d bytes, %v", after, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadAheadOpenFails(t *testing.T) {
	s := fault.New(mem.New(nil), fault.At(1, fault.Fail(errBoom)))
	r := storage.NewReader(t.Context(), s, storage.Entry{Path: "a", Size: 5}, 4096)
	if n, err := r.Read(make([]byte, 5)); n != 0 || !errors.Is(err, errBoom) || err.Error() != "read mem://a: boom" {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestReaderAtErrors(t *testing.T) {
	inner := mem.New(nil)
	e := put(t, inner, "a", []byte("0123456789"))
	p := make([]byte, 4)

	s := fault.New(inner, fault.First(
		fault.At(1, fault.Fail(errBoom)), fault.At(2, fault.Cut(2, io.ErrUnexpectedEOF))))
	r := storage.NewReaderAt(t.Context(), s, e)
	if n, err := r.ReadAt(p, 0); n != 0 || !errors.Is(err, errBoom) {
		t.Errorf("a failed read: %d bytes, %v", n, err)
	}
	if n, err := r.ReadAt(p, 0); n == 4 || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, storage.ErrChanged) {
		t.Errorf("a read that broke off: %d bytes, %v", n, err)
	}
	if n, err := r.ReadAt(p, 0); n != 4 || err != nil {
		t.Errorf("the next read: %d bytes, %v", n, err)
	}

	e.Size += 2 // as if the file had been cut short after it was listed
	long := storage.NewReaderAt(t.Context(), inner, e)
	if n, err := long.ReadAt(p, 8); n == 4 || !errors.Is(err, storage.ErrChanged) {
		t.Errorf("a file that is too short: %d bytes, %v", n, err)
	}
	if err := errors.Join(r.Close(), long.Close()); err != nil {
		t.Error(err)
	}
}

// openCounter is a store with random access that counts its opens.
type openCounter struct {
	*local.Store
	random, ranges atomic.Int32
}

func (s *openCounter) OpenRandom(ctx context.Context, path, ifMatch string) (storage.ReaderAtCloser, error) {
	s.random.Add(1)
	return s.Store.OpenRandom(ctx, path, ifMatch)
}

func (s *openCounter) ReadRange(ctx context.Context, path string, r storage.Range) (io.ReadCloser, error) {
	s.ranges.Add(1)
	return s.Store.ReadRange(ctx, path, r)
}

func TestReaderAtOpensOnce(t *testing.T) {
	disk, err := local.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &openCounter{Store: disk}
	e := put(t, s, "a", []byte("0123456789"))
	r := storage.NewReaderAt(t.Context(), s, e)
	if s.random.Load() != 0 {
		t.Error("the file was opened before it was read")
	}
	for off := range int64(10) {
		p := make([]byte, 1)
		if _, err := r.ReadAt(p, off); err != nil || p[0] != '0'+byte(off) {
			t.Errorf("byte %d is %q, %v", off, p, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if s.random.Load() != 1 || s.ranges.Load() != 0 {
		t.Errorf("%d opens and %d ranges for ten reads", s.random.Load(), s.ranges.Load())
	}
}

func put(t *testing.T, s storage.Store, path string, data []byte) storage.Entry {
	t.Helper()
	if err := s.PutIfAbsent(t.Context(), path, data); err != nil {
		t.Fatal(err)
	}
	e, err := s.Stat(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
