package bolt

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"airlift/queue/bolt/file"
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
		before, after, err = db.file.Replace(func(tmp string, mode os.FileMode) error { return copyTo(tmp, db.bolt, mode) }, db.bolt.Close)
		if err != nil {
			err = fmt.Errorf("%s: %w", db.Path(), err)
		}
		err = errors.Join(err, db.closeFile())
	}
	if err != nil {
		return 0, 0, fmt.Errorf("compact queue %w", file.WithAdvice(err))
	}
	return before, after, nil
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
