package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing/iotest"

	"github.com/sluicedata/sluice/internal/storage"
)

var readerTests = []test{
	{"ReaderAt", readerAt},
	{"ReaderAt pins the version", readerAtPinned},
	{"read-ahead", readAhead},
	{"read-ahead closed early", readAheadClosed},
	{"read-ahead pins the version", readAheadPinned},
	{"read-ahead with a cancelled context", readAheadCancelled},
}

func readerAt(f fixture) {
	content := pattern(100_003)
	f.put("a", string(content))
	r := storage.NewReaderAt(f.Context(), f.Store, f.stat("a"))
	f.equal("size", r.Size(), int64(len(content)))
	for _, off := range []int64{99_995, 0, 50_000, 3} {
		p := make([]byte, 8)
		n, err := r.ReadAt(p, off)
		f.must(err, "reading at %d", off)
		f.equal("bytes", string(p[:n]), string(content[off:off+8]))
	}
	p := make([]byte, 8)
	n, err := r.ReadAt(p, 99_999)
	if n != 4 || !errors.Is(err, io.EOF) || string(p[:n]) != string(content[99_999:]) {
		f.Errorf("reading over the end: %q, %v", p[:n], err)
	}
	if n, err := r.ReadAt(p, 200_000); n != 0 || !errors.Is(err, io.EOF) {
		f.Errorf("reading behind the end: %d bytes, %v", n, err)
	}
	f.must(iotest.TestReader(io.NewSectionReader(r, 500, 60), content[500:560]), "a section")
	f.must(r.Close(), "closing")

	unused := storage.NewReaderAt(f.Context(), f.Store, storage.Entry{Path: "no", Size: 10})
	f.must(unused.Close(), "closing what was never read")
	if _, err := unused.ReadAt(p, 0); err == nil {
		f.Error("what does not exist was read")
	}
}

func readerAtPinned(f fixture) {
	f.put("a", "one")
	stale := storage.NewReaderAt(f.Context(), f.Store, f.stat("a"))
	open := storage.NewReaderAt(f.Context(), f.Store, f.stat("a"))
	p := make([]byte, 3)
	_, err := open.ReadAt(p, 0)
	f.must(err, "reading")
	f.put("a", "two")
	_, err = stale.ReadAt(p, 0)
	f.fails(err, storage.ErrChanged, "read", "a")
	// One that is open may go on in its version, or must say that it is gone.
	if _, err = open.ReadAt(p, 0); err != nil {
		f.fails(err, storage.ErrChanged, "read", "a")
	} else {
		f.equal("content", string(p), "one")
	}
	f.must(errors.Join(stale.Close(), open.Close()), "closing")
}

func readAhead(f fixture) {
	for _, size := range []int{0, 1, 1023, 1024, 1025, 4096, 300_000} {
		content := pattern(size)
		f.put("a", string(content))
		for _, bufBytes := range []int{0, 4096, 64 << 10, 16 << 20} {
			r := storage.NewReader(f.Context(), f.Store, f.stat("a"), bufBytes)
			// One byte, then the rest: blocks and reads do not fit together.
			head, err := io.ReadAll(io.LimitReader(r, 1))
			f.must(err, "reading a byte of %d, buffer %d", size, bufBytes)
			rest, err := io.ReadAll(r)
			f.must(err, "reading %d bytes, buffer %d", size, bufBytes)
			if !bytes.Equal(append(head, rest...), content) {
				f.Errorf("%d bytes by a buffer of %d came back different", size, bufBytes)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				f.Errorf("reading on behind the end: %d bytes, %v", n, err)
			}
			f.must(r.Close(), "closing")
		}
	}
}

func readAheadClosed(f fixture) {
	f.put("a", string(pattern(1<<20)))
	e := f.stat("a")
	for _, read := range []int64{0, 1, 5000} {
		r := storage.NewReader(f.Context(), f.Store, e, 4096)
		_, err := io.CopyN(io.Discard, r, read)
		f.must(err, "reading %d bytes", read)
		f.must(r.Close(), "closing after %d bytes", read)
		f.must(r.Close(), "closing again")
		if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, io.EOF) {
			f.Errorf("reading after closing: %d bytes, %v", n, err)
		}
	}
}

func readAheadPinned(f fixture) {
	f.put("a", "one")
	stale := f.stat("a")
	f.put("a", "two")
	r := storage.NewReader(f.Context(), f.Store, stale, 4096)
	_, err := io.ReadAll(r)
	f.fails(err, storage.ErrChanged, "read", "a")
	f.must(r.Close(), "closing")

	// An entry that promises more than there is: the file was cut short.
	longer := f.stat("a")
	longer.Size += 10
	r = storage.NewReader(f.Context(), f.Store, longer, 4096)
	got, err := io.ReadAll(r)
	f.fails(err, storage.ErrChanged, "read", "a")
	f.equal("what came before the error", string(got), "two")
	f.must(r.Close(), "closing")
}

func readAheadCancelled(f fixture) {
	f.put("a", string(pattern(1<<20)))
	ctx, cancel := context.WithCancel(f.Context())
	r := storage.NewReader(ctx, f.Store, f.stat("a"), 4096)
	_, err := io.CopyN(io.Discard, r, 10)
	f.must(err, "reading")
	cancel()
	_, err = io.ReadAll(r)
	f.fails(err, context.Canceled, "read", "a")
	f.must(r.Close(), "closing")
}
