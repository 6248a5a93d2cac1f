package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/index"
)

// Add implements [queue.Intake]. Chunks of one batch are added one after another. Some 15,000 to 50,000 rows make the best
// of it; a chunk is held in memory about twice over.
func (db *DB) Add(ctx context.Context, id string, chunk queue.Chunk) (queue.Added, error) {
	b, err := db.lookup(id)
	if err != nil {
		return queue.Added{}, fmt.Errorf("add: %w", err)
	}
	added, err := db.add(ctx, b, chunk)
	if err != nil {
		return queue.Added{}, fmt.Errorf("add to batch %q: %w", id, err)
	}
	return added, nil
}

func (db *DB) add(ctx context.Context, b *batch, chunk queue.Chunk) (queue.Added, error) {
	rows := b.index.Rows(chunk.Items)
	if err := b.intake.lock(ctx); err != nil {
		return queue.Added{}, err
	}
	defer b.intake.unlock()
	s, err := db.split(ctx, b, chunk.Items, rows, chunk.Changed, chunk.Trial)
	if err != nil {
		return queue.Added{}, err
	}
	if chunk.Trial {
		added := s.result()
		added.IsNew, added.Seen = s.isNew, slices.Repeat([]int64{-1}, len(chunk.Items))
		for _, k := range s.Known {
			added.Seen[k.N] = int64(k.Seq)
		}
		return added, nil
	}
	a, err := newAddition(chunk, s)
	if err != nil {
		return queue.Added{}, err
	}
	if a.reading.Rows == 0 && len(a.marks) == 0 {
		return a.added, nil
	}
	if err := db.submit(ctx, true, func(t *txn) error { return a.store(t, b) }); err != nil {
		return queue.Added{}, err
	}
	a.added.Restored = int(a.reading.Restored)
	// Only what is stored may count as seen.
	for i := range a.added.Added {
		b.intake.seen.Add(s.base + uint64(i))
	}
	for _, seq := range a.seen {
		b.intake.seen.Add(seq)
	}
	if b.index.Full() {
		// The chunk is stored, so this is no error of the Add; what is wrong with the file the next operation says.
		_ = db.settleIndex(context.WithoutCancel(ctx), b, b.index.Flush())
	}
	return a.added, nil
}

// addition is a split chunk as it will be stored.
type addition struct {
	growth
	added    queue.Added
	reading  queue.Reading // to be added to the batch's
	fresh    []index.Row
	seen     []uint64 // known items, any of which may have been withdrawn
	rejected [][]byte
	marks    []queue.Mark
}

// newAddition encodes everything outside the writer.
func newAddition(chunk queue.Chunk, s *split) (*addition, error) {
	a := &addition{added: s.result(), marks: chunk.Marks}
	for _, m := range a.marks {
		if err := m.Validate(); err != nil {
			return nil, err
		}
	}
	a.reading = chunk.Counts(&a.added)
	if err := a.growth.add(s.newItems(chunk.Items)); err != nil {
		return nil, err
	}
	a.base = s.base
	a.histories = s.histories()
	a.fresh, a.seen = s.New, s.seen()
	var err error
	a.rejected, err = block.EncodeRejected(slices.Concat(chunk.Rejected, s.conflicts))
	return a, err
}

// store writes and books the chunk.
func (a *addition) store(t *txn, b *batch) error {
	bk, err := t.buckets(b)
	if err != nil {
		return err
	}
	if a.reading.Restored, err = t.restore(b, a.seen); err != nil {
		return err
	}
	m := t.touch(b)
	a.growth.store(t, b, bk, true)
	t.then(func() { b.index.Insert(a.base, a.fresh) })
	for _, value := range a.rejected {
		t.put(bk.rejected, seqKey(m.Packs), value)
		m.Packs++
	}
	t.putMarks(bk, a.marks)
	m.Batch.Reading.AddRows(&a.reading)
	return nil
}

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
