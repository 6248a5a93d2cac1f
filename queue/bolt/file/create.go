package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"airlift/queue/hold"
)

// create makes a file, whole or not at all: it is built under another name in the same folder, synced, and only then
// given its own. The caller holds the lock. A file that came meanwhile stays.
func create(path string, fill func(path string) error) error {
	tmp := newPath(path)
	defer os.Remove(tmp)
	if err := fill(tmp); err != nil {
		return err
	}
	if err := syncFile(tmp); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces; some file systems have none.
	if err := os.Link(tmp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(tmp, path); err != nil {
			return err
		}
	}
	return hold.SyncFolder(filepath.Dir(path))
}

// makeFolder makes a folder and those above it that are missing. Its name is durable when it returns, even if it was
// there: whoever made it may have been killed before it was.
func makeFolder(dir string) error {
	above := filepath.Dir(dir)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(above); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return syncNames(above)
}

// syncNames makes durable what another process may have done to the names in a folder and not synced. In a folder that
// we may not read no process of this user did anything.
func syncNames(dir string) error {
	if err := hold.SyncFolder(dir); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// syncFile makes a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return f.Close()
}
