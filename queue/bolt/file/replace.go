package file

import (
	"os"
	"path/filepath"
	"runtime"

	"airlift/queue/hold"
)

// Replace gives the queue's name to a copy of it that is made at a path beside it, and returns the lengths of both files. The copy
// must be durable.
func (f *File) Replace(makeCopy func(path string, mode os.FileMode) error, closeOld func() error) (before, after int64, err error) {
	if err := f.OnlyName(); err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(f.Path)
	if err != nil {
		return 0, 0, err
	}
	tmp := CompactPath(f.Path)
	defer os.Remove(tmp) // gone already if all went well
	if err := makeCopy(tmp, info.Mode().Perm()); err != nil {
		return 0, 0, err
	}
	smaller, err := os.Stat(tmp)
	if err != nil {
		return 0, 0, err
	}
	if runtime.GOOS == "windows" { // which renames no open file; the lock file keeps others out meanwhile
		if err := closeOld(); err != nil {
			return 0, 0, err
		}
	}
	if err := os.Rename(tmp, f.Path); err != nil {
		return 0, 0, err
	}
	return info.Size(), smaller.Size(), hold.SyncFolder(filepath.Dir(f.Path))
}
