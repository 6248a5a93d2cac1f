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
		rec, err := recordAt(v, seq)
		return rec, inOpen, err
	}
	if v := bk.ready.Get(key); v != nil {
		rec, err := recordAt(v, seq)
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
	rec, err := recordAt(v, keySeq(k))
	rec.gen = keyGen(k) + 1
	return rec, err
}

func recordAt(v []byte, seq uint64) (record, error) {
	rec, err := decodeRecord(v)
	if err != nil {
		return rec, damaged("the record of item %d: %v", seq, err)
	}
	return rec, nil
}
