//go:build unix

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

var (
	readOnlyErrnos  = []syscall.Errno{syscall.EROFS}
	noSpaceErrnos   = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}
	transientErrnos = []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.EINTR, syscall.EAGAIN, syscall.ETIMEDOUT, syscall.ESTALE,
	}
	// What link(2) answers where the file system has no hard links: EPERM is
	// Linux on FAT, the others are network and user-space file systems.
	noLinkErrnos = []syscall.Errno{
		syscall.EPERM, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EMLINK,
	}
)

func etag(info fs.FileInfo) string {
	inode := uint64(0)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = uint64(stat.Ino)
	}
	return fmt.Sprintf("%x-%x-%x", info.Size(), info.ModTime().UnixNano(), inode)
}

func openFile(name string) (*os.File, error) { return os.Open(name) }

func replaceFile(from, to string) error { return os.Rename(from, to) }

// flushFolder makes the names in a folder durable.
func flushFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	// Some network and user-space file systems cannot flush folders; they
	// decide themselves when a name is durable.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
