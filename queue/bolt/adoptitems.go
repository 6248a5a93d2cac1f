package bolt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// adoptedItems are the items that an adoption makes, and what the index gets of them: versions are not in it.
type adoptedItems struct {
	growth
	rows []index.Row
}

// object names an object by bucket and key.
type object [2]string

// findUnsourced returns the items of the objects of unsourced jobs. The caller has the batch's intake.
func (db *DB) findUnsourced(ctx context.Context, b *batch, jobs []queue.Adopted) (map[object]uint64, error) {
	var items []queue.Item
	for i := range jobs {
		if it := jobs[i].Unsourced; it != nil {
			if it.Key == "" {
				return nil, errors.New("an unsourced item without a key")
			}
			items = append(items, *it)
		}
	}
	seqs := map[object]uint64{}
	if len(items) == 0 {
		return seqs, nil
	}
	rows := b.index.Rows(items)
	found, err := b.index.Lookup(ctx, rows)
	for same, match := range index.Objects(rows, found) {
		if it := &items[same[0].N]; match != nil {
			seqs[object{it.Bucket, it.Key}] = match.Seq
		}
	}
	return seqs, err
}

// makeItems returns the jobs by the numbers of their items alone, and the items that are to be made. It writes nothing.
// known are the items of unsourced jobs that the batch has.
func (t *txn) makeItems(b *batch, bk buckets, jobs []queue.Adopted, known map[object]uint64) (_ []queue.Adopted, made *adoptedItems, err error) {
	made = &adoptedItems{growth: growth{base: uint64(b.meta.Batch.Counts.Items)}}
	var items []queue.Item
	histories := map[uint64]*queue.History{}
	jobs = slices.Clone(jobs)
	for i := range jobs {
		a := &jobs[i]
		switch {
		case a.Unsourced != nil:
			at := object{a.Unsourced.Bucket, a.Unsourced.Key}
			seq, have := known[at]
			if !have {
				seq = made.base + uint64(len(items))
				items = append(items, queue.Item{Seq: seq, Bucket: at[0], Key: at[1], Name: a.Unsourced.Name, Unsourced: true})
				known[at] = seq
			}
			a.Seq = seq
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
		made.histories = append(made.histories, objectHistory{first, *histories[first]})
	}
	made.rows = slices.DeleteFunc(b.index.Rows(items), func(r index.Row) bool { return items[r.N].Version != 0 })
	return jobs, made, made.growth.add(items)
}

// makeVersion gives the job of a version the number of its item, which it makes if the object does not have it.
func (t *txn) makeVersion(b *batch, bk buckets, a *queue.Adopted, histories map[uint64]*queue.History, base uint64, items *[]queue.Item) error {
	h := histories[a.Seq]
	if h == nil {
		stored, _, err := historyOf(bk, a.Seq)
		if err != nil {
			return err
		}
		h = &stored
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
	if len(m.rows) > 0 {
		t.then(func() { b.index.Insert(m.base, m.rows) })
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
