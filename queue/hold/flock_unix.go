//go:build unix

package hold

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errHeld: another process has the lock.
var errHeld = errors.New("held")

// tryLock locks an open file against all others until it is closed, or returns errHeld.
func tryLock(f *os.File) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return errHeld
		default:
			return err
		}
	}
}

// IdentityOf returns the identity of an open file.
func IdentityOf(f *os.File) (Identity, error) {
	info, err := f.Stat()
	if err != nil {
		return Identity{}, err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Identity{}, fmt.Errorf("%s: the system does not tell its device and inode", f.Name())
	}
	return Identity{Device: uint64(s.Dev), Inode: uint64(s.Ino)}, nil
}

// Links returns how many names (hard links) an open file has.
func Links(f *os.File) (uint64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink), nil
	}
	return 1, nil
}
