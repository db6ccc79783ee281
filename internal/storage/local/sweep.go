package local

import (
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// leftoverAge is well beyond the longest write of one file, so that no
	// other process loses one that it is still filling.
	leftoverAge = 24 * time.Hour
	// sweptFolders bounds the memory of what was swept: an exporter writes into
	// a hundred thousand folders a year.
	sweptFolders = 4096
)

// sweeper remembers when a folder was last looked through: doing so at every
// write would read a log folder of many thousand names each time.
type sweeper struct {
	mu    sync.Mutex
	swept map[string]time.Time
}

// due says whether the folder is to be swept now, and notes that it is.
func (w *sweeper) due(folder string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, ok := w.swept[folder]; ok && now.Sub(last) < leftoverAge {
		return false
	}
	if w.swept == nil || len(w.swept) >= sweptFolders {
		w.swept = make(map[string]time.Time)
	}
	w.swept[folder] = now
	return true
}

// sweep removes the temporary files that a crash left in a folder. It is a
// courtesy: what it cannot read or remove, a later sweep may.
func (s *Store) sweep(folder string) {
	now := s.now()
	if !s.sweeper.due(folder, now) {
		return
	}
	f, err := os.Open(folder)
	if err != nil {
		return
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(listChunk)
		for _, name := range names {
			if isTemp(name) {
				removeLeftover(filepath.Join(folder, name), now)
			}
		}
		if err != nil {
			return
		}
	}
}

func removeLeftover(name string, now time.Time) {
	info, err := os.Lstat(name)
	if err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > leftoverAge {
		_ = os.Remove(name)
	}
}
