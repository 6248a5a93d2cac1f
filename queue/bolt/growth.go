package bolt

import (
	"airlift/queue"
	"airlift/queue/bolt/block"
)

// growth is new items as they will be stored.
type growth struct {
	totals    queue.Totals
	base      uint64 // seq of the first
	blocks    []block.Encoded
	histories []objectHistory
}

// add adds new items.
func (g *growth) add(items []queue.Item) (err error) {
	g.totals.Add(items)
	g.blocks, err = block.Encode(items)
	return err
}

// store writes and books the items, which are pending. They belong to the present reading if read is set.
func (g *growth) store(t *txn, b *batch, bk buckets, read bool) {
	for _, e := range g.blocks {
		t.put(bk.items, seqKey(g.base+uint64(e.First)), e.Value)
	}
	t.putHistories(b, bk, g.histories)
	t.touch(b).Batch.AddItems(&g.totals, read)
	t.woken = t.woken || g.totals.Items > 0
}
