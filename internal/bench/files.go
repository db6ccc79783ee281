package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"
)

// version of a file, as far as its entry in the folder tells.
type version struct {
	size     int64
	modified time.Time
}

// contents of a folder and all below it. One that is not there is empty.
func contents(dir string) (map[string]version, error) {
	out := map[string]version{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			out[path] = version{info.Size(), info.ModTime()}
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	return out, err
}

// newBytes are those of the files that were not there before as they are now.
func newBytes(before, after map[string]version) int64 {
	total := int64(0)
	for path, v := range after {
		if before[path] != v {
			total += v.size
		}
	}
	return total
}

func folderSize(dir string) (int64, error) {
	files, err := contents(dir)
	return newBytes(nil, files), err
}
