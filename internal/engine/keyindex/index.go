package keyindex

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrInUse: another process, or another call of this one, has the index open.
var ErrInUse = errors.New("the key index is in use")

// Index is an open index. Look-ups may run side by side, and not beside an
// update.
type Index struct {
	dir  string
	lock *os.File
	manifest
	runs []*run
}

// Open opens the index in a folder, or begins one that is empty. One of another
// stamp counts as empty. With ErrDamaged the folder may be removed by [Remove].
func Open(dir string, stamp Stamp) (*Index, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	x := &Index{dir: dir, lock: lock}
	if err := x.load(stamp); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

func (x *Index) load(stamp Stamp) error {
	m, err := readManifest(x.dir)
	if err != nil {
		return err
	}
	if m == nil || m.Stamp != stamp {
		// What is there stays until an update takes its place.
		x.manifest = manifest{Stamp: stamp, Version: -1, Next: 1}
		return nil
	}
	x.manifest = *m
	for _, r := range m.Runs {
		opened, err := openRun(x.dir, r)
		if err != nil {
			return err
		}
		x.runs = append(x.runs, opened)
	}
	return x.sweep()
}

// sweep removes runs that do not count: those that a merge took in, and those of
// an update that did not come to its end.
func (x *Index) sweep() error {
	names, err := os.ReadDir(x.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		counts := slices.ContainsFunc(x.Runs, func(r Run) bool { return r.Name == n.Name() })
		if strings.HasSuffix(n.Name(), runSuffix) && !counts {
			if err := os.Remove(filepath.Join(x.dir, n.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close lets go of the index.
func (x *Index) Close() error {
	var errs []error
	for _, r := range x.runs {
		errs = append(errs, r.file.Close())
	}
	x.runs = nil
	if x.lock != nil {
		errs = append(errs, x.lock.Close())
		x.lock = nil
	}
	return errors.Join(errs...)
}

// Files are those that entries may point into.
func (x *Index) Files() []File { return x.manifest.Files }

// At is the version of the table that the index was last brought to, -1 for none.
func (x *Index) At() int64 { return x.Version }

// NewFile gives out the ordinal of one more file. It counts once an update names
// it.
func (x *Index) NewFile() int64 {
	x.Next++
	return x.Next - 1
}

// Entries is how many there are, those that count for nothing included.
func (x *Index) Entries() int64 {
	n := int64(0)
	for _, r := range x.Runs {
		n += r.Entries
	}
	return n
}

// Remove drops the index in a folder unless it is in use.
func Remove(dir string) error {
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return err
	}
	names, err := os.ReadDir(dir)
	for _, n := range names {
		if strings.HasSuffix(n.Name(), runSuffix) || strings.HasPrefix(n.Name(), manifestName) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, n.Name())))
		}
	}
	return errors.Join(err, lock.Close())
}
