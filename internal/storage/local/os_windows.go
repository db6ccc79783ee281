package local

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Error codes of Windows that package syscall has no names for.
const (
	errorWriteProtect     = syscall.Errno(19)
	errorSharingViolation = syscall.Errno(32)
	errorLockViolation    = syscall.Errno(33)
	errorHandleDiskFull   = syscall.Errno(39)
	errorNotSupported     = syscall.Errno(50)
	errorInvalidFunction  = syscall.Errno(1)
	errorDiskFull         = syscall.Errno(112)
	errorTooManyLinks     = syscall.Errno(1142)
)

var (
	readOnlyErrnos  = []syscall.Errno{errorWriteProtect}
	noSpaceErrnos   = []syscall.Errno{errorDiskFull, errorHandleDiskFull}
	transientErrnos = []syscall.Errno{errorSharingViolation, errorLockViolation}
	// What CreateHardLink answers on FAT and exFAT.
	noLinkErrnos = []syscall.Errno{errorInvalidFunction, errorNotSupported, errorTooManyLinks}
)

func etag(info fs.FileInfo) string {
	return fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixNano())
}

// openFile lets others replace and delete the file while it is read, which
// os.Open forbids them on Windows.
func openFile(name string) (*os.File, error) {
	utf16, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	const share = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | syscall.FILE_SHARE_DELETE
	// With backup semantics a folder can be opened, and told from a file that
	// may not be.
	handle, err := syscall.CreateFile(utf16, syscall.GENERIC_READ, share, nil,
		syscall.OPEN_EXISTING, syscall.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(handle), name), nil
}

// replaceFile renames inside a root, because there Go renames as POSIX does:
// also over a file that is being read. os.Rename cannot.
func replaceFile(from, to string) error {
	folder, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Rename(filepath.Base(from), filepath.Base(to))
}

// flushFolder has nothing to do: Windows refuses to flush a folder, and NTFS
// keeps names in its journal.
func flushFolder(string) error { return nil }
