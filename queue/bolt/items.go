package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// item returns one item of the batch.
func (b *batch) item(bk buckets, seq uint64) (queue.Item, error) {
	if it, ok := b.blocks.Get(seq); ok {
		return it, nil
	}
	items, err := blockOf(bk, seq)
	if err != nil {
		return queue.Item{}, err
	}
	b.blocks.Put(items)
	return items[seq-items[0].Seq], nil
}

// blockOf returns all items of the block that holds the item.
func blockOf(bk buckets, seq uint64) ([]queue.Item, error) {
	k, v := block.Containing(bk.items.Cursor(), seq)
	if len(k) != seqLen || keySeq(k) > seq {
		return nil, codec.Damaged("item %d is missing", seq)
	}
	items, err := block.Decode(keySeq(k), v)
	if err != nil {
		return nil, codec.Damaged("the items from %d on: %v", keySeq(k), err)
	}
	if seq-items[0].Seq >= uint64(len(items)) {
		return nil, codec.Damaged("item %d is missing", seq)
	}
	return items, nil
}

// itemsFrom returns the items of a block from the given one on.
func itemsFrom(bk buckets, seq uint64) ([]queue.Item, error) {
	items, err := blockOf(bk, seq)
	if err != nil {
		return nil, err
	}
	return items[seq-items[0].Seq:], nil
}

// where is the bucket of an item's present record.
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
		in = inResult
		rec.SetResult(keyGen(k))
	}
	return rec, in, nil
}

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
func (t *txn) putHistories(b *batch, list []objectHistory) {
	if len(list) == 0 {
		return
	}
	bk, err := t.ensure(b, bucketHistories)
	if err != nil {
		t.note(err)
		return
	}
	bk.histories.FillPercent = 0.9
	for _, o := range list {
		key := seqKey(o.first)
		t.put(bk.histories, key, codec.Bind(key, block.EncodeHistory(&o.history)))
	}
}

// History implements [queue.Reader].
func (db *DB) History(ctx context.Context, id string, seq uint64) (list []queue.Event, err error) {
	b, err := db.lookup(id)
	if err == nil {
		books := b.public.Load()
		err = db.viewBatch(ctx, b, func(bk buckets) error {
			if seq >= uint64(books.Counts.Items) {
				return fmt.Errorf("batch %q has no item %d", id, seq)
			}
			it, err := b.item(bk, seq)
			if err != nil {
				return err
			}
			rec, _, err := current(bk, seq)
			if err != nil {
				return err
			}
			kept, err := eventsOf(bk, seq)
			list = books.Story(&it, rec.Record, rec.Duration, kept)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	return list, nil
}

// eventsOf returns the events that are stored of an item.
func eventsOf(bk buckets, seq uint64) ([]queue.Event, error) {
	if bk.events == nil {
		return nil, nil
	}
	key := seqKey(seq)
	value := bk.events.Get(key)
	if value == nil {
		return nil, nil
	}
	return block.EventsAt(key, value)
}

// mayHaveJob reports whether AiR may have a job of an item.
func (bk buckets) mayHaveJob(seq uint64) (bool, error) {
	rec, _, err := current(bk, seq)
	return rec.MayHaveJob(), err
}
