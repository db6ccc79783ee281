package storage_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sluicedata/sluice/internal/storage"
)

func TestCheckPathSaysWhy(t *testing.T) {
	tests := []struct{ path, want string }{
		{"a/b c/ü%20.json", ""},
		{"", `invalid path "": it is empty, or has an empty part between two '/' or at an end`},
		{"/a", `invalid path "/a": it is empty, or has an empty part between two '/' or at an end`},
		{"a/../b", `invalid path "a/../b": ".." may not be a part of it`},
		{"a/./b", `invalid path "a/./b": "." may not be a part of it`},
		{"a\xff", `invalid path "a\xff": it is not UTF-8`},
		{"a\x00", `invalid path "a\x00": it contains a NUL byte`},
	}
	for _, tt := range tests {
		err := storage.CheckPath(tt.path)
		if got := text(err); got != tt.want || errors.Is(err, storage.ErrInvalidPath) != (tt.want != "") {
			t.Errorf("%q: got %s, want %s", tt.path, got, tt.want)
		}
	}
}

func TestCheckPrefixTakesBeginningsOfNames(t *testing.T) {
	for prefix, want := range map[string]bool{
		"": true, "a": true, "a/": true, "a/.": true, "..": true, "../": false, "/": false, "a//": false, "a/\xff": false,
	} {
		if err := storage.CheckPrefix(prefix); (err == nil) != want {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

func TestNewErrorNamesAPathOnce(t *testing.T) {
	if err := storage.NewError("read", "/a", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	inner := storage.NewError("read", "/a", storage.ErrNotExist)
	outer := storage.NewError("stat", "/b", fmt.Errorf("opening: %w", inner))
	if got, want := text(outer), "opening: read /a: does not exist"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
