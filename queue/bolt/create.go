package bolt

import (
	"crypto/rand"
	"encoding/binary"
	"errors"

	"go.etcd.io/bbolt"

	"airlift/queue/bolt/codec"
)

// fill makes the buckets.
func fill(path string) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketBatches, bucketGates, bucketDays} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		key := make([]byte, 16)
		rand.Read(key)
		meta := tx.Bucket(bucketMeta)
		return errors.Join(meta.Put(keyMagic, []byte(magic)), meta.Put(keyIndexKey, codec.Bind(keyIndexKey, key)),
			meta.Put(keyFormat, formatValue()))
	})
	if err != nil {
		return err
	}
	return db.Close()
}

// formatValue is what the header holds as the format.
func formatValue() []byte { return binary.BigEndian.AppendUint32(nil, format) }
