package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"airlift/queue"
	"airlift/queue/bolt/codec"
	"airlift/queue/hold"
)

// Open opens the queue at path, creating it (mode 0600, its folder 0700) unless o.MustExist is set. Symbolic links are
// resolved first, so that all names of a queue are one. It holds the file against every other process until Close, by a
// lock file beside it (see [LockPath]) and by bbolt's own lock. What was being sent when the last process ended is in
// doubt, durably, before Open returns.
//
// Errors: [queue.ErrLocked] after o.LockTimeout, [queue.ErrNotExist], [queue.ErrCorrupt] (no queue, or damaged),
// [queue.ErrNewer], [queue.ErrOlder], [hold.ErrNoLocks]; each names the file and says what to do.
func Open(path string, o Options) (*DB, error) {
	o = o.withDefaults()
	name, err := filepath.Abs(path)
	if err == nil {
		path, err = hold.Resolve(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	db, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open queue %s: %w", path, remedied(err))
	}
	db.name = name
	return db, nil
}

// open opens the queue at a resolved path and holds it.
func open(path string, o Options) (*DB, error) {
	lock, err := takeLock(path, o)
	if err != nil {
		return nil, err
	}
	db, err := openHeld(path, o, lock)
	if err != nil {
		lock.Release()
	}
	return db, err
}

// openHeld opens the queue for the holder of its lock file.
func openHeld(path string, o Options, lock *hold.Lock) (*DB, error) {
	removeLeft(path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.MustExist:
		return nil, errNotExist()
	case errors.Is(err, fs.ErrNotExist):
		if err := create(path); err != nil {
			return nil, err
		}
	case err == nil && !info.Mode().IsRegular() && !info.IsDir(): // a pipe would be waited for
		return nil, fmt.Errorf("%w: it is no regular file; name another with --queue", queue.ErrCorrupt)
	}
	file, handle, err := openFile(path, o)
	if err != nil {
		return nil, err
	}
	// Whoever gave the file its name, creating or compacting, may have been killed before that was durable.
	if err := settleNames(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	db := newDB(path, o, file, handle)
	db.lock = lock
	if err := db.identify(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	err = guard(db.load)
	if errors.Is(err, errFormer) {
		if err = guard(func() error { return file.Update(upgrade) }); err == nil {
			err = guard(db.load)
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	go db.write()
	if err := db.recover(); err != nil {
		return nil, errors.Join(err, db.closeFile())
	}
	return db, nil
}

// remedied says what to do about what the system refused, where nothing else has said it.
func remedied(err error) error {
	_, system := errors.AsType[syscall.Errno](err)
	if !system || errors.Is(err, queue.ErrBroken) {
		return err
	}
	return fmt.Errorf("%w; see to the disk and to the rights on the file and its folder, then start again", err)
}

// openFile opens and locks the file that path names at the time when the lock is ours: a compact may have put
// another in its place meanwhile.
func openFile(path string, o Options) (*bbolt.DB, *os.File, error) {
	small := false
	for {
		if err := sound(path); err != nil {
			return nil, nil, err
		}
		var file *os.File
		opts := boltOptions(o)
		if small {
			opts.InitialMmapSize = 0
		}
		opts.OpenFile = func(name string, flag int, perm os.FileMode) (f *os.File, err error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE, perm)
			return file, err
		}
		var db *bbolt.DB
		err := guard(func() (err error) {
			db, err = bbolt.Open(path, 0o600, opts)
			return err
		})
		switch {
		case errors.Is(err, syscall.ENOMEM) && !small:
			small = true // addresses are limited here; it works with fewer, a little slower
			continue
		case errors.Is(err, bolterrors.ErrTimeout):
			return nil, nil, fmt.Errorf("%w, under another name of the file or with an older airlift; wait for it to end", queue.ErrLocked)
		case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
			return nil, nil, codec.Damaged("%v", err)
		case err != nil:
			if file != nil {
				file.Close() // after a panic within bbolt nobody else does
			}
			return nil, nil, err
		}
		db.AllocSize = allocSize
		same, err := isStill(path, file)
		if same {
			return db, file, nil
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return nil, nil, err
		}
	}
}

func isStill(path string, f *os.File) (bool, error) {
	held, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	return os.SameFile(held, named), nil
}

// load reads the header and the batches, which stay in memory.
func (db *DB) load() error {
	return db.file.View(func(tx *bbolt.Tx) error {
		db.committed = tx.ID()
		head := tx.Bucket(bucketMeta)
		if head == nil || string(head.Get(keyMagic)) != magic {
			return codec.Damaged("it is a database of something else")
		}
		version := head.Get(keyFormat)
		if len(version) != 4 {
			return codec.Damaged("it has no format version")
		}
		switch n := binary.BigEndian.Uint32(version); {
		case n > format:
			return fmt.Errorf("%w: format %d, this airlift knows up to %d; use the newer airlift", queue.ErrNewer, n, format)
		case n < formerFormat:
			return fmt.Errorf("%w: format %d, this airlift reads %d and %d; move the file away, and make a new queue with `airlift adopt`, which finds the jobs that were sent",
				queue.ErrOlder, n, formerFormat, format)
		case n == formerFormat:
			return errFormer
		}
		// With another key no object would be found again, and each get a second job.
		if key, ok := codec.Bound(keyIndexKey, head.Get(keyIndexKey)); !ok || copy(db.indexKey[:], key) != len(db.indexKey) {
			return codec.Damaged("its index key is garbled")
		}
		all := tx.Bucket(bucketBatches)
		if all == nil || tx.Bucket(bucketGates) == nil || tx.Bucket(bucketDays) == nil {
			return codec.Damaged("a bucket is missing")
		}
		return all.ForEachBucket(func(k []byte) error {
			if len(k) != 4 {
				return codec.Damaged("a batch has a garbled number")
			}
			b := newBatch(binary.BigEndian.Uint32(k))
			bk, err := bucketsOf(tx, b.num)
			if err != nil {
				return err
			}
			if err := readMeta(bk, &b.meta); err != nil {
				return codec.Damaged("batch %d: %v", b.num, err)
			}
			b.index = db.newIndex(b)
			if b.meta.Indexed > uint64(b.meta.Batch.Counts.Items) {
				return codec.Damaged("batch %d: its index goes beyond its items", b.num)
			}
			db.publish(b)
			return nil
		})
	})
}

// readMeta reads a batch's books. They say what is sent next: a flipped bit there must not pass.
func readMeta(bk buckets, m *meta) error {
	value, ok := codec.Bound(nil, bk.root.Get(keyBatch))
	if !ok {
		return errors.New("its books are garbled")
	}
	return json.Unmarshal(value, m)
}

// recover puts in doubt what was being sent when the last process ended.
func (db *DB) recover() error {
	for _, b := range db.all() {
		if b.meta.Batch.Counts.Sending == 0 {
			continue
		}
		err := db.submit(context.Background(), false, func(t *txn) error {
			v, err := t.items(b)
			if err != nil {
				return err
			}
			var seqs []uint64
			err = v.bk.open.ForEach(func(k, _ []byte) error {
				seqs = append(seqs, keySeq(k))
				return nil
			})
			for i := 0; i < len(seqs) && err == nil; i++ {
				s := queue.Step{Seq: seqs[i]}
				if s.Before, err = v.Record(s.Seq); err == nil && s.Before.State == queue.Sending {
					s.After = queue.Recover(s.Before)
					err = t.apply(v, &s, "")
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("recover batch %q: %w", b.meta.Batch.ID, err)
		}
	}
	return nil
}
