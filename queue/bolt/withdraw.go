package bolt

import (
	"context"
	"errors"
	"fmt"

	"airlift/queue"
)

// errNotWhole says that the latest reading cannot replace the earlier ones: it is not complete, or another process began
// it, so it is not known which items it has.
var errNotWhole = errors.New("the latest reading was not read from its beginning to its end by this process; read the sources again")

// replace withdraws what earlier readings added and the latest one does not have.
func (db *DB) replace(ctx context.Context, b *batch) (n queue.Changed, err error) {
	if err := b.intake.lock(ctx); err != nil {
		return n, err
	}
	defer b.intake.unlock()
	if !b.intake.whole || !b.public.Load().Reading.Complete {
		return n, errNotWhole
	}
	if err := db.seeVersions(ctx, b); err != nil {
		return n, err
	}
	c, seen := queue.Change{Do: queue.DoReplace}, &b.intake.seen
	n, err = db.change(ctx, b, c, func(e *queue.Entry) bool { return !seen.has(e.Seq) && c.Takes(e) })
	books := b.public.Load()
	if err != nil || books.Counts.Submitted == 0 {
		return n, err
	}
	err = queue.Entries(ctx, db, books.ID, queue.Filter{State: queue.Submitted}, func(e *queue.Entry) error {
		if !seen.has(e.Seq) {
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
				h, err := historyAt(k, v)
				if err != nil {
					return err
				}
				for _, further := range h.Further {
					if seen.has(keySeq(k)) {
						seen.set(further.Seq)
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
func (t *txn) restore(b *batch, bk buckets, firsts []uint64) (rows int, err error) {
	var seqs []uint64
	for _, first := range firsts {
		if b.meta.Withdrawn == 0 {
			return rows, nil
		}
		h, _, err := historyOf(bk, first)
		if err != nil {
			return rows, err
		}
		seqs = append(seqs[:0], first)
		for _, f := range h.Further {
			seqs = append(seqs, f.Seq)
		}
		some := false
		for _, seq := range seqs {
			rec, in, err := current(bk, seq)
			if err != nil {
				return rows, err
			}
			if !rec.Withdrawn {
				continue
			}
			after, err := queue.Restore(rec.Record)
			if err == nil {
				err = t.become(b, bk, seq, rec, in, after)
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
	return rows, nil
}
