package bolt

import (
	"airlift/queue"
	"airlift/queue/bolt/block"
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
func current(bk buckets, seq uint64) (block.Record, where, error) {
	key := seqKey(seq)
	if v := bk.open.Get(key); v != nil {
		rec, err := block.RecordAt(key, v)
		return rec, inOpen, err
	}
	if v := bk.ready.Get(key); v != nil {
		rec, err := block.RecordAt(key, v)
		return rec, inReady, err
	}
	c := bk.results.Cursor()
	rec, in := block.Record{Record: queue.Record{State: queue.Pending}}, implied
	for k, v := c.Seek(key); len(k) == seqLen+4 && keySeq(k) == seq; k, v = c.Next() {
		var err error
		if rec, err = block.RecordAt(k, v); err != nil {
			return rec, inResult, err
		}
		in, rec.Generation = inResult, keyGen(k)+1 // the key, not the value, tells the generation
	}
	return rec, in, nil
}
