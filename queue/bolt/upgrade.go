package bolt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/hold"
)

// errFormer is load's answer to a queue of a former format.
var errFormer = errors.New("the queue has a former format")

// upgrade brings a queue of a former format to the present one, whole or not at all.
func upgrade(path string, from *bbolt.DB) error {
	version := uint32(0)
	err := from.View(func(tx *bbolt.Tx) error {
		version = binary.BigEndian.Uint32(tx.Bucket(bucketMeta).Get(keyFormat))
		return nil
	})
	if err != nil {
		return err
	}
	switch version {
	case 1:
		return upgradeFirst(path, from)
	case 2:
		return from.Update(bookIndexed)
	}
	return from.Update(bookAdditions)
}

// bookIndexed takes a file from format 2 to 3: from now on the books say how far the runs of the index go. Up to format 2
// every item was in one.
func bookIndexed(tx *bbolt.Tx) error {
	err := changeBooks(tx, func(m *meta) { m.Indexed = uint64(m.Batch.Counts.Items) })
	if err != nil {
		return err
	}
	return bookAdditions(tx)
}

// bookAdditions takes a file from format 3 to 4: from now on the books say which reading added which items, and records
// that an item was withdrawn. Up to format 3 the books know only where the latest reading began.
func bookAdditions(tx *bbolt.Tx) error {
	err := changeBooks(tx, func(m *meta) {
		b := &m.Batch
		if b.Reading.Number == 0 && !b.Reading.Started.IsZero() {
			b.Reading.Number = 1
		}
		if b.Counts.Items == 0 || len(b.Additions) > 0 {
			return
		}
		b.Additions = []queue.Addition{{Reading: b.Reading.Number, Started: b.Reading.Started}}
		if m.Base > 0 {
			b.Additions[0].Started = b.Created
			if b.Reading.Number++; m.Base < uint64(b.Counts.Items) {
				b.Additions = append(b.Additions, queue.Addition{Reading: b.Reading.Number, First: m.Base, Started: b.Reading.Started})
			}
		}
	})
	return errors.Join(err, tx.Bucket(bucketMeta).Put(keyFormat, formatValue()))
}

// changeBooks changes the books of every batch.
func changeBooks(tx *bbolt.Tx, change func(*meta)) error {
	return tx.Bucket(bucketBatches).ForEachBucket(func(k []byte) error {
		bk, err := bucketsOf(tx, binary.BigEndian.Uint32(k))
		if err != nil {
			return err
		}
		var m meta
		if err := readMeta(bk, &m); err != nil {
			return damaged("batch %x: %v", k, err)
		}
		change(&m)
		value, err := json.Marshal(&m)
		if err != nil {
			return err
		}
		return bk.root.Put(keyBatch, appendSum(value))
	})
}

// upgradeFirst writes a queue of format 1 anew and puts it in the old one's place. What differs: in format 1 records,
// runs, gates, daily counts and the index key had no checksum, and the entries of the index repeated what they share.
func upgradeFirst(path string, from *bbolt.DB) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	tmp := compactName(path) // the next open deletes what a kill leaves of it
	defer os.Remove(tmp)
	if err := copyTo(tmp, from, info.Mode().Perm(), bindAll); err != nil {
		return err
	}
	if err := replaceOpen(from, tmp, path); err != nil {
		return err
	}
	return hold.SyncFolder(filepath.Dir(path))
}

// part is a bucket whose values the upgrade changes.
type part struct {
	path   [][]byte
	change func(k, v []byte) ([]byte, error)
}

// bindAll gives every value of a copy its present form, and the copy its format.
func bindAll(to *bbolt.DB) error {
	var parts []part
	err := to.View(func(tx *bbolt.Tx) (err error) {
		parts, err = formerParts(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range parts {
		for from, more := []byte(nil), true; more; {
			err := to.Update(func(tx *bbolt.Tx) (err error) {
				from, more, err = p.stretch(bucketAt(tx, p.path), from)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return to.Update(func(tx *bbolt.Tx) error {
		head := tx.Bucket(bucketMeta)
		return errors.Join(head.Put(keyIndexKey, bind(keyIndexKey, bytes.Clone(head.Get(keyIndexKey)))), bookIndexed(tx))
	})
}

// formerParts lists what format 1 had otherwise.
func formerParts(tx *bbolt.Tx) ([]part, error) {
	parts := []part{{[][]byte{bucketGates}, bindFormer}, {[][]byte{bucketDays}, bindFormer}}
	err := tx.Bucket(bucketBatches).ForEachBucket(func(k []byte) error {
		num := bytes.Clone(k)
		for _, name := range [][]byte{bucketOpen, bucketReady, bucketResults, bucketRuns} {
			parts = append(parts, part{[][]byte{bucketBatches, num, name}, bindFormer})
		}
		index := bucketAt(tx, [][]byte{bucketBatches, num, bucketIndex})
		if index == nil {
			return damaged("the index of a batch is missing")
		}
		return index.ForEachBucket(func(run []byte) error {
			parts = append(parts, part{[][]byte{bucketBatches, num, bucketIndex, bytes.Clone(run)}, regroupFormer})
			return nil
		})
	})
	return parts, err
}

// bindFormer is for values that had no checksum.
func bindFormer(k, v []byte) ([]byte, error) { return bind(k, bytes.Clone(v)), nil }

// regroupFormer is for values of the index: entries of hash, fingerprint (4 bytes) and sequence number (5), and their
// checksum.
func regroupFormer(k, v []byte) ([]byte, error) {
	const width = hashLen + 4 + seqBytes
	value, ok := summed(v)
	if !ok || len(value) == 0 || len(value)%width != 0 {
		return nil, damaged("a value of the index is garbled")
	}
	var entries []entry
	var shape groupShape
	for ; len(value) > 0; value = value[width:] {
		e := entry{hashAt(value), binary.BigEndian.Uint32(value[hashLen:]), bigEndian(value[hashLen+4 : width])}
		if len(entries) == 0 {
			shape = shapeOf(&e)
		}
		shape.take(&e)
		entries = append(entries, e)
	}
	_, v = packGroup(entries, shape)
	return v, nil
}

// stretch changes some values of a bucket from the given key on and returns where the next stretch begins.
func (p part) stretch(b *bbolt.Bucket, from []byte) (next []byte, more bool, err error) {
	if b == nil {
		return nil, false, damaged("a bucket is missing")
	}
	const most = 20_000
	var keys, values [][]byte
	c := b.Cursor()
	for k, v := c.Seek(from); k != nil; k, v = c.Next() {
		if len(keys) == most {
			next, more = bytes.Clone(k), true
			break
		}
		changed, err := p.change(k, v)
		if err != nil {
			return nil, false, err
		}
		keys, values = append(keys, bytes.Clone(k)), append(values, changed)
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
