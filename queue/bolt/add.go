package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
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
	refs := prepare(db.indexKey, chunk.Items)
	if err := b.adding.lock(ctx); err != nil {
		return queue.Added{}, err
	}
	defer b.adding.unlock()
	if err := db.loadBloom(ctx, b, int64(len(refs))); err != nil {
		return queue.Added{}, err
	}
	s, err := db.sift(ctx, b, chunk.Items, refs, chunk.Changed, !chunk.Trial)
	if err != nil {
		return queue.Added{}, err
	}
	if chunk.Trial {
		added := s.result()
		added.IsNew, added.Seen = s.isNew, s.seen
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
	a.added.Restored = a.restored
	// Only what is stored may count as seen.
	b.adding.seen.grow(s.base + uint64(a.added.Added))
	for i := range a.added.Added {
		b.adding.seen.set(s.base + uint64(i))
	}
	for _, seq := range s.seen {
		b.adding.seen.set(seq)
	}
	if b.late.Load().len() >= lateMost {
		// The chunk is stored, so this is no error of the Add; what is wrong with the file the next operation says.
		_ = db.settle(context.WithoutCancel(ctx), b)
	}
	return a.added, nil
}

// result says what becomes of the rows.
func (s *sifted) result() queue.Added {
	return queue.Added{Added: s.added(), Known: s.known, Unsure: s.unsure, Duplicates: s.duplicates, Conflicts: s.conflicts}
}

// addition is a sifted chunk as it will be stored.
type addition struct {
	growth
	added   queue.Added
	reading queue.Reading // to be added to the batch's
	fresh   []ref
	seen    []uint64 // known items, any of which may have been withdrawn
	// restored counts those that were.
	restored int
	packs    [][]byte // rejected rows
	marks    []queue.Mark
}

// newAddition packs everything outside the writer.
func newAddition(chunk queue.Chunk, s *sifted) (*addition, error) {
	a := &addition{added: s.result(), marks: chunk.Marks}
	if err := checkMarks(a.marks); err != nil {
		return nil, err
	}
	r := &a.reading
	r.Added, r.Known, r.Duplicates = int64(a.added.Added), int64(s.known), int64(s.duplicates)
	r.Rejected = int64(len(chunk.Rejected) + len(s.conflicts))
	r.SkippedBy = chunk.Skipped
	for _, n := range chunk.Skipped {
		r.Skipped += n
	}
	r.Rows = r.Added + r.Known + r.Duplicates + r.Rejected + r.Skipped

	if err := a.grow(s.freshItems(chunk.Items)); err != nil {
		return nil, err
	}
	a.base = s.base
	a.histories = s.kept()
	a.fresh, a.seen = s.fresh, s.seen
	var err error
	a.packs, err = packRejected(slices.Concat(chunk.Rejected, s.conflicts))
	return a, err
}

// store writes and books the chunk.
func (a *addition) store(t *txn, b *batch) error {
	bk, err := t.buckets(b)
	if err != nil {
		return err
	}
	if a.restored, err = t.restore(b, bk, a.seen); err != nil {
		return err
	}
	m := t.touch(b)
	a.growth.store(t, b, bk, true)
	t.then(func() { b.late.Store(b.late.Load().with(stretch{a.base, a.fresh})) })
	for _, value := range a.packs {
		t.put(bk.rejected, seqKey(m.Packs), value)
		m.Packs++
	}
	t.putMarks(bk, a.marks)
	a.reading.Restored = int64(a.restored)
	m.Batch.Reading.AddRows(&a.reading)
	return nil
}
