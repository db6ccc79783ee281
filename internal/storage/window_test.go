package storage_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sluicedata/sluice/internal/storage"
	"github.com/sluicedata/sluice/internal/storage/mem"
	"github.com/sluicedata/sluice/internal/storage/trace"
)

// Small reads are answered by few requests, and every byte is the file's.
func TestSmallReadsShareRequests(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{100, 400 << 10, 3 << 20} {
		store := trace.New(mem.New(func() time.Time { return time.Unix(0, 0) }), nil)
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		w, err := store.Write(context.Background(), "f")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		entry, err := store.Stat(context.Background(), "f")
		if err != nil {
			t.Fatal(err)
		}
		store.Take()
		r := storage.NewReaderAt(context.Background(), store, entry)
		piece := make([]byte, 50)
		for at := int64(0); at+50 <= int64(size); at += 50 {
			if _, err := r.ReadAt(piece, at); err != nil || !bytes.Equal(piece, content[at:at+50]) {
				t.Fatalf("50 bytes at %d of %d: %v", at, size, err)
			}
		}
		if requests := strings.Count(store.Take(), "read "); requests > 1+size/(512<<10) {
			t.Errorf("%d bytes took %d requests", size, requests)
		}
		for range 200 {
			at := random.Int64N(int64(size))
			piece := make([]byte, random.Int64N(int64(size)-at)+1)
			if n, err := r.ReadAt(piece, at); err != nil || !bytes.Equal(piece[:n], content[at:at+int64(n)]) || n != len(piece) {
				t.Fatalf("%d bytes at %d of %d: %d, %v", len(piece), at, size, n, err)
			}
		}
	}
}
