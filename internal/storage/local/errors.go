package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/sluicedata/sluice/internal/storage"
)

// missing holds also for a path below a file ("a/b" where "a" is a file).
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// classify puts an error of the operating system under the sentinel that it
// means and takes off the operation and name that [storage.Error] repeats.
func classify(name string, err error) error {
	cause := bare(name, err)
	switch {
	case err == nil:
		return nil
	case sentinel(err):
		return cause
	case missing(err):
		return storage.ErrNotExist
	case errors.Is(err, fs.ErrPermission) || isErrno(err, readOnlyErrnos):
		return fmt.Errorf("%w (%w)", storage.ErrDenied, cause)
	case isErrno(err, noSpaceErrnos):
		return fmt.Errorf("%w (%w)", storage.ErrNoSpace, cause)
	case isErrno(err, transientErrnos):
		return fmt.Errorf("%w (%w)", storage.ErrTransient, cause)
	}
	return cause
}

// sentinel says whether the error has its class already.
func sentinel(err error) bool {
	for _, class := range []error{
		storage.ErrNotExist, storage.ErrExists, storage.ErrChanged, storage.ErrDenied,
		storage.ErrNoSpace, storage.ErrTransient, storage.ErrInvalidPath,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

func isErrno(err error, list []syscall.Errno) bool {
	for _, errno := range list {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// bare drops "open name:" where it only repeats; the name of a parent folder
// stays, because it says where a right is wanting.
func bare(name string, err error) error {
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok && (path.Path == name || isTempName(path.Path)) {
		return path.Err
	}
	return err
}
