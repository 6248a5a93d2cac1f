package bolt

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// Adopt implements [queue.Admin].
func (db *DB) Adopt(ctx context.Context, id string, jobs []queue.Adopted) (n int, err error) {
	b, err := db.lookup(id)
	if err == nil && len(jobs) > 0 {
		n, err = db.adopt(ctx, b, jobs)
	}
	if err != nil {
		return 0, fmt.Errorf("adopt in batch %q: %w", id, err)
	}
	return n, nil
}

func (db *DB) adopt(ctx context.Context, b *batch, jobs []queue.Adopted) (n int, err error) {
	var firsts map[queue.Object]uint64
	if slices.ContainsFunc(jobs, func(a queue.Adopted) bool { return a.Version != 0 || a.Unsourced != nil }) {
		if err := b.intake.lock(ctx); err != nil {
			return 0, err
		}
		defer b.intake.unlock() // new items need it
		b.intake.alikes = nil
		if firsts, err = b.index.FindUnsourced(ctx, jobs); err != nil {
			return 0, err
		}
	}
	if err := db.loadJobIDs(ctx, b); err != nil {
		return 0, err
	}
	err = db.submit(ctx, false, func(t *txn) error {
		n, err = t.adopt(b, jobs, firsts)
		return err
	})
	if err == nil && firsts != nil && b.index.Full() {
		// The items are stored, so Adopt succeeds. If the file is damaged, the next operation reports it.
		_ = db.storeIndex(context.WithoutCancel(ctx), b, b.index.Flush())
	}
	return n, err
}

// adopt stores and books all of the jobs or, with an error, none.
func (t *txn) adopt(b *batch, jobs []queue.Adopted, firsts map[queue.Object]uint64) (n int, err error) {
	v, err := t.items(b)
	if err != nil {
		return 0, err
	}
	v.firsts = firsts
	made, steps, others, err := queue.CheckAdopted(b.meta.Batch.ID, v, jobs)
	if err != nil {
		return 0, err
	}
	n = len(steps)
	steps = append(steps, others...)
	for i := range steps {
		if _, err := t.prepare(v, &steps[i]); err != nil {
			return 0, err
		}
	}
	if len(made.Items) > 0 {
		g := newItems{base: v.Len()}
		for _, first := range slices.Sorted(maps.Keys(made.Histories)) {
			g.histories = append(g.histories, objectHistory{first, *made.Histories[first]})
		}
		if err := g.add(made.Items); err != nil {
			return 0, err
		}
		g.store(t, b, v.bk, false)
		rows := slices.DeleteFunc(b.index.Rows(made.Items), func(r index.Row) bool { return made.Items[r.N].Version != 0 })
		if len(rows) > 0 { // versions are not in the index
			t.then(func() { b.index.Insert(g.base, rows) })
		}
	}
	for i := range steps {
		if err := t.apply(v, &steps[i], ""); err != nil {
			return 0, err
		}
	}
	return n, nil
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
		return fmt.Errorf("store the adoption of batch %q: %w", id, err)
	}
	return nil
}
