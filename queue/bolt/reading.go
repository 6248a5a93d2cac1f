package bolt

import (
	"context"
	"fmt"
	"math"

	"airlift/queue"
)

// BeginReading implements [queue.Intake]. Of what a reading had, beside what it added, only this process knows: after a
// restart such a row counts as known once more when the reading is resumed.
func (db *DB) BeginReading(ctx context.Context, id string, resume bool) error {
	if resume {
		return db.resumeReading(ctx, id)
	}
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	if err := b.intake.lock(ctx); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer b.intake.unlock()
	err = db.submit(ctx, false, func(t *txn) error {
		bk, err := t.buckets(b)
		if err != nil {
			return err
		}
		m := t.touch(b)
		m.Batch.Reading = queue.Reading{Number: m.Batch.Reading.Number + 1, Started: db.opts.Now().UTC().Round(0)}
		m.Base = uint64(m.Batch.Counts.Items)
		t.dropMarks(bk)
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
	b.intake.seen, b.intake.since, b.intake.whole = nil, math.MaxUint64, true
	return nil
}

func (db *DB) resumeReading(ctx context.Context, id string) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("resume reading: %w", err)
	}
	if err := b.intake.lock(ctx); err != nil {
		return fmt.Errorf("resume reading: %w", err)
	}
	defer b.intake.unlock()
	var base uint64
	err = db.submit(ctx, false, func(t *txn) error {
		resumed := b.meta.Batch.Reading
		if err := resumed.Resume(); err != nil {
			return err
		}
		m := t.touch(b)
		m.Batch.Reading, base = resumed, m.Base
		return nil
	})
	if err != nil {
		return fmt.Errorf("resume reading: %w", err)
	}
	b.intake.since, b.intake.whole = base, false
	return nil
}

// EndReading says that the reading is over, and whether every source was read to its clean end; if so its marks are
// forgotten.
func (db *DB) EndReading(ctx context.Context, id string, complete bool) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	if err := b.intake.lock(ctx); err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	defer b.intake.unlock()
	flush := b.index.Flush()
	err = db.submit(ctx, flush != nil, func(t *txn) error {
		bk, err := t.buckets(b)
		if err != nil {
			return err
		}
		if flush != nil {
			if err := t.changeIndex(b, bk, flush); err != nil {
				return err
			}
		}
		r := &t.touch(b).Batch.Reading
		r.Ended, r.Complete = db.opts.Now().UTC().Round(0), complete
		if complete {
			t.dropMarks(bk)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end reading: %w", err)
	}
	if complete {
		b.index.Forget() // a run may go on for weeks
	}
	if flush != nil {
		// The reading has ended, so this is no error of it; what is wrong with the file the next operation says.
		_ = db.settleIndex(context.WithoutCancel(ctx), b, nil)
	}
	return nil
}
