package hold

import (
	"errors"
	"os"
)

// rename gives a file its name. Windows does not rename one that is open.
func rename(f *os.File, from, to string) error { return errors.Join(f.Close(), os.Rename(from, to)) }

// removeOpen closes a file and then removes it, which Windows does not do while it is open.
func removeOpen(f *os.File, path string) error { return errors.Join(f.Close(), os.Remove(path)) }

// SyncFolder does nothing: NTFS keeps names in its journal, and a folder cannot be synced.
func SyncFolder(string) error { return nil }
