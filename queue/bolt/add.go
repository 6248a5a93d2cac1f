package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
)

// Add stores the items of a chunk that the batch does not have, books every row of the chunk in the present reading, and
// stores the rejected ones and the marks. Items are numbered in the order of the chunk. All of the chunk is durable on
// return, or none.
//
// Chunks of one batch are added one after another; that of a second caller is hashed meanwhile. Some 20,000 to 50,000
// rows make the best of it; a chunk is held in memory about twice over. The chunk must not be changed during the call.
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
	if err := db.loadBloom(ctx, b); err != nil {
		return queue.Added{}, err
	}
	s, err := db.sift(ctx, b, chunk.Items, refs)
	if err != nil {
		return queue.Added{}, err
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
	// Only what is stored may count as met.
	b.adding.bloom.reserve(int64(len(s.fresh)))
	for _, e := range s.fresh {
		b.adding.bloom.add(e.hash)
	}
	b.adding.seen.grow(s.base + uint64(len(s.fresh)))
	for i := range s.fresh {
		b.adding.seen.set(s.base + uint64(i))
	}
	for _, seq := range s.met {
		b.adding.seen.set(seq)
	}
	if len(s.fresh) > 0 {
		// The chunk is stored, so this is no error of the Add; what is wrong with the file the next operation says.
		_ = db.mergeRuns(context.WithoutCancel(ctx), b)
	}
	return a.added, nil
}

// addition is a sifted chunk as it will be stored.
type addition struct {
	added   queue.Added
	reading queue.Reading // to be added to the batch's
	own     queue.OwnCounts
	columns []string
	base    uint64
	starts  []uint64 // first seq of each block
	blocks  [][]byte
	run     runWriter
	packs   [][]byte // rejected rows
	marks   []queue.Mark
}

// newAddition packs everything outside the writer.
func newAddition(chunk queue.Chunk, s *sifted) (*addition, error) {
	a := &addition{added: queue.Added{
		Added: len(s.fresh), Known: s.known, Duplicates: s.duplicates, Conflicts: s.conflicts,
	}, base: s.base, marks: chunk.Marks}
	if err := checkMarks(a.marks); err != nil {
		return nil, err
	}
	r := &a.reading
	r.Added, r.Known, r.Duplicates = int64(len(s.fresh)), int64(s.known), int64(s.duplicates)
	r.Rejected = int64(len(chunk.Rejected) + len(s.conflicts))
	r.SkippedBy = chunk.Skipped
	for _, n := range chunk.Skipped {
		r.Skipped += n
	}
	r.Rows = r.Added + r.Known + r.Duplicates + r.Rejected + r.Skipped

	items := s.freshItems(chunk.Items)
	a.describe(items)
	if err := a.pack(items); err != nil {
		return nil, err
	}
	for _, e := range s.fresh {
		a.run.add(e)
	}
	a.run.flush()
	var err error
	a.packs, err = packRejected(slices.Concat(chunk.Rejected, s.conflicts))
	return a, err
}

// describe counts the own fields of new items and lists their extra columns.
func (a *addition) describe(items []queue.Item) {
	seen := map[string]bool{}
	var last []queue.Field
	for i := range items {
		it := &items[i]
		count(&a.own.Services, len(it.Own.Services) > 0)
		count(&a.own.Priority, it.Own.Priority != 0)
		count(&a.own.Destination, it.Own.DestinationBucket != "" && it.Own.DestinationRegion != "")
		count(&a.own.Region, it.Own.SourceRegion != "")
		count(&a.own.Endpoint, it.Own.SourceEndpoint != "")
		if sameColumns(last, it.Extra) {
			continue
		}
		last = it.Extra
		for _, f := range it.Extra {
			if !seen[f.Name] {
				seen[f.Name] = true
				a.columns = append(a.columns, f.Name)
			}
		}
	}
}

func count(n *int64, yes bool) {
	if yes {
		*n++
	}
}

// pack makes the blocks, on all cores.
func (a *addition) pack(items []queue.Item) error {
	var pieces [][]queue.Item
	for rest, seq := items, a.base; len(rest) > 0; {
		n := blockLen(rest)
		pieces = append(pieces, rest[:n])
		a.starts = append(a.starts, seq)
		rest, seq = rest[n:], seq+uint64(n)
	}
	a.blocks = make([][]byte, len(pieces))
	errs := make([]error, len(pieces))
	each(len(pieces), func() func(i int) {
		var p packer
		return func(i int) { a.blocks[i], errs[i] = p.pack(pieces[i]) }
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// store writes and books.
func (a *addition) store(t *txn, b *batch) error {
	bk, err := t.buckets(b)
	if err != nil {
		return err
	}
	m := t.touch(b)
	for i, value := range a.blocks {
		t.put(bk.items, seqKey(a.starts[i]), value)
	}
	if a.run.total > 0 {
		a.run.store(t, b, bk)
	}
	for _, value := range a.packs {
		t.put(bk.rejected, seqKey(m.Packs), value)
		m.Packs++
	}
	t.putMarks(bk, a.marks)
	m.Batch.Counts.Items += a.reading.Added
	m.Batch.Counts.Pending += a.reading.Added
	t.woken = t.woken || a.reading.Added > 0
	r, d := &m.Batch.Reading, &a.reading
	r.Rows, r.Added, r.Known = r.Rows+d.Rows, r.Added+d.Added, r.Known+d.Known
	r.Duplicates, r.Rejected, r.Skipped = r.Duplicates+d.Duplicates, r.Rejected+d.Rejected, r.Skipped+d.Skipped
	for why, n := range d.SkippedBy {
		if r.SkippedBy == nil {
			r.SkippedBy = map[string]int64{}
		}
		r.SkippedBy[why] += n
	}
	o := &m.Batch.Own
	o.Services, o.Priority, o.Destination = o.Services+a.own.Services, o.Priority+a.own.Priority, o.Destination+a.own.Destination
	o.Region, o.Endpoint = o.Region+a.own.Region, o.Endpoint+a.own.Endpoint
	for _, name := range a.columns {
		if !slices.Contains(m.Batch.Columns, name) {
			m.Batch.Columns = append(m.Batch.Columns, name)
		}
	}
	return nil
}
