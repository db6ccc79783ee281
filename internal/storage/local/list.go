package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluicedata/sluice/internal/storage"
)

// listChunk is how many names are asked for at once: between two chunks a
// cancelled listing ends, and names that are skipped are let go.
const listChunk = 1024

// List walks the folders as they are reached: the names of one folder are held
// at a time on each level, and only files that are yielded are looked at.
//
// A walk in order of names is not in order of paths ("a-b" < "a/b", but the
// name "a" < "a-b"), so folders sort by their name with '/' behind it.
func (s *Store) List(ctx context.Context, prefix string, opts storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		w := &walk{ctx: ctx, store: s, prefix: prefix, opts: opts, yield: yield}
		if err := storage.CheckPrefix(prefix); err != nil {
			w.fail(err)
			return
		}
		w.folder(prefix[:strings.LastIndexByte(prefix, '/')+1])
	}
}

// walk is one listing under way.
type walk struct {
	ctx    context.Context
	store  *Store
	prefix string
	opts   storage.ListOptions
	yield  func(storage.Entry, error) bool
}

// child is a name in a folder.
type child struct {
	path   string // for a folder with '/' at the end: that is how it sorts
	folder bool
	linked bool
	dirent fs.DirEntry
}

// folder lists what lies in and below a folder ("" or ending with '/'). It
// returns false when the listing is over.
func (w *walk) folder(dir string) bool {
	children, err := w.children(dir)
	if err != nil {
		return w.fail(err)
	}
	for _, c := range children {
		if err := w.ctx.Err(); err != nil {
			return w.fail(err)
		}
		if !w.visit(dir, c) {
			return false
		}
	}
	return true
}

func (w *walk) visit(dir string, c child) bool {
	switch {
	case !c.folder:
		return w.file(c)
	case w.opts.Delimiter:
		return w.yieldFolder(c)
	case c.linked:
		if err := w.loop(dir, c); err != nil {
			return w.fail(err)
		}
	}
	return w.folder(c.path)
}

// file yields a file. One that is gone since its folder was read is left out,
// as if the listing had come a moment later.
func (w *walk) file(c child) bool {
	info, err := c.info(w.store)
	switch {
	case missing(err):
		return true
	case err != nil:
		return w.fail(err)
	}
	return w.yield(entry(c.path, info), nil)
}

func (c child) info(s *Store) (fs.FileInfo, error) {
	if c.linked {
		return os.Stat(s.URL(c.path))
	}
	return c.dirent.Info()
}

func (w *walk) yieldFolder(c child) bool {
	if !holdsFile(w.store.URL(c.path)) {
		return true
	}
	return w.yield(storage.Entry{Path: strings.TrimSuffix(c.path, "/"), IsDir: true}, nil)
}

// children reads a folder: what the listing wants of it, in order.
func (w *walk) children(dir string) ([]child, error) {
	f, err := os.Open(w.store.URL(dir))
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []child
	for {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		dirents, err := f.ReadDir(listChunk)
		for _, d := range dirents {
			if c, ok, err := w.child(dir, d); err != nil {
				return nil, err
			} else if ok {
				found = append(found, c)
			}
		}
		if errors.Is(err, io.EOF) || missing(err) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b child) int { return strings.Compare(a.path, b.path) })
	return found, nil
}

// child decides by name and kind alone, without looking at the file, whether a
// listing can want it. Only links have to be followed to learn their kind.
func (w *walk) child(dir string, d fs.DirEntry) (child, bool, error) {
	c := child{path: dir + d.Name(), dirent: d, folder: d.IsDir()}
	if isTemp(d.Name()) || !(w.wantsFile(c.path) || w.wantsFolder(c.path+"/")) {
		return c, false, nil
	}
	regular := d.Type().IsRegular()
	// Windows calls some kinds of links irregular.
	if c.linked = d.Type()&(fs.ModeSymlink|fs.ModeIrregular) != 0; c.linked {
		info, err := os.Stat(w.store.URL(c.path))
		if missing(err) {
			return c, false, nil // names no file, as Stat says, too
		}
		if err != nil {
			return c, false, err
		}
		regular, c.folder = info.Mode().IsRegular(), info.IsDir()
	}
	if c.folder {
		c.path += "/"
		return c, w.wantsFolder(c.path), nil
	}
	return c, regular && w.wantsFile(c.path), nil
}

func (w *walk) wantsFile(path string) bool {
	return path > w.opts.StartAfter && strings.HasPrefix(path, w.prefix)
}

// wantsFolder also takes a folder in the midst of which StartAfter lies, unless
// the folder itself would be the entry.
func (w *walk) wantsFolder(path string) bool {
	if !strings.HasPrefix(path, w.prefix) {
		return false
	}
	return path > w.opts.StartAfter || !w.opts.Delimiter && strings.HasPrefix(w.opts.StartAfter, path)
}

// loop finds a link that leads back to a folder it lies in. Such a tree has no
// end, and leaving the link out would hide a mistake.
func (w *walk) loop(dir string, c child) error {
	target, err := os.Stat(w.store.URL(c.path))
	if err != nil {
		return err
	}
	for above := w.store.URL(dir); len(above) >= len(w.store.root); above = filepath.Dir(above) {
		info, err := os.Stat(above)
		if err != nil {
			return err
		}
		if os.SameFile(info, target) {
			return fmt.Errorf("the link %s leads back to the folder %s that it lies in; remove it", w.store.URL(c.path), above)
		}
		if filepath.Dir(above) == above {
			break
		}
	}
	return nil
}

func (w *walk) fail(err error) bool {
	w.yield(storage.Entry{}, w.store.fail("list", w.prefix, err))
	return false
}

// holdsFile says whether any file lies below a folder; without one a store has
// no such folder. What cannot be read is taken to hold some: that one may not
// look into lost+found does not hinder a listing beside it. A link to a folder
// counts as a file, for it may lead round in circles.
func holdsFile(folder string) bool {
	f, err := os.Open(folder)
	if err != nil {
		return !missing(err)
	}
	defer f.Close()
	var below []string
	for {
		dirents, err := f.ReadDir(listChunk)
		for _, d := range dirents {
			switch {
			case d.IsDir():
				below = append(below, filepath.Join(folder, d.Name()))
			case !isTemp(d.Name()):
				return true
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return true
		}
	}
	return slices.ContainsFunc(below, holdsFile)
}
