package bolt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"

	"airlift/queue/bolt/file"
	"airlift/queue/hold"
)

// compactTx bounds a transaction of the copy, and so its memory, in bytes.
const compactTx = 4 << 20

// Compact rewrites the queue at path without its unused pages and returns the lengths of the file before and after.
// It holds the queue as Open does, with the same errors; a missing file is always [queue.ErrNotExist], one with hard links
// [queue.ErrLinked]. The new file is synced before it takes the old one's place and mode, so that path always names a whole
// queue. It needs as much room beside the old file as the new one takes.
func Compact(path string, o Options) (before, after int64, err error) {
	o.MustExist = true
	// Opened as for work, so that all checks are made and what is in doubt is so in the copy.
	db, err := open(path, o)
	if err == nil {
		if before, after, err = db.compact(); err != nil {
			err = fmt.Errorf("%s: %w", db.Path(), err)
		}
		err = errors.Join(err, db.closeFile())
	}
	if err != nil {
		return 0, 0, fmt.Errorf("compact queue %w", file.WithAdvice(err))
	}
	return before, after, nil
}

func (db *DB) compact() (before, after int64, err error) {
	path := db.Path()
	if err := db.file.OnlyName(); err != nil {
		return 0, 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	tmp := file.CompactPath(path)
	defer os.Remove(tmp) // gone already if all went well
	if err := copyTo(tmp, db.bolt, info.Mode().Perm()); err != nil {
		return 0, 0, err
	}
	smaller, err := os.Stat(tmp)
	if err != nil {
		return 0, 0, err
	}
	if err := replaceOpen(db.bolt, tmp, path); err != nil {
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
	return file.Trim(path, mode)
}
