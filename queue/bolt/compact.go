package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"

	"airlift/queue/hold"
)

// compactName is where Compact builds the new file.
func compactName(path string) string { return path + ".compact" }

// compactTx bounds a transaction of the copy, and so its memory, in bytes.
const compactTx = 4 << 20

// Compact writes the queue at path anew without its unused pages and returns the lengths of the file before and after.
// It holds the queue as Open does, with the same errors (a missing file is always [queue.ErrNotExist], one
// with hard links [queue.ErrLinked]). The new file is
// synced before it takes the old one's place and mode, so whatever happens path names a whole queue. It needs as much
// room beside the old file as the new one takes.
func Compact(path string, o Options) (before, after int64, err error) {
	o = o.withDefaults()
	o.MustExist = true
	path, err = hold.Resolve(path)
	if err == nil {
		before, after, err = compact(path, o)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("compact queue %s: %w", path, remedied(err))
	}
	return before, after, nil
}

func compact(path string, o Options) (before, after int64, err error) {
	// Opened as for work, so that all checks are made and what is in doubt is so in the copy.
	db, err := open(path, o)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.closeFile()) }()
	if err := db.onlyName(); err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	tmp := compactName(path)
	defer os.Remove(tmp) // gone already if all went well
	if err := copyTo(tmp, db.file, info.Mode().Perm()); err != nil {
		return 0, 0, err
	}
	smaller, err := os.Stat(tmp)
	if err != nil {
		return 0, 0, err
	}
	if err := replaceOpen(db.file, tmp, path); err != nil {
		return 0, 0, err
	}
	return info.Size(), smaller.Size(), hold.SyncFolder(filepath.Dir(path))
}

// replaceOpen gives a new file the name of the queue that is open. On Windows it must be closed before; the lock file keeps
// others out meanwhile.
func replaceOpen(open *bbolt.DB, tmp, path string) error {
	if runtime.GOOS == "windows" {
		if err := open.Close(); err != nil {
			return err
		}
	}
	return os.Rename(tmp, path)
}

// copyTo writes a durable copy, cut to what it uses.
func copyTo(path string, from *bbolt.DB, mode os.FileMode) error {
	opts := boltOptions(Options{LockTimeout: time.Second})
	opts.NoSync, opts.NoGrowSync = true, true // synced once, at the end
	to, err := bbolt.Open(path, mode, opts)
	if err != nil {
		return err
	}
	to.AllocSize = allocSize
	err = guard(func() error { return bbolt.Compact(to, from, compactTx) })
	if err := errors.Join(err, to.Close()); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	high, pageSize, err := newestMeta(f)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(int64(high*pageSize)), f.Chmod(mode), f.Sync(), f.Close())
}
