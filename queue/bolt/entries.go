package bolt

import (
	"context"
	"fmt"
	"math"

	"airlift/queue"
)

// Entries calls fn for each item that the filter takes, in order of Seq, and ends with fn's error if it returns one. fn
// may keep what it is given and may use the queue, for it runs outside any transaction; an item that changes meanwhile
// is given as it was at some instant of the call.
func (db *DB) Entries(ctx context.Context, id string, f queue.Filter, fn func(*queue.Entry) error) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	want := statesOf(queue.States[:]...)
	if f.State != "" {
		if _, err := queue.ParseState(string(f.State)); err != nil {
			return fmt.Errorf("entries: %w", err)
		}
		want = statesOf(f.State)
	}
	p := pager{db: db, b: b, want: want}
	for {
		more, err := p.page(ctx)
		if err != nil {
			return fmt.Errorf("entries of batch %q: %w", id, err)
		}
		if !more {
			return nil
		}
		for i := range p.rows {
			e := p.rows[i].Entry
			if !f.Match(&e) {
				continue
			}
			if err := fn(&e); err != nil {
				return err
			}
		}
	}
}

// InDoubt returns up to max items in doubt with a sequence number above after (-1: from the start), in order of Seq.
func (db *DB) InDoubt(ctx context.Context, id string, after int64, max int) ([]queue.Claimed, error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("in doubt: %w", err)
	}
	var picks []pick
	if b.public.Load().Counts.InDoubt > 0 && after < math.MaxInt64 {
		err = db.viewBatch(ctx, b, func(bk buckets) error {
			c := bk.open.Cursor()
			for k, v := c.Seek(seqKey(uint64(after + 1))); k != nil && len(picks) < max; k, v = c.Next() {
				rec, err := recordAt(k, v)
				if err != nil {
					return err
				}
				if rec.State == queue.InDoubt {
					picks = append(picks, pick{b, keySeq(k), rec})
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("in doubt: %w", err)
		}
	}
	claimed, err := db.read(ctx, picks)
	if err != nil {
		return nil, fmt.Errorf("in doubt: %w", err)
	}
	return claimed, nil
}

// Rejected calls fn for each row of the latest reading that was turned away, in the order in which they were added,
// outside any transaction.
func (db *DB) Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("rejected: %w", err)
	}
	for next := uint64(0); ; {
		var rows []queue.Rejected
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			k, v := bk.rejected.Cursor().Seek(seqKey(next))
			if k == nil {
				return nil
			}
			next = keySeq(k) + 1
			rows, err = unpackRejected(v)
			return err
		})
		if err != nil {
			return fmt.Errorf("rejected rows of batch %q: %w", id, err)
		}
		if rows == nil {
			return nil
		}
		for _, r := range rows {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
}
