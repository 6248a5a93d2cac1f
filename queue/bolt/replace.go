package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
	"airlift/queue/bolt/block"
)

// replace withdraws what earlier readings added and the latest one does not have.
func (db *DB) replace(ctx context.Context, b *batch) (n queue.Changed, err error) {
	if err := b.intake.lock(ctx); err != nil {
		return n, err
	}
	defer b.intake.unlock()
	if !b.intake.whole || !b.public.Load().Reading.Complete {
		return n, queue.ErrNotWhole
	}
	if err := db.seeVersions(ctx, b); err != nil {
		return n, err
	}
	c, seen := queue.Change{Do: queue.DoReplace}, &b.intake.seen
	n, err = db.change(ctx, b, c, func(e *queue.Entry) bool { return !seen.Has(e.Seq) && c.Takes(e) })
	books := b.public.Load()
	if err != nil || books.Counts.Submitted == 0 {
		return n, err
	}
	err = queue.Entries(ctx, db, books.ID, queue.Filter{State: queue.Submitted}, func(e *queue.Entry) error {
		if !seen.Has(e.Seq) {
			n.Accepted++
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("count what AiR has accepted: %w", err)
	}
	return n, nil
}

// seeVersions marks as seen the further items of the objects that the reading has. The caller holds b.intake.
func (db *DB) seeVersions(ctx context.Context, b *batch) error {
	seen := &b.intake.seen
	for from, more := uint64(0), true; more; {
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			if more = false; bk.histories == nil {
				return nil
			}
			c := bk.histories.Cursor()
			n := 0
			for k, v := c.Seek(seqKey(from)); k != nil; k, v = c.Next() {
				if n++; n > viewRows {
					from, more = keySeq(k), true
					return nil
				}
				h, err := block.HistoryAt(k, v)
				if err != nil {
					return err
				}
				for _, further := range h.Further {
					if seen.Has(keySeq(k)) {
						seen.Add(further.Seq)
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restore restores the withdrawn items of the objects that a reading has, which are named by their first items. It
// returns how many objects had any.
func (t *txn) restore(b *batch, firsts []uint64) (rows int64, err error) {
	v, err := t.items(b)
	for i := 0; i < len(firsts) && b.meta.Withdrawn > 0 && err == nil; i++ {
		var h queue.History
		if h, err = v.History(firsts[i]); err != nil {
			return rows, err
		}
		some := false
		for _, f := range append(h.Further, queue.Version{Seq: firsts[i]}) {
			before, err := v.Record(f.Seq)
			if err != nil {
				return rows, err
			}
			if !before.Withdrawn {
				continue
			}
			after, err := queue.Restore(before)
			if err == nil {
				err = t.apply(v, &queue.Step{Seq: f.Seq, Before: before, After: after}, "")
			}
			if err != nil {
				return rows, err
			}
			some = true
		}
		if some {
			rows++
		}
	}
	return rows, err
}
