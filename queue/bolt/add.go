package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/index"
)

// Add implements [queue.Intake]. Chunks of one batch are added one after another. 15,000 to 50,000 rows are the best size
// of a chunk, which takes about twice its size in memory.
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
		// The chunk is stored, so Add succeeds. If the file is damaged, the next operation reports it.
		_ = db.storeIndex(context.WithoutCancel(ctx), b, b.index.Flush())
	}
	return a.added, nil
}

// addition is a split chunk as it will be stored.
type addition struct {
	newItems
	added    queue.Added
	reading  queue.Reading // to be added to the batch's
	rows     []index.Row   // of the new objects
	seen     []uint64      // known items, any of which may have been withdrawn
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
	if err := a.newItems.add(s.itemsOf(chunk.Items)); err != nil {
		return nil, err
	}
	a.base = s.base
	a.histories = s.histories()
	a.rows, a.seen = s.New, s.seen()
	var err error
	a.rejected, err = block.EncodeRejected(slices.Concat(chunk.Rejected, s.conflicts))
	return a, err
}

// store writes and counts the chunk.
func (a *addition) store(t *txn, b *batch) error {
	bk, err := t.buckets(b)
	if err != nil {
		return err
	}
	if a.reading.Restored, err = t.restore(b, a.seen); err != nil {
		return err
	}
	m := t.touch(b)
	a.newItems.store(t, b, bk, true)
	t.then(func() { b.index.Insert(a.base, a.rows) })
	for _, value := range a.rejected {
		t.put(bk.rejected, seqKey(m.RejectedValues), value)
		m.RejectedValues++
	}
	t.putMarks(bk, a.marks)
	m.Batch.Reading.AddRows(&a.reading)
	return nil
}

// newItems are new items as they will be stored.
type newItems struct {
	totals    queue.Totals
	base      uint64 // seq of the first
	blocks    []block.Encoded
	histories []objectHistory
}

// add adds new items.
func (g *newItems) add(items []queue.Item) (err error) {
	g.totals.Add(items)
	g.blocks, err = block.Encode(items)
	return err
}

// store writes and books the items, which are pending. They belong to the present reading if read is set.
func (g *newItems) store(t *txn, b *batch, bk buckets, read bool) {
	for _, e := range g.blocks {
		t.put(bk.items, seqKey(g.base+uint64(e.First)), e.Value)
	}
	t.putHistories(b, g.histories)
	t.touch(b).Batch.AddItems(&g.totals, read)
	t.woken = t.woken || g.totals.Items > 0
}
