package storage

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalidPath: the path or prefix can name nothing in any store.
var ErrInvalidPath = errors.New("invalid path")

// CheckPath says why a path is not one: empty, absolute, with an empty, "." or
// ".." element, not UTF-8 or with a NUL. Every store refuses the same paths, so
// that what works in a folder works in a container too, and none can be led out
// of its root.
func CheckPath(path string) error {
	for element := range strings.SplitSeq(path, "/") {
		if err := checkElement(element); err != nil {
			return fmt.Errorf("%w %q: %w", ErrInvalidPath, path, err)
		}
	}
	return checkText(path)
}

// CheckPrefix says why a prefix cannot be listed. Its last element may be the
// beginning of a name; the ones before it are whole.
func CheckPrefix(prefix string) error {
	cut := strings.LastIndexByte(prefix, '/')
	if cut >= 0 {
		if err := CheckPath(prefix[:cut]); err != nil {
			return err
		}
	}
	return checkText(prefix)
}

func checkElement(element string) error {
	switch element {
	case "":
		return errors.New("it is empty, or has an empty part between two '/' or at an end")
	case ".", "..":
		return fmt.Errorf("%q may not be a part of it", element)
	}
	return nil
}

func checkText(path string) error {
	if !utf8.ValidString(path) {
		return fmt.Errorf("%w %q: it is not UTF-8", ErrInvalidPath, path)
	}
	if strings.IndexByte(path, 0) >= 0 {
		return fmt.Errorf("%w %q: it contains a NUL byte", ErrInvalidPath, path)
	}
	return nil
}

// Within clips the range to a file of size bytes: where it begins and how many
// bytes it holds (0 for one that begins at or behind the end).
func (r Range) Within(size int64) (offset, length int64, err error) {
	if r.Offset < 0 {
		return 0, 0, fmt.Errorf("range begins at %d, before the file", r.Offset)
	}
	offset = min(r.Offset, size)
	length = size - offset
	if r.Length >= 0 {
		length = min(length, r.Length)
	}
	return offset, length, nil
}
