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

// Find returns the item of that bucket and key, and whether the batch has it.
func (db *DB) Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error) {
	b, err := db.lookup(id)
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	var e queue.Entry
	found := false
	err = db.viewBatch(ctx, b, func(bk buckets) error {
		hits := []probe{{hash: newHasher(db.indexKey).object(o.Bucket, o.Key)}}
		if err := lookupRuns(bk, hits); err != nil || !hits[0].found {
			return err
		}
		it, err := b.item(bk, hits[0].seq)
		if err != nil {
			return err
		}
		rec, _, err := current(bk, it.Seq)
		e, found = queue.Entry{Item: it, Record: rec.Record}, true
		return err
	})
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	return e, found, nil
}

// SentElsewhere returns the oldest other batch in which any of the objects is submitted, sending or in doubt, or was
// ever in doubt, and how many of them are; "" and 0 if there is none.
func (db *DB) SentElsewhere(ctx context.Context, notBatch string, objs []queue.Object) (batch string, n int, err error) {
	probes := make([]probe, len(objs))
	h := newHasher(db.indexKey)
	for i, o := range objs {
		probes[i].hash = h.object(o.Bucket, o.Key)
	}
	probes = sortProbes(probes)
	for _, b := range db.all() {
		if p := b.public.Load(); p.ID == notBatch || !p.Sent {
			continue
		}
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			for i := range probes {
				probes[i].found = false
			}
			if err := lookupRuns(bk, probes); err != nil {
				return err
			}
			for _, p := range probes {
				if !p.found {
					continue
				}
				rec, _, err := current(bk, p.seq)
				if err != nil {
					return err
				}
				if rec.Doubted || statesOf(queue.Submitted, queue.Sending, queue.InDoubt).has(rec.State) {
					n++
				}
			}
			return nil
		})
		if err != nil {
			return "", 0, fmt.Errorf("sent elsewhere: %w", err)
		}
		if n > 0 {
			return b.public.Load().ID, n, nil
		}
	}
	return "", 0, nil
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
