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

// Withdraw withdraws the items that the filter takes (see [queue.Withdraw]): those that are pending or failed are
// cancelled, those in doubt are cancelled once a lookup finds no job. It commits in steps: after an error, or the end of
// the context, the items that it counts are withdrawn and the others are not; the same call withdraws the rest.
func (db *DB) Withdraw(ctx context.Context, id string, f queue.Filter) (queue.Withdrawn, error) {
	if f.State != "" && !statesOf(queue.Pending, queue.Failed, queue.InDoubt).has(f.State) {
		return queue.Withdrawn{}, fmt.Errorf("withdraw: items that are %s cannot be cancelled, only pending, failed and in_doubt ones", f.State)
	}
	b, err := db.lookup(id)
	if err != nil {
		return queue.Withdrawn{}, fmt.Errorf("withdraw: %w", err)
	}
	w, err := db.withdraw(ctx, b, f.Match, f.Code, false)
	if err != nil {
		return w, fmt.Errorf("withdraw in batch %q: %w", id, err)
	}
	return w, nil
}

// Replace withdraws what earlier readings added and the latest one does not have, in steps as Withdraw does. The latest
// reading must be complete, and this process must have begun it. Rejected rows do not count as read. A row counts for all
// versions of its object.
//
// It needs a bit an item in memory, as every reading does.
func (db *DB) Replace(ctx context.Context, id string) (queue.Withdrawn, error) {
	b, err := db.lookup(id)
	if err != nil {
		return queue.Withdrawn{}, fmt.Errorf("replace: %w", err)
	}
	if err := b.adding.lock(ctx); err != nil {
		return queue.Withdrawn{}, fmt.Errorf("replace: %w", err)
	}
	defer b.adding.unlock()
	if !b.adding.whole || !b.public.Load().Reading.Complete {
		return queue.Withdrawn{}, fmt.Errorf("replace in batch %q: %w", id, errNotWhole)
	}
	if err := db.seeVersions(ctx, b); err != nil {
		return queue.Withdrawn{}, fmt.Errorf("replace in batch %q: %w", id, err)
	}
	seen := &b.adding.seen
	w, err := db.withdraw(ctx, b, func(e *queue.Entry) bool { return !seen.has(e.Seq) }, "", true)
	if err != nil {
		return w, fmt.Errorf("replace in batch %q: %w", id, err)
	}
	if b.public.Load().Counts.Submitted == 0 {
		return w, nil
	}
	err = db.Entries(ctx, id, queue.Filter{State: queue.Submitted}, func(e *queue.Entry) error {
		if !seen.has(e.Seq) {
			w.Accepted++
		}
		return nil
	})
	if err != nil {
		return w, fmt.Errorf("replace in batch %q: count what AiR has accepted: %w", id, err)
	}
	return w, nil
}

// withdraw withdraws the items that match. If counted is set they are added to Reading.Withdrawn.
func (db *DB) withdraw(ctx context.Context, b *batch, match func(*queue.Entry) bool, code string, counted bool) (w queue.Withdrawn, err error) {
	do := func(t *txn, b *batch, bk buckets, seq uint64, rec record, in where) error {
		after, err := queue.Withdraw(rec.Record)
		if err != nil {
			return err
		}
		if counted {
			t.touch(b).Batch.Reading.Withdrawn++
		}
		if in == inOpen {
			t.putRecord(bk.open, seqKey(seq), record{after, rec.gen})
			t.book(b, rec.Record, after)
			return nil
		}
		return t.cancelAs(b, bk, seq, rec, after, in)
	}
	if w.Cancelled, err = db.change(ctx, b, statesOf(queue.Pending, queue.Failed), match, code, do); err != nil {
		return w, err
	}
	if b.public.Load().Counts.InDoubt > 0 {
		unsure := func(e *queue.Entry) bool { return !e.Withdrawn && match(e) }
		w.InDoubt, err = db.change(ctx, b, statesOf(queue.InDoubt), unsure, code, do)
	}
	return w, err
}

// seeVersions marks as seen the further items of the objects that the reading has. The caller holds b.adding.
func (db *DB) seeVersions(ctx context.Context, b *batch) error {
	seen := &b.adding.seen
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
			rec, _, err := current(bk, seq)
			if err != nil {
				return rows, err
			}
			if !rec.Withdrawn {
				continue
			}
			if err := t.restoreOne(b, bk, seq, rec); err != nil {
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

func (t *txn) restoreOne(b *batch, bk buckets, seq uint64, rec record) error {
	after, err := queue.Restore(rec.Record)
	if err != nil {
		return err
	}
	if after.State == queue.InDoubt {
		t.putRecord(bk.open, seqKey(seq), record{after, rec.gen})
	} else {
		t.putRecord(bk.ready, seqKey(seq), record{after, rec.gen})
		t.touch(b).Ready++
	}
	t.book(b, rec.Record, after)
	return nil
}
