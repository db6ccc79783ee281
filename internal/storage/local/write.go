package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

const (
	tempPrefix = ".sluice-"
	tempSuffix = ".tmp"
)

// folderAttempts is how often a folder is made again that Delete, here or in
// another process, removed as empty just before the first file came into it.
const folderAttempts = 1000

func isTemp(element string) bool {
	return strings.HasPrefix(element, tempPrefix) && strings.HasSuffix(element, tempSuffix)
}

func isTempName(name string) bool { return isTemp(filepath.Base(name)) }

// Write begins a file that Close publishes.
func (s *Store) Write(ctx context.Context, path string) (storage.Writer, error) {
	name, err := s.resolve(ctx, path)
	if err != nil {
		return nil, s.fail("write", path, err)
	}
	temp, err := s.createTemp(filepath.Dir(name))
	if err != nil {
		return nil, s.fail("write", path, err)
	}
	return &writer{ctx: ctx, store: s, path: path, name: name, temp: temp}, nil
}

// writer fills a temporary file. An error in any step is kept: a file of which
// a part is missing must never be published.
type writer struct {
	ctx   context.Context
	store *Store
	path  string
	name  string
	temp  *os.File
	err   error
	ended bool
}

func (w *writer) Write(p []byte) (int, error) {
	if w.err == nil && w.ended {
		w.err = errEnded
	}
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	n := 0
	if w.err == nil {
		n, w.err = w.temp.Write(p)
	}
	return n, w.store.fail("write", w.path, w.err)
}

// errEnded is the answer to a caller that goes on after the end.
var errEnded = errors.New("the writer is closed")

func (w *writer) Close() error {
	if w.ended {
		return w.store.fail("write", w.path, errEnded)
	}
	w.ended = true
	err := w.err
	if err == nil {
		err = w.ctx.Err()
	}
	if ferr := w.store.finish(w.temp, err == nil); err == nil {
		err = ferr
	}
	if err == nil {
		err = replaceFile(w.temp.Name(), w.name)
	}
	if err != nil {
		_ = os.Remove(w.temp.Name()) // hidden, and swept later if this does not work
		return w.store.fail("write", w.path, err)
	}
	return w.store.fail("write", w.path, w.store.syncFolder(filepath.Dir(w.name)))
}

func (w *writer) Abort() error {
	if w.ended {
		return nil
	}
	w.ended = true
	_ = w.temp.Close()
	return w.store.fail("write", w.path, os.Remove(w.temp.Name()))
}

// PutIfAbsent links a whole temporary file to the path: link(2) is the one call
// that fails when the path is taken and never shows a file without content.
func (s *Store) PutIfAbsent(ctx context.Context, path string, data []byte) error {
	name, err := s.resolve(ctx, path)
	if err == nil {
		err = s.putIfAbsent(name, data)
	}
	return s.fail("put-if-absent", path, err)
}

func (s *Store) putIfAbsent(name string, data []byte) error {
	temp, err := s.createTemp(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if ferr := s.finish(temp, err == nil); err == nil {
		err = ferr
	}
	if err != nil {
		return err
	}
	err = s.link(temp.Name(), name)
	if isErrno(err, noLinkErrnos) {
		err = s.createExclusive(name, data)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return storage.ErrExists
	case err != nil:
		return err
	}
	return s.syncFolder(filepath.Dir(name))
}

// createExclusive is for file systems without hard links (FAT, some network
// shares). There is still one winner, but a reader that comes in the same
// moment may see the file before its content.
func (s *Store) createExclusive(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if ferr := s.finish(f, err == nil); err == nil {
		err = ferr
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}

// finish closes a written file, flushed if it is to be kept.
func (s *Store) finish(f *os.File, keep bool) error {
	var err error
	if keep && s.durable {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// createTemp opens a new temporary file in a folder, which is made if need be.
func (s *Store) createTemp(folder string) (*os.File, error) {
	var err error
	for range folderAttempts {
		if err = s.makeFolder(folder); err == nil {
			name := filepath.Join(folder, tempPrefix+rand.Text()+tempSuffix)
			var f *os.File
			// With the mode of any new file (os.CreateTemp takes 0600), since
			// other programs are to read what is published.
			if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err == nil {
				s.sweep(folder)
				return f, nil
			}
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, err
}

// makeFolder makes a folder and its parents, each durable in its own parent.
func (s *Store) makeFolder(folder string) error {
	info, err := os.Stat(folder)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("%s is a file where the path needs a folder", folder)
	case !missing(err):
		return err
	}
	parent := filepath.Dir(folder)
	if parent == folder {
		return err
	}
	if err := s.makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.syncFolder(parent)
}

func (s *Store) syncFolder(folder string) error {
	if !s.durable {
		return nil
	}
	return flushFolder(folder)
}
