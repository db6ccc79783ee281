package azure_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/azure"
)

const mib = 1 << 20

// pattern is content in which every four bytes tell their place.
func pattern(size int) string {
	b := make([]byte, 0, size+4)
	for i := uint32(0); len(b) < size; i++ {
		b = binary.BigEndian.AppendUint32(b, i)
	}
	return string(b[:size])
}

func isRead(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.Query().Get("comp") == ""
}

func TestReadsAskForBlocks(t *testing.T) {
	tests := []struct {
		name  string
		size  int
		r     storage.Range
		bytes int
		want  []string // sorted, since blocks are asked for side by side
	}{
		{"a manifest", 1700, storage.All, 1700, []string{"bytes=0-8388607"}},
		{"a footer", 10 * mib, storage.Range{Offset: 10*mib - 8, Length: 8}, 8, []string{"bytes=10485752-10485759"}},
		{"more than there is", 10, storage.Range{Offset: 8, Length: 100}, 2, []string{"bytes=8-107"}},
		{"exactly one block", 8 * mib, storage.All, 8 * mib, []string{"bytes=0-8388607"}},
		{"one byte more", 8*mib + 1, storage.All, 8*mib + 1, []string{"bytes=0-8388607", "bytes=8388608-8388608"}},
		{
			"a piece of three blocks", 40 * mib, storage.Range{Offset: 5, Length: 18 * mib}, 18 * mib,
			[]string{"bytes=16777221-18874372", "bytes=5-8388612", "bytes=8388613-16777220"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			s := f.open(t, nil)
			content := pattern(tt.size)
			put(t, s, "a", content)
			f.take()
			r, err := s.ReadRange(t.Context(), "a", tt.r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				t.Fatal(err)
			}
			if string(got) != content[tt.r.Offset:int(tt.r.Offset)+tt.bytes] {
				t.Errorf("%d bytes came, not the %d that were wanted", len(got), tt.bytes)
			}
			var asked []string
			for _, request := range f.take() {
				asked = append(asked, strings.TrimPrefix(request, "GET a "))
			}
			slices.Sort(asked)
			equal(t, "ranges", asked, tt.want)
		})
	}
}

// A large file streams with several blocks on their way: 16 of them, each with an
// answer time of one second.
func TestReadsAheadInParallel(t *testing.T) {
	tests := []struct {
		name      string
		readAhead int64
		want      time.Duration
	}{
		{"with room", 128 * mib, 4 * time.Second},
		{"with room for two blocks", 16 * mib, 9 * time.Second},
		{"without room", 1, 16 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, func(c *azure.Config) { c.ReadAhead = tt.readAhead })
				content := pattern(128 * mib)
				f.blobs["a"] = stored{data: []byte(content), etag: "0x1"}
				f.fault = func(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
					<-time.After(time.Second)
					return serve(), nil
				}
				start := time.Now()
				if get(t, s, "a") != content {
					t.Error("128 MB came back different")
				}
				if took := time.Since(start); took != tt.want {
					t.Errorf("it took %s, want %s", took, tt.want)
				}
			})
		})
	}
}

// Readers that are closed, whatever they had asked for, leave the room for
// others as it was.
func TestClosedReadersGiveTheirRoomBack(t *testing.T) {
	f := newFake()
	s := f.open(t, func(c *azure.Config) { c.ReadAhead = 16 * mib })
	put(t, s, "a", pattern(40*mib))
	for _, read := range []int64{0, 1, 9 * mib, 25 * mib, 40 * mib} {
		r, err := s.ReadRange(t.Context(), "a", storage.All)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, r, read); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		if _, err := r.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("reading after closing: %v", err)
		}
	}
	if free := azure.FreeAhead(s, 16*mib); !free {
		t.Error("closed readers keep room for reading ahead")
	}
}

func TestBrokenBodiesAreResumed(t *testing.T) {
	tests := []struct {
		name    string
		answers []answer
		want    []string
		class   error
	}{
		{
			"twice, with progress", []answer{cut(3, syscall.ECONNRESET), cut(2, io.ErrUnexpectedEOF)},
			[]string{"bytes=0-8388607", "bytes=3-8388607", "bytes=5-8388607"}, nil,
		},
		{"before its first byte", []answer{cut(0, io.ErrUnexpectedEOF)}, []string{"bytes=0-8388607", "bytes=0-8388607"}, nil},
		{
			"in vain", []answer{
				cut(1, syscall.ECONNRESET), cut(0, syscall.ECONNRESET), cut(0, syscall.ECONNRESET), cut(0, syscall.ECONNRESET),
				cut(0, syscall.ECONNRESET), cut(0, syscall.ECONNRESET), cut(0, syscall.ECONNRESET),
			},
			[]string{
				"bytes=0-8388607", "bytes=1-8388607", "bytes=1-8388607", "bytes=1-8388607",
				"bytes=1-8388607", "bytes=1-8388607", "bytes=1-8388607",
			}, storage.ErrTransient,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				s := f.open(t, nil)
				put(t, s, "a", "0123456789")
				f.take()
				f.fault = inOrder(tt.answers...)
				got, err := storage.ReadAll(t.Context(), s, "a")
				if !errors.Is(err, tt.class) || err == nil && string(got) != "0123456789" {
					t.Errorf("got %q, %v", got, err)
				}
				var asked []string
				for _, request := range f.take() {
					asked = append(asked, strings.TrimPrefix(request, "GET a "))
				}
				equal(t, "ranges", asked, tt.want)
			})
		})
	}
}

// Wherever a file is replaced while it is read, no byte of the new version is
// taken for one of the old.
func TestReplacedWhileItIsRead(t *testing.T) {
	for _, gone := range []bool{false, true} {
		for after := range 4 {
			f := newFake()
			s := f.open(t, func(c *azure.Config) { c.ReadAhead = 1 })
			put(t, s, "a", pattern(40*mib))
			var mu sync.Mutex
			reads := 0
			f.fault = only(isRead, func(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				if reads++; reads == after+2 {
					f.mu.Lock()
					f.blobs["a"] = stored{data: bytes.Repeat([]byte("n"), 40*mib), etag: "0xNEW"}
					if gone {
						delete(f.blobs, "a")
					}
					f.mu.Unlock()
				}
				return serve(), nil
			})
			got, err := storage.ReadAll(t.Context(), s, "a")
			want := storage.ErrChanged
			if gone {
				want = storage.ErrNotExist
			}
			if !errors.Is(err, want) {
				t.Errorf("replaced after %d blocks: %d bytes, %v; want %v", after+1, len(got), err, want)
			}
		}
	}
}

func TestRangeBehindTheEndOfAFileThatGrew(t *testing.T) {
	f := newFake()
	s := f.open(t, nil)
	put(t, s, "a", "0123456789")
	f.fault = only(isRead, func(_ *http.Request, serve func() *http.Response) (*http.Response, error) {
		response := serve()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.blobs["a"] = stored{data: []byte("0123456789ABCDEF"), etag: "0xNEW"}
		return response, nil
	})
	if _, err := s.ReadRange(t.Context(), "a", storage.Range{Offset: 12, Length: -1}); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("got %v, want %v", err, storage.ErrChanged)
	}
}

// A marker of a folder in a flat namespace has a name, and content, but is no file.
func TestMarkersAreNoFiles(t *testing.T) {
	f := newFake()
	s := f.open(t, nil)
	f.blobs["folder"] = stored{etag: "0x1", metadata: http.Header{"X-Ms-Meta-Hdi_isfolder": {"true"}}}
	f.blobs["other"] = stored{etag: "0x2", data: []byte("x"), metadata: http.Header{"X-Ms-Meta-Hdi_isfolder": {"TRUE"}}}
	put(t, s, "folder/a", "")
	for _, path := range []string{"folder", "other"} {
		_, err := s.Stat(t.Context(), path)
		_, rerr := s.ReadRange(t.Context(), path, storage.All)
		if !errors.Is(err, storage.ErrNotExist) || !errors.Is(rerr, storage.ErrNotExist) {
			t.Errorf("%s: stat %v, read %v", path, err, rerr)
		}
	}
	equal(t, "files", list(t, s, "", storage.ListOptions{}), []string{"folder/a"})
	equal(t, "one level", list(t, s, "", storage.ListOptions{Delimiter: true}), []string{"folder/"})
}
