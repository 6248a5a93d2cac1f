package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"airlift/queue"
	"airlift/queue/bolt/codec"
	"airlift/queue/bolt/file"
	"airlift/queue/hold"
)

// Options say how a queue is opened. The zero Options are those of every command that may create it.
type Options struct {
	// LockTimeout is how long to wait for another process that holds the queue; 0 means one second.
	LockTimeout time.Duration
	// MustExist makes a missing file [queue.ErrNotExist] instead of creating it.
	MustExist bool
	// NoSync leaves out all syncs of the disk, for a queue from which nothing is read after a crash.
	NoSync bool
	// Now is the clock that stamps batches and readings; nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.LockTimeout <= 0 {
		o.LockTimeout = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// allocSize is the step by which the file grows: each step costs an fsync, and its unused rest is in the file's length.
const allocSize = 4 << 20

// initialMap is how much of the file is mapped at first: 16 GiB where addresses have 64 bits; 0, as much as the file has,
// where they have 32.
const initialMap = (16 << 30) & int64(^uint(0)>>1)

// Open opens the queue at path, creating it (mode 0600, its folder 0700) unless o.MustExist is set. Symbolic links are
// resolved first, so that all names of a queue are one. It holds the file against every other process until Close, by a
// lock file beside it (see package file) and by bbolt's own lock. What was being sent when the last process ended is in
// doubt, durably, before Open returns.
//
// Errors: [queue.ErrLocked] after o.LockTimeout, [queue.ErrNotExist], [queue.ErrCorrupt] (no queue, or damaged),
// [queue.ErrNewer], [queue.ErrOlder], [hold.ErrNoLocks]; each names the file and says what to do.
func Open(path string, o Options) (*DB, error) {
	db, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open queue %w", file.WithAdvice(err))
	}
	return db, nil
}

// open opens a queue and holds it. Its errors begin with the path.
func open(path string, o Options) (*DB, error) {
	o = o.withDefaults()
	create := fill
	if o.MustExist {
		create = nil
	}
	f, err := file.Hold(path, o.LockTimeout, create)
	if err != nil {
		return nil, err
	}
	db := newDB(f, o)
	if err := db.open(); err != nil {
		f.Release()
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	go db.write()
	if err := db.recover(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, errors.Join(err, db.closeFile()))
	}
	return db, nil
}

// open opens the file, and reads what stays in memory.
func (db *DB) open() (err error) {
	if db.bolt, db.handle, err = openBolt(db.file, db.opts); err != nil {
		return err
	}
	if err = db.file.Opened(db.handle); err == nil {
		err = guard(db.load)
	}
	if errors.Is(err, errFormer) {
		if err = guard(func() error { return db.bolt.Update(upgrade) }); err == nil {
			err = guard(db.load)
		}
	}
	if err != nil {
		return errors.Join(err, db.bolt.Close())
	}
	return nil
}

// openBolt opens and locks the file that has the path at the time when the lock is ours: a compact may have put another
// in its place meanwhile.
func openBolt(f *file.File, o Options) (*bbolt.DB, *os.File, error) {
	small := false
	for {
		if err := file.Validate(f.Path); err != nil {
			return nil, nil, err
		}
		var handle *os.File
		opts := boltOptions(o)
		if small {
			opts.InitialMmapSize = 0
		}
		opts.OpenFile = func(name string, flag int, perm os.FileMode) (_ *os.File, err error) {
			handle, err = os.OpenFile(name, flag&^os.O_CREATE, perm)
			return handle, err
		}
		var db *bbolt.DB
		err := guard(func() (err error) {
			db, err = bbolt.Open(f.Path, 0o600, opts)
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
			if handle != nil {
				handle.Close() // after a panic within bbolt nobody else does
			}
			return nil, nil, err
		}
		db.AllocSize = allocSize
		same, err := f.Names(handle)
		if same {
			return db, handle, nil
		}
		if err = errors.Join(err, db.Close()); err != nil {
			return nil, nil, err
		}
	}
}

// load reads the header and the batches, which stay in memory.
func (db *DB) load() error {
	return db.bolt.View(func(tx *bbolt.Tx) error {
		db.committed = tx.ID()
		if err := checkFormat(tx); err != nil {
			return err
		}
		// With a wrong key no object would be found, and each would get a second job.
		key, ok := codec.Bound(keyIndexKey, tx.Bucket(bucketMeta).Get(keyIndexKey))
		if !ok || copy(db.indexKey[:], key) != len(db.indexKey) {
			return codec.Damaged("its index key is garbled")
		}
		if tx.Bucket(bucketGates) == nil || tx.Bucket(bucketDays) == nil {
			return codec.Damaged("a bucket is missing")
		}
		return eachBatch(tx, func(num uint32, _ buckets, m *meta) error {
			b := &batch{num: num, meta: *m, intake: newIntake()}
			b.index = db.newIndex(b)
			if m.Indexed > uint64(m.Batch.Counts.Items) {
				return codec.Damaged("batch %d: its index goes beyond its items", num)
			}
			db.publish(b)
			return nil
		})
	})
}

// checkFormat refuses files of other formats. It returns errFormer for a queue that upgrade can convert.
func checkFormat(tx *bbolt.Tx) error {
	head := tx.Bucket(bucketMeta)
	if head == nil || string(head.Get(keyMagic)) != magic || tx.Bucket(bucketBatches) == nil {
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
	return nil
}

// eachBatch calls fn with each batch, oldest first.
func eachBatch(tx *bbolt.Tx, fn func(num uint32, bk buckets, m *meta) error) error {
	return tx.Bucket(bucketBatches).ForEachBucket(func(k []byte) error {
		if len(k) != 4 {
			return codec.Damaged("a batch has a garbled number")
		}
		num := binary.BigEndian.Uint32(k)
		bk, err := bucketsOf(tx, num)
		if err != nil {
			return err
		}
		var m meta
		if err := readMeta(bk, &m); err != nil {
			return codec.Damaged("batch %d: %v", num, err)
		}
		return fn(num, bk, &m)
	})
}

// readMeta reads a batch's meta and verifies its checksum.
func readMeta(bk buckets, m *meta) error {
	value, ok := codec.Bound(nil, bk.root.Get(keyBatch))
	if !ok {
		return errors.New("its meta is damaged")
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
				s := queue.Step{Seq: seqs[i], Kind: queue.Interrupted}
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

// boltOptions are bbolt's options for a queue. The freelist is kept on disk, for without it the whole file is read at open.
func boltOptions(o Options) *bbolt.Options {
	opts := &bbolt.Options{Timeout: o.LockTimeout, FreelistType: bbolt.FreelistMapType, NoStatistics: true, NoSync: o.NoSync}
	// A commit that must move the map waits for all readers, so the map is made large from the start: it takes
	// addresses, not memory. Windows would make the file itself as large.
	if runtime.GOOS != "windows" {
		opts.InitialMmapSize = int(initialMap)
	}
	return opts
}

// BatchIDs returns the ids of the batches of the queue at path, oldest first. It only reads: it makes no file, brings no
// queue to the present format, and waits for nobody.
//
// Errors: [queue.ErrLocked] at once if another process holds the queue, [queue.ErrNotExist], [queue.ErrCorrupt].
func BatchIDs(path string) ([]string, error) {
	path, err := hold.Resolve(path)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", queue.ErrNotExist, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is no regular file", queue.ErrCorrupt, path)
	}
	if err := file.Validate(path); err != nil {
		return nil, err
	}
	var ids []string
	err = guard(func() error {
		db, err := bbolt.Open(path, 0, &bbolt.Options{ReadOnly: true, Timeout: time.Nanosecond}) // one try
		if errors.Is(err, bolterrors.ErrTimeout) {
			return queue.ErrLocked
		}
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error {
			if err := checkFormat(tx); err != nil && !errors.Is(err, errFormer) {
				return err
			}
			return eachBatch(tx, func(_ uint32, _ buckets, m *meta) error {
				ids = append(ids, m.Batch.ID)
				return nil
			})
		})
	})
	return ids, err
}
