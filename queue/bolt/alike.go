package bolt

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"

	"airlift/queue"
)

// alikes finds the unsourced item whose job may be that of another spelling of its object (see [queue.AlikeReason]). It
// has two entries of 16 bytes for each unsourced item whose name does not prove its object; of the others it needs none.
type alikes struct {
	names queue.Namer
	seed  maphash.Seed
	list  []alike // sorted by hash
}

// alike is an item by the hash of its folded object or job name.
type alike struct{ hash, seq uint64 }

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
	a := &alikes{names: names, seed: maphash.MakeSeed()}
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
			if unsourced++; !names.Proves(it) {
				a.list = append(a.list, alike{a.object(it), it.Seq}, alike{a.name(it), it.Seq})
			}
		}
		seq = block[len(block)-1].Seq + 1
	}
	slices.SortFunc(a.list, func(x, y alike) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.seq, y.seq))
	})
	b.intake.alikes = a
	return a, nil
}

func (a *alikes) object(it *queue.Item) uint64 {
	return maphash.Comparable(a.seed, [2]string{queue.Alike(it.Bucket), queue.Alike(it.Key)})
}

func (a *alikes) name(it *queue.Item) uint64 {
	return maphash.Comparable(a.seed, [2]string{"", queue.Alike(a.names.Name(it))}) // no object is without a bucket
}

// some reports whether there is anything to find.
func (a *alikes) some() bool { return a != nil && len(a.list) > 0 }

// of returns the unsourced item whose job may be that of a row.
func (a *alikes) of(row *queue.Item) (seq uint64, found bool) {
	if !a.some() {
		return 0, false
	}
	for _, h := range []uint64{a.object(row), a.name(row)} {
		at, found := slices.BinarySearchFunc(a.list, h, func(e alike, h uint64) int { return cmp.Compare(e.hash, h) })
		if found {
			return a.list[at].seq, true
		}
	}
	return 0, false
}

// alike returns the reasons of [queue.Intake.Sent].
func (db *DB) alike(ctx context.Context, b *batch, items []queue.Item) ([]string, error) {
	reasons := make([]string, len(items))
	if b.public.Load().Unsourced == 0 {
		return reasons, db.usable(ctx)
	}
	if err := b.intake.lock(ctx); err != nil {
		return nil, err
	}
	defer b.intake.unlock()
	a, err := db.loadAlikes(ctx, b)
	if err != nil {
		return nil, err
	}
	var some []conflict
	for i := range items {
		if seq, may := a.of(&items[i]); may {
			some = append(some, conflict{row: int32(i), first: -1, seq: seq, alike: true})
		}
	}
	rejected, err := db.explain(ctx, b, items, some)
	for i := range rejected {
		reasons[some[i].row] = rejected[i].Reason
	}
	return reasons, err
}
