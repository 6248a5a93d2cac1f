package bolt

import (
	"go.etcd.io/bbolt"

	"airlift/queue"
)

// where says in which bucket an item's present record is.
type where int

const (
	implied  where = iota // never claimed: pending, and nothing stored
	inOpen                // sending or in doubt
	inReady               // pending again
	inResult              // the result of the last generation counts
)

// current returns an item's present record. The item must exist.
func current(bk buckets, seq uint64) (record, where, error) {
	key := seqKey(seq)
	if v := bk.open.Get(key); v != nil {
		rec, err := recordAt(key, v)
		return rec, inOpen, err
	}
	if v := bk.ready.Get(key); v != nil {
		rec, err := recordAt(key, v)
		return rec, inReady, err
	}
	rec, ok, err := lastResult(bk.results.Cursor(), seq)
	if err != nil || ok {
		return rec, inResult, err
	}
	return record{Record: queue.Record{State: queue.Pending}}, implied, nil
}

// lastResult returns the result of the last generation, if the item has any. rec.gen is the generation of the next.
func lastResult(c *bbolt.Cursor, seq uint64) (rec record, ok bool, err error) {
	for k, v := c.Seek(seqKey(seq)); len(k) == seqLen+4 && keySeq(k) == seq; k, v = c.Next() {
		if rec, err = resultAt(k, v); err != nil {
			return rec, false, err
		}
		ok = true
	}
	return rec, ok, nil
}

// resultAt decodes a result; the key, not the value, tells its generation.
func resultAt(k, v []byte) (record, error) {
	rec, err := recordAt(k, v)
	rec.gen = keyGen(k) + 1
	return rec, err
}

// recordAt decodes the record under a key, which begins with the item's sequence number.
func recordAt(k, v []byte) (record, error) { return decodeRecordAt(k, v, (*reader).string) }

// sharedRecordAt is recordAt, but the record shares the memory of v, which is ours and never changes.
func sharedRecordAt(k, v []byte) (record, error) { return decodeRecordAt(k, v, (*reader).text) }

func decodeRecordAt(k, v []byte, text func(*reader) string) (record, error) {
	if len(k) < seqLen {
		return record{}, damaged("a record of no item")
	}
	value, ok := bound(k, v)
	if !ok {
		return record{}, damaged("the record of item %d is garbled", keySeq(k))
	}
	rec, err := decodeRecord(value, text)
	if err != nil {
		return rec, damaged("the record of item %d: %v", keySeq(k), err)
	}
	return rec, nil
}

// putRecord stores a record under its key.
func (t *txn) putRecord(b *bbolt.Bucket, key []byte, rec record) {
	t.put(b, key, bind(key, rec.encode(nil)))
}
