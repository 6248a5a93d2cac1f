package bolt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"airlift/queue"
)

// adoptedItems are the items that an adoption makes, and what the index gets of them: versions are not in it.
type adoptedItems struct {
	growth
	refs []ref
}

// expectObjects makes ready what unsourced jobs need to find the items of their objects. It is called with the batch's
// turn. The filter takes the objects in beforehand: if they are not stored in the end it knows too much, which does no harm.
func (db *DB) expectObjects(ctx context.Context, b *batch, jobs []queue.Adopted) error {
	h := newHasher(db.indexKey)
	for i := range jobs {
		it := jobs[i].Unsourced
		if it == nil {
			continue
		}
		if it.Key == "" {
			return errors.New("an unsourced item without a key")
		}
		if _, err := db.loadLate(ctx, b); err != nil {
			return err
		}
		if b.adding.loaded {
			b.adding.bloom.add(h.object(it.Bucket, it.Key))
		}
	}
	return nil
}

// makeItems returns the jobs by the numbers of their items alone, and the items that are to be made. It writes nothing.
func (t *txn) makeItems(b *batch, bk buckets, jobs []queue.Adopted) (_ []queue.Adopted, made *adoptedItems, err error) {
	made = &adoptedItems{growth: growth{base: uint64(b.meta.Batch.Counts.Items)}}
	var items []queue.Item
	histories, objects := map[uint64]*queue.History{}, map[hash]uint64{}
	hashes := newHasher(t.db.indexKey)
	jobs = slices.Clone(jobs)
	for i := range jobs {
		a := &jobs[i]
		switch {
		case a.Unsourced != nil:
			h := hashes.object(a.Unsourced.Bucket, a.Unsourced.Key)
			seq, have := objects[h]
			if !have {
				found := []probe{{hash: h}}
				if _, err := lookup(bk, b.late.Load(), 0, found); err != nil {
					return nil, nil, err
				}
				seq, have = found[0].seq, found[0].found
			}
			if !have {
				seq = made.base + uint64(len(items))
				made.refs = append(made.refs, ref{h, anyFields, int32(len(items))})
				items = append(items, queue.Item{
					Seq: seq, Bucket: a.Unsourced.Bucket, Key: a.Unsourced.Key, Name: a.Unsourced.Name, Unsourced: true,
				})
			}
			objects[h], a.Seq = seq, seq
		case a.Version != 0 && a.Seq < made.base:
			if err := t.makeVersion(b, bk, a, histories, made.base, &items); err != nil {
				return nil, nil, err
			}
		}
	}
	if len(items) == 0 {
		return jobs, made, nil
	}
	for _, first := range slices.Sorted(maps.Keys(histories)) {
		made.histories = append(made.histories, kept{first, *histories[first]})
	}
	made.refs = sortRefs(made.refs, 0)
	return jobs, made, made.grow(items)
}

// makeVersion gives the job of a version the number of its item, which it makes if the object does not have it.
func (t *txn) makeVersion(b *batch, bk buckets, a *queue.Adopted, histories map[uint64]*queue.History, base uint64, items *[]queue.Item) error {
	h := histories[a.Seq]
	if h == nil {
		kept, _, err := historyOf(bk, a.Seq)
		if err != nil {
			return err
		}
		h = &kept
		histories[a.Seq] = h
	}
	if seq, have := h.Find(a.Version); have {
		a.Seq = seq
		return nil
	}
	it, err := b.item(bk, a.Seq)
	if err != nil {
		return err
	}
	if it.Version != 0 {
		return fmt.Errorf("item %d is not the first of its object", a.Seq)
	}
	it.Seq = base + uint64(len(*items))
	it.Version, it.Content = a.Version, queue.Content(a.Version)
	h.First = 0
	if err := h.Insert(queue.Version{Seq: it.Seq, Number: it.Version, Content: it.Content}, bk.mayHaveJob); err != nil {
		return err
	}
	a.Seq = it.Seq
	*items = append(*items, it)
	return nil
}

// store writes and books the items, which are pending, and tells the index of them.
func (m *adoptedItems) store(t *txn, b *batch, bk buckets) {
	m.growth.store(t, b, bk, false)
	if len(m.refs) > 0 {
		t.then(func() { b.late.Store(b.late.Load().with(stretch{m.base, m.refs})) })
	}
}

// SetAdoption implements [queue.Admin].
func (db *DB) SetAdoption(ctx context.Context, id string, a queue.Adoption) error {
	b, err := db.lookup(id)
	if err == nil {
		err = db.submit(ctx, false, func(t *txn) error {
			if noted := b.meta.Batch; noted.Adopt(a) {
				t.touch(b).Batch.Adopt(a)
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("note the adoption of batch %q: %w", id, err)
	}
	return nil
}
