package bolt

import (
	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// historyOf returns the history of the object whose first item has that number, if it has any.
func historyOf(bk buckets, first uint64) (h queue.History, ok bool, err error) {
	if bk.histories == nil {
		return h, false, nil
	}
	key := seqKey(first)
	value := bk.histories.Get(key)
	if value == nil {
		return h, false, nil
	}
	h, err = block.HistoryAt(key, value)
	return h, err == nil, err
}

// objectHistory is the history of an object, named by its first item, to be stored.
type objectHistory struct {
	first   uint64
	history queue.History
}

// putHistories stores histories, in the order of the objects. The first one of a batch makes the bucket.
func (t *txn) putHistories(b *batch, bk buckets, list []objectHistory) {
	if len(list) == 0 {
		return
	}
	if bk.histories == nil {
		made, err := bk.root.CreateBucket(bucketHistories)
		if err != nil {
			t.note(err)
			return
		}
		t.writes++
		bk.histories = made
		t.handles[b] = bk
	}
	bk.histories.FillPercent = 0.9
	for _, o := range list {
		key := seqKey(o.first)
		t.put(bk.histories, key, codec.Bind(key, block.EncodeHistory(&o.history)))
	}
}

// mayHaveJob reports whether AiR may have a job of an item.
func (bk buckets) mayHaveJob(seq uint64) (bool, error) {
	rec, _, err := current(bk, seq)
	return rec.MayHaveJob(), err
}
