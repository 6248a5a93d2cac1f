package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"airlift/queue"
	"airlift/queue/bolt/codec"
	"airlift/queue/bolt/file"
	"airlift/queue/hold"
)

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
	if err := file.Sound(path); err != nil {
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
			ids, err = batchIDs(tx)
			return err
		})
	})
	return ids, err
}

func batchIDs(tx *bbolt.Tx) (ids []string, err error) {
	head, all := tx.Bucket(bucketMeta), tx.Bucket(bucketBatches)
	if head == nil || string(head.Get(keyMagic)) != magic || all == nil {
		return nil, codec.Damaged("it is a database of something else")
	}
	err = all.ForEachBucket(func(k []byte) error {
		if len(k) != 4 {
			return codec.Damaged("a batch has a garbled number")
		}
		bk, err := bucketsOf(tx, binary.BigEndian.Uint32(k))
		if err != nil {
			return err
		}
		var m meta
		if err := readMeta(bk, &m); err != nil {
			return codec.Damaged("batch %x: %v", k, err)
		}
		ids = append(ids, m.Batch.ID)
		return nil
	})
	return ids, err
}
