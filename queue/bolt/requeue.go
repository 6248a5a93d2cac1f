package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
)

// changeRows is how many items a commit of Retry or Cancel changes at most.
const changeRows = 8192

// Retry makes the items that are in the state from (Failed or Cancelled) and that the filter takes pending again, with a
// fresh set of attempts, and returns how many. It commits in steps: after an error, or the end of the context, the n
// items it tells of are changed and the others are not. A withdrawn item that is unsourced stays cancelled: only a reading
// that has its object makes it pending.
func (db *DB) Retry(ctx context.Context, id string, from queue.State, f queue.Filter) (n int64, err error) {
	if from != queue.Failed && from != queue.Cancelled {
		return 0, fmt.Errorf("retry: items that are %s cannot be retried, only failed and cancelled ones", from)
	}
	b, err := db.lookup(id)
	if err != nil {
		return 0, fmt.Errorf("retry: %w", err)
	}
	sourced := func(e *queue.Entry) bool { return !(e.Unsourced && e.Withdrawn) && f.Match(e) }
	n, err = db.change(ctx, b, statesOf(from), sourced, f.Code, (*txn).requeue)
	if err != nil {
		return n, fmt.Errorf("retry batch %q: %w", id, err)
	}
	return n, nil
}

// Cancel takes the pending and failed items (or those of f.State, one of the two) that the filter takes out of the work
// and returns how many. It commits in steps, as Retry does.
func (db *DB) Cancel(ctx context.Context, id string, f queue.Filter) (n int64, err error) {
	want := statesOf(queue.Pending, queue.Failed)
	if f.State != "" && f.State != queue.Pending && f.State != queue.Failed {
		return 0, fmt.Errorf("cancel: items that are %s cannot be cancelled, only pending and failed ones", f.State)
	}
	if f.State != "" {
		want = statesOf(f.State)
	}
	b, err := db.lookup(id)
	if err != nil {
		return 0, fmt.Errorf("cancel: %w", err)
	}
	n, err = db.change(ctx, b, want, f.Match, f.Code, (*txn).cancel)
	if err != nil {
		return n, fmt.Errorf("cancel in batch %q: %w", id, err)
	}
	return n, nil
}

// changer changes one item within the writer's transaction.
type changer func(t *txn, b *batch, bk buckets, seq uint64, rec record, in where) error

// change chooses items outside the writer. Within the writer it changes those that are still wanted and still have the
// code.
func (db *DB) change(ctx context.Context, b *batch, want states, match func(*queue.Entry) bool, code string, do changer) (n int64, err error) {
	defer db.inOrder()()
	p := pager{db: db, b: b, want: want}
	var found page
	var chosen []uint64
	for more := true; more; {
		if more, err = p.page(ctx, &found); err != nil {
			return n, err
		}
		if err := found.decode(want); err != nil {
			return n, db.named(err)
		}
		for i := range found.entries {
			if e := &found.entries[i]; match(e) {
				chosen = append(chosen, e.Seq)
			}
		}
		if len(chosen) == 0 || more && len(chosen) < changeRows {
			continue
		}
		changed := int64(0)
		err = db.submit(ctx, true, func(t *txn) error {
			changed = 0
			bk, err := t.buckets(b)
			if err != nil {
				return err
			}
			for _, seq := range chosen {
				rec, in, err := current(bk, seq)
				if err != nil {
					return err
				}
				if !want.has(rec.State) || code != "" && rec.Code != code {
					continue
				}
				if in == implied && seq < b.meta.Cursor {
					return damaged("item %d has no record", seq)
				}
				if err := do(t, b, bk, seq, rec, in); err != nil {
					return err
				}
				changed++
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		n += changed
		chosen = chosen[:0]
	}
	return n, nil
}

// requeue makes a failed or cancelled item pending.
func (t *txn) requeue(b *batch, bk buckets, seq uint64, rec record, _ where) error {
	after, err := queue.Requeue(rec.Record)
	if err != nil {
		return err
	}
	m := t.touch(b)
	if rec.State == queue.Failed {
		if err := m.Batch.DropError(rec.Code); err != nil {
			return err
		}
	}
	t.putRecord(bk.ready, seqKey(seq), record{after, rec.gen})
	m.Ready++
	t.book(b, rec.Record, after)
	return nil
}

// cancel takes a pending or failed item out of the work.
func (t *txn) cancel(b *batch, bk buckets, seq uint64, rec record, in where) error {
	after, err := queue.Cancel(rec.Record)
	if err != nil {
		return err
	}
	return t.cancelAs(b, bk, seq, rec, after, in)
}

// cancelAs stores and books that a pending or failed item is cancelled.
func (t *txn) cancelAs(b *batch, bk buckets, seq uint64, rec record, after queue.Record, in where) error {
	m := t.touch(b)
	if rec.State == queue.Failed {
		if err := m.Batch.DropError(rec.Code); err != nil {
			return err
		}
	}
	switch in {
	case inReady:
		t.delete(bk.ready, seqKey(seq))
		m.Ready--
	case implied:
		m.Ahead++
	}
	t.putRecord(bk.results, resultKey(seq, rec.gen), record{after, rec.gen})
	t.book(b, rec.Record, after)
	return nil
}
