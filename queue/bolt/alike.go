package bolt

import (
	"context"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// loadAlikes returns the alikes of a batch, nil if it has no unsourced item. The caller holds the batch's intake. The first
// call after an adoption reads the items up to the last unsourced one.
func (db *DB) loadAlikes(ctx context.Context, b *batch) (*index.Alikes, error) {
	p := b.public.Load()
	if p.Unsourced == 0 || b.intake.alikes != nil {
		return b.intake.alikes, nil
	}
	a, err := index.NewAlikes(*p)
	if err != nil {
		return nil, err
	}
	defer db.sequential()()
	unsourced := int64(0)
	for seq := uint64(0); seq < uint64(p.Counts.Items) && unsourced < p.Unsourced; {
		var block []queue.Item
		err := db.viewBatch(ctx, b, func(bk buckets) (err error) {
			block, err = blockOf(bk, seq)
			return err
		})
		if err != nil {
			return nil, err
		}
		for i := range block {
			it := &block[i]
			if it.Unsourced {
				unsourced++
				a.Add(it)
			}
		}
		seq = block[len(block)-1].Seq + 1
	}
	b.intake.alikes = a
	return a, nil
}

// alike fills in the reasons of [queue.Intake.Sent].
func (db *DB) alike(ctx context.Context, b *batch, items []queue.Item, reasons []string) error {
	a, err := db.loadAlikes(ctx, b)
	if err != nil {
		return err
	}
	var some []index.Conflict
	for i := range items {
		if seq, may := a.Find(&items[i]); may {
			some = append(some, index.Conflict{N: int32(i), First: -1, Seq: seq, Alike: true})
		}
	}
	rejected, err := db.explain(ctx, b, items, some)
	for i := range rejected {
		reasons[some[i].N] = rejected[i].Reason
	}
	return err
}
