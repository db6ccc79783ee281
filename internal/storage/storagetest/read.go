package storagetest

import (
	"context"
	"io"

	"github.com/sluicedata/sluice/internal/storage"
)

var readTests = []test{
	{"ranges", readRanges},
	{"an empty file", readEmpty},
	{"IfMatch", readIfMatch},
	{"an open range outlives replacement", readReplaced},
	{"what does not exist", readMissing},
	{"a cancelled context", readCancelled},
}

func readRanges(f fixture) {
	const text = "0123456789"
	f.put("a/digits", text)
	tests := []struct {
		offset, length int64
		want           string
	}{
		{0, -1, text}, {0, 10, text}, {0, 100, text}, {0, 0, ""}, {0, 1, "0"},
		{3, 4, "3456"}, {3, -1, "3456789"}, {9, 1, "9"}, {9, 2, "9"}, {9, -1, "9"},
		{10, -1, ""}, {10, 0, ""}, {10, 5, ""}, {11, -1, ""}, {1 << 40, 5, ""},
	}
	for _, tt := range tests {
		r := storage.Range{Offset: tt.offset, Length: tt.length}
		body, err := f.ReadRange(f.Context(), "a/digits", r)
		f.must(err, "range %+v", r)
		got, err := io.ReadAll(body)
		f.must(err, "range %+v", r)
		f.must(body.Close(), "closing range %+v", r)
		if string(got) != tt.want {
			f.Errorf("range %+v: got %q, want %q", r, got, tt.want)
		}
	}
	if _, err := f.ReadRange(f.Context(), "a/digits", storage.Range{Offset: -1, Length: 1}); err == nil {
		f.Error("a range that begins before the file was read")
	}
}

func readEmpty(f fixture) {
	f.put("empty", "")
	f.equal("content", f.get("empty"), "")
	f.equal("size", f.stat("empty").Size, int64(0))
	body, err := f.ReadRange(f.Context(), "empty", storage.Range{Length: 5, IfMatch: f.stat("empty").ETag})
	f.must(err, "a range of an empty file")
	got, err := io.ReadAll(body)
	f.must(err, "a range of an empty file")
	f.must(body.Close(), "closing")
	f.equal("bytes", len(got), 0)
}

func readIfMatch(f fixture) {
	f.put("a", "one")
	first := f.stat("a").ETag
	f.equal("the version of an untouched file", f.stat("a").ETag, first)
	read := func(r storage.Range) (string, error) {
		body, err := f.ReadRange(f.Context(), "a", r)
		if err != nil {
			return "", err
		}
		defer body.Close()
		data, err := io.ReadAll(body)
		return string(data), err
	}
	got, err := read(storage.Range{Length: -1, IfMatch: first})
	f.must(err, "reading the version that is there")
	f.equal("content", got, "one")

	f.put("a", "two") // of the same size, as fast as can be
	for _, r := range []storage.Range{
		{Length: -1, IfMatch: first}, {Length: 1, IfMatch: first}, {Offset: 2, Length: 1, IfMatch: first},
	} {
		_, err = read(r)
		f.fails(err, storage.ErrChanged, "read", "a")
	}
	got, err = read(storage.Range{Length: -1, IfMatch: f.stat("a").ETag})
	f.must(err, "reading the new version")
	f.equal("content", got, "two")
}

// A reader in the midst of a file sees one version or an error, never a mix.
func readReplaced(f fixture) {
	old := string(pattern(1 << 20))
	f.put("a", old)
	body, err := f.ReadRange(f.Context(), "a", storage.All)
	f.must(err, "opening")
	defer body.Close()
	head := make([]byte, 10)
	_, err = io.ReadFull(body, head)
	f.must(err, "reading the head")
	f.put("a", "new")
	rest, err := io.ReadAll(body)
	if err == nil && string(head)+string(rest) != old {
		f.Errorf("a reader got %d bytes that are not the version it opened", len(head)+len(rest))
	}
}

func readMissing(f fixture) {
	f.fillTree("a/b/c")
	// A folder is not a file, and nothing lies below a file.
	for _, path := range []string{"no", "no/such", "a", "a/b", "a/b/c/d", "a/b/cc"} {
		_, err := f.Stat(f.Context(), path)
		f.fails(err, storage.ErrNotExist, "stat", path)
		_, err = f.ReadRange(f.Context(), path, storage.All)
		f.fails(err, storage.ErrNotExist, "read", path)
		_, err = f.ReadRange(f.Context(), path, storage.Range{Length: 1, IfMatch: "1"})
		f.fails(err, storage.ErrNotExist, "read", path)
	}
}

func readCancelled(f fixture) {
	f.put("a", string(pattern(1<<20)))
	_, err := f.Stat(f.cancelled(), "a")
	f.fails(err, context.Canceled, "stat", "a")
	_, err = f.ReadRange(f.cancelled(), "a", storage.All)
	f.fails(err, context.Canceled, "read", "a")

	ctx, cancel := context.WithCancel(f.Context())
	body, err := f.ReadRange(ctx, "a", storage.All)
	f.must(err, "opening")
	defer body.Close()
	_, err = io.ReadFull(body, make([]byte, 10))
	f.must(err, "reading the head")
	cancel()
	_, err = io.ReadAll(body)
	f.fails(err, context.Canceled, "read", "a")
}
