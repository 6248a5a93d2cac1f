package bolt

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
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

// errFormer is returned by load for a queue of format 3.
var errFormer = errors.New("the queue has a former format")

// upgrade converts a file of format 3 to the present format in one transaction: format 4 stores which reading
// added which items, and records that an item was withdrawn. Up to format 3 the books know only where the latest reading
// began.
func upgrade(tx *bbolt.Tx) error {
	err := eachBatch(tx, func(_ uint32, bk buckets, m *meta) error {
		m.Batch.AddFormerReadings(m.Base)
		value, err := json.Marshal(m)
		if err != nil {
			return err
		}
		return bk.root.Put(keyBatch, codec.Bind(nil, value))
	})
	return errors.Join(err, tx.Bucket(bucketMeta).Put(keyFormat, formatValue()))
}
