package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
)

// BeginReading begins a reading of the batch's sources: its row counts start at zero, the rejected rows of the reading
// before are forgotten, and of each object the first row counts as added or known, further ones as duplicates.
func (db *DB) BeginReading(ctx context.Context, id string) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	if err := b.adding.lock(ctx); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer b.adding.unlock()
	err = db.submit(ctx, false, func(t *txn) error {
		bk, err := t.buckets(b)
		if err != nil {
			return err
		}
		m := t.touch(b)
		m.Batch.Reading = queue.Reading{Started: db.opts.Now().UTC().Round(0)}
		if m.Packs == 0 {
			return nil
		}
		m.Packs = 0
		t.note(bk.root.DeleteBucket(bucketRejected))
		_, err = bk.root.CreateBucket(bucketRejected)
		t.note(err)
		delete(t.handles, b) // they name the bucket that is gone
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	b.adding.seen = bitmap{}
	return nil
}

// EndReading says that the reading is over, and whether every source was read to its clean end.
func (db *DB) EndReading(ctx context.Context, id string, complete bool) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	if err := b.adding.lock(ctx); err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	defer b.adding.unlock()
	err = db.submit(ctx, false, func(t *txn) error {
		r := &t.touch(b).Batch.Reading
		r.Ended, r.Complete = db.opts.Now().UTC().Round(0), complete
		return nil
	})
	if err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	return nil
}
