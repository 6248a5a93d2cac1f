package bolt

import (
	"sync"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// blockCache keeps the blocks decoded last, because claims take items one after another. Items never change, so it is
// never wrong.
type blockCache struct {
	mu     sync.Mutex
	blocks [4][]queue.Item
	next   int
}

func (c *blockCache) get(seq uint64) (queue.Item, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, items := range c.blocks {
		if len(items) > 0 && seq >= items[0].Seq && seq-items[0].Seq < uint64(len(items)) {
			return items[seq-items[0].Seq], true
		}
	}
	return queue.Item{}, false
}

func (c *blockCache) put(items []queue.Item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks[c.next] = items
	c.next = (c.next + 1) % len(c.blocks)
}

// item returns one item of the batch.
func (b *batch) item(bk buckets, seq uint64) (queue.Item, error) {
	if it, ok := b.blocks.get(seq); ok {
		return it, nil
	}
	items, err := blockOf(bk, seq)
	if err != nil {
		return queue.Item{}, err
	}
	b.blocks.put(items)
	return items[seq-items[0].Seq], nil
}

// blockOf returns all items of the block that holds the item.
func blockOf(bk buckets, seq uint64) ([]queue.Item, error) {
	c := bk.items.Cursor()
	k, v := c.Seek(seqKey(seq))
	if k == nil || keySeq(k) != seq {
		k, v = c.Prev()
		if k == nil { // a Seek past the end leaves nothing to step back from
			k, v = c.Last()
		}
	}
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

// pick names an item that was chosen within a transaction, to be read after it.
type pick struct {
	b   *batch
	seq uint64
	rec queue.Record
}

// with returns the pick together with its item.
func (p pick) with(it queue.Item) queue.Claimed {
	return queue.Claimed{Batch: p.b.public.Load().ID, Item: it, Record: p.rec}
}
