package bolt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"airlift/queue"
)

// errNotWhole says that the latest reading cannot replace the earlier ones: it did not end cleanly, or another process
// began it, so that nobody knows all that it has met.
var errNotWhole = errors.New("the latest reading was not read from its beginning to its end by this process; read the sources again")

// Withdraw takes back the items that the filter takes (see [queue.Withdraw]): those that are pending or failed are
// cancelled, those in doubt are cancelled once a lookup shows no job. It commits in steps: after an error, or the end of
// the context, what it tells of is done and the rest is not; the same call does the rest.
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
// reading must be complete, and this process must have begun it. What it has turned away does not count as had. A row
// whose object has several items, which are versions of it, has them all.
//
// It holds a bit an item in memory, as every reading does.
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
	if err := db.meetVersions(ctx, b); err != nil {
		return queue.Withdrawn{}, fmt.Errorf("replace in batch %q: %w", id, err)
	}
	seen := &b.adding.seen
	w, err := db.withdraw(ctx, b, func(e *queue.Entry) bool { return !seen.has(e.Seq) }, "", true)
	if err != nil {
		return w, fmt.Errorf("replace in batch %q: %w", id, err)
	}
	return w, nil
}

// withdraw takes back what matches. With counted the reading books how many.
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
			t.change(b, rec.Record, after)
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

// meetVersions notes as met the further items of the objects that the reading has met. It is called with the batch's turn.
func (db *DB) meetVersions(ctx context.Context, b *batch) error {
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
				for _, further := range h.further {
					if seen.has(keySeq(k)) {
						seen.set(further.seq)
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

// restore makes the withdrawn among the items that a reading has met pending again, with the further items of their
// objects, and returns how many rows that were.
func (t *txn) restore(b *batch, bk buckets, met []uint64) (rows int, err error) {
	for _, first := range met {
		if b.meta.Withdrawn == 0 {
			return rows, nil
		}
		h, _, err := historyOf(bk, first)
		if err != nil {
			return rows, err
		}
		some := false
		for i := -1; i < len(h.further); i++ {
			seq := first
			if i >= 0 {
				seq = h.further[i].seq
			}
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
	t.change(b, rec.Record, after)
	return nil
}

// noteAddition books that the present reading adds items, before they are counted.
func (m *meta) noteAddition(items int) {
	b := &m.Batch
	if n := len(b.Additions); items == 0 || n > 0 && b.Additions[n-1].Reading == b.Reading.Number {
		return
	}
	if n := len(b.Additions) - queue.MaxAdditions + 1; n > 0 {
		b.Additions = slices.Delete(slices.Clone(b.Additions), 0, n)
	}
	b.Additions = append(b.Additions, queue.Addition{Reading: b.Reading.Number, First: uint64(b.Counts.Items), Started: b.Reading.Started})
}
