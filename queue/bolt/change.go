package bolt

import (
	"bytes"
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/bolt/block"
)

// changeRows is how many items a commit of Change changes at most.
const changeRows = 8192

// Change implements [queue.Admin]. It commits in steps. To replace, it needs a bit an item in memory, as every reading
// does.
func (db *DB) Change(ctx context.Context, id string, c queue.Change) (queue.Changed, error) {
	b, err := db.lookup(id)
	if err == nil {
		_, err = c.From()
	}
	if err != nil {
		return queue.Changed{}, fmt.Errorf("%s: %w", c.Do, err)
	}
	var n queue.Changed
	if c.Do == queue.DoReplace {
		n, err = db.replace(ctx, b)
	} else {
		n, err = db.change(ctx, b, c, c.Takes)
	}
	if err != nil {
		return n, fmt.Errorf("%s in batch %q: %w", c.Do, id, err)
	}
	return n, nil
}

// change chooses items outside the writer. Within the writer it changes those that are still wanted and still have the
// code.
func (db *DB) change(ctx context.Context, b *batch, c queue.Change, match func(*queue.Entry) bool) (n queue.Changed, err error) {
	defer db.sequential()()
	from, err := c.From()
	if err != nil {
		return n, err
	}
	want := block.StatesOf(from...)
	p := pager{db: db, b: b, want: want}
	var found block.Page
	var chosen []uint64
	for more := true; more; {
		if more, err = p.page(ctx, &found); err != nil {
			return n, err
		}
		if err := found.Decode(want); err != nil {
			return n, db.named(err)
		}
		for i := range found.Entries {
			if e := &found.Entries[i]; match(e) {
				chosen = append(chosen, e.Seq)
			}
		}
		if len(chosen) == 0 || more && len(chosen) < changeRows {
			continue
		}
		var step queue.Changed
		err = db.submit(ctx, true, func(t *txn) (err error) {
			step, err = t.change(b, c, want, chosen)
			return err
		})
		if err != nil {
			return n, err
		}
		n = c.Stored(n, step)
		chosen = chosen[:0]
	}
	return n, nil
}

// change changes those of the chosen items that are still wanted.
func (t *txn) change(b *batch, c queue.Change, want block.States, chosen []uint64) (n queue.Changed, err error) {
	v, err := t.items(b)
	if err != nil {
		return n, err
	}
	for _, seq := range chosen {
		before, err := v.Record(seq)
		if err != nil {
			return n, err
		}
		if !want.Has(before.State) || c.Code != "" && before.Code != c.Code {
			continue
		}
		s, err := c.Step(seq, before)
		if err == nil {
			err = t.apply(v, &s, "")
		}
		if err != nil {
			return n, err
		}
		if s.After.State == queue.InDoubt {
			n.InDoubt++
		} else {
			n.Items++
		}
	}
	if c.Do == queue.DoReplace {
		t.touch(b).Batch.Reading.Withdrawn += n.Items + n.InDoubt
	}
	return n, nil
}

// replace withdraws what earlier readings added and the latest one does not have.
func (db *DB) replace(ctx context.Context, b *batch) (n queue.Changed, err error) {
	if err := b.intake.lock(ctx); err != nil {
		return n, err
	}
	defer b.intake.unlock()
	if !b.intake.whole || !b.public.Load().Reading.Complete {
		return n, queue.ErrReadingIncomplete
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

// seeVersions marks as seen the further items of the objects that the reading has. The caller holds the batch's intake.
func (db *DB) seeVersions(ctx context.Context, b *batch) error {
	seen := &b.intake.seen
	return db.scan(ctx, b, func(bk buckets) *bbolt.Bucket { return bk.histories }, func(k, v []byte) error {
		h, err := block.HistoryAt(k, v)
		for _, further := range h.Further {
			if seen.Has(keySeq(k)) {
				seen.Add(further.Seq)
			}
		}
		return err
	})
}

// scan calls fn with all keys and values of a bucket that is there, viewRows in one transaction.
func (db *DB) scan(ctx context.Context, b *batch, bucket func(buckets) *bbolt.Bucket, fn func(k, v []byte) error) error {
	for next := []byte{}; next != nil; {
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			from := next
			if next = nil; bucket(bk) == nil {
				return nil
			}
			c := bucket(bk).Cursor()
			k, v := c.Seek(from)
			for n := 0; k != nil && n < viewRows; n++ {
				if err := fn(k, v); err != nil {
					return err
				}
				k, v = c.Next()
			}
			next = bytes.Clone(k)
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
			s, err := b.meta.Batch.RestoreStep(f.Seq, before)
			if err == nil {
				err = t.apply(v, &s, "")
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
