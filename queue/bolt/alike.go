package bolt

import (
	"context"
	"hash/maphash"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// alikes are the unsourced items whose jobs may be those of objects in another spelling (see [queue.AlikeReason]), by the
// hashes of their own spellings.
type alikes struct {
	names queue.Namer
	seed  maphash.Seed
	seqs  map[uint64]uint64 // each sequence number plus one
}

// loadAlikes returns the alikes of a batch, nil if it has no unsourced item. It is called with the batch's turn. The first
// call after an adoption reads the items up to the last unsourced one.
func (db *DB) loadAlikes(ctx context.Context, b *batch) (*alikes, error) {
	p := b.public.Load()
	if p.Unsourced == 0 || b.intake.alikes != nil {
		return b.intake.alikes, nil
	}
	names, err := queue.NewNamer(*p)
	if err != nil {
		return nil, err
	}
	defer db.inOrder()()
	a := &alikes{names: names, seed: maphash.MakeSeed(), seqs: map[uint64]uint64{}}
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
			if !it.Unsourced {
				continue
			}
			if unsourced++; names.Proves(it) {
				continue
			}
			for _, o := range names.Spellings(it) {
				if h := maphash.Comparable(a.seed, o); a.seqs[h] == 0 {
					a.seqs[h] = it.Seq + 1
				}
			}
		}
		seq = block[len(block)-1].Seq + 1
	}
	b.intake.alikes = a
	return a, nil
}

// some reports whether there is anything to find.
func (a *alikes) some() bool { return a != nil && len(a.seqs) > 0 }

// of returns the unsourced item whose job may be that of a row.
func (a *alikes) of(row *queue.Item) (seq uint64, found bool) {
	if !a.some() {
		return 0, false
	}
	for _, o := range a.names.Spellings(row) {
		if next := a.seqs[maphash.Comparable(a.seed, o)]; next > 0 {
			return next - 1, true
		}
	}
	return 0, false
}

// alike fills in the reasons of [queue.Intake.Sent].
func (db *DB) alike(ctx context.Context, b *batch, items []queue.Item, reasons []string) error {
	a, err := db.loadAlikes(ctx, b)
	if err != nil {
		return err
	}
	var some []index.Conflict
	for i := range items {
		if seq, may := a.of(&items[i]); may {
			some = append(some, index.Conflict{N: int32(i), First: -1, Seq: seq, Alike: true})
		}
	}
	rejected, err := db.explain(ctx, b, items, some)
	for i := range rejected {
		reasons[some[i].N] = rejected[i].Reason
	}
	return err
}
