package bolt

import (
	"errors"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// errFormer is load's answer to a queue of a former format.
var errFormer = errors.New("the queue has a former format")

// upgrade writes a queue of format 1 anew in the present one and puts it in the old one's place, whole or not at all. What
// differs: in format 1 records, runs, gates, daily counts and the index key had no checksum.
func upgrade(path string, from *bbolt.DB) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp := compactName(path) // the next open deletes what a kill leaves of it
	defer os.Remove(tmp)
	if err := copyTo(tmp, from, info.Mode().Perm(), bindAll); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// bindAll gives every value of a copy its checksum, and the copy its format.
func bindAll(to *bbolt.DB) error {
	var paths [][][]byte
	err := to.View(func(tx *bbolt.Tx) error {
		paths = [][][]byte{{bucketGates}, {bucketDays}}
		return tx.Bucket(bucketBatches).ForEachBucket(func(num []byte) error {
			num = append([]byte(nil), num...)
			for _, name := range [][]byte{bucketOpen, bucketReady, bucketResults, bucketRuns} {
				paths = append(paths, [][]byte{bucketBatches, num, name})
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, p := range paths {
		for from := []byte(nil); ; {
			more := false
			err := to.Update(func(tx *bbolt.Tx) (err error) {
				from, more, err = bindStretch(bucketAt(tx, p), from)
				return err
			})
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return to.Update(func(tx *bbolt.Tx) error {
		head := tx.Bucket(bucketMeta)
		key := append([]byte(nil), head.Get(keyIndexKey)...)
		return errors.Join(head.Put(keyIndexKey, bind(keyIndexKey, key)), head.Put(keyFormat, formatValue()))
	})
}

// bindStretch binds some values of a bucket from the given key on and returns where the next stretch begins.
func bindStretch(b *bbolt.Bucket, from []byte) (next []byte, more bool, err error) {
	if b == nil {
		return nil, false, damaged("a bucket is missing")
	}
	const most = 20_000
	var keys, values [][]byte
	c := b.Cursor()
	for k, v := c.Seek(from); k != nil; k, v = c.Next() {
		if len(keys) == most {
			next, more = append([]byte(nil), k...), true
			break
		}
		keys = append(keys, append([]byte(nil), k...))
		values = append(values, bind(k, append([]byte(nil), v...)))
	}
	b.FillPercent = 0.95
	for i, k := range keys {
		if err := b.Put(k, values[i]); err != nil {
			return nil, false, err
		}
	}
	return next, more, nil
}

// bucketAt returns a bucket within buckets, nil if it is missing.
func bucketAt(tx *bbolt.Tx, path [][]byte) *bbolt.Bucket {
	b := tx.Bucket(path[0])
	for _, name := range path[1:] {
		if b == nil {
			return nil
		}
		b = b.Bucket(name)
	}
	return b
}
