//go:build unix

package hold

import (
	"errors"
	"os"
	"path/filepath"
)

// rename gives an open file its name.
func rename(_ *os.File, from, to string) error { return os.Rename(from, to) }

// removeOpen removes a file and then closes it, so that its lock lasts until it is gone.
func removeOpen(f *os.File, path string) error { return errors.Join(os.Remove(path), f.Close()) }

// SyncFolder makes the names in a folder durable.
func SyncFolder(dir string) error {
	f, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
