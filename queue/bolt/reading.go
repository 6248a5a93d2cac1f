package bolt

import (
	"context"
	"fmt"
	"math"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/codec"
	"airlift/queue/bolt/index"
)

// BeginReading implements [queue.Intake]. Which known rows a reading has seen is only in memory: after a
// restart such a row counts as known once more when the reading is resumed.
func (db *DB) BeginReading(ctx context.Context, id string, resume bool) error {
	if resume {
		return db.withIntake(ctx, "resume reading", id, func(b *batch) error { return db.resumeReading(ctx, b) })
	}
	return db.withIntake(ctx, "begin reading", id, func(b *batch) error {
		err := db.submit(ctx, false, func(t *txn) error { return t.beginReading(b) })
		if err == nil {
			b.intake.seen, b.intake.since, b.intake.whole = nil, math.MaxUint64, true
		}
		return err
	})
}

func (t *txn) beginReading(b *batch) error {
	bk, err := t.buckets(b)
	if err != nil {
		return err
	}
	m := t.touch(b)
	m.Batch.Reading = queue.Reading{Number: m.Batch.Reading.Number + 1, Started: t.db.opts.Now().UTC().Round(0)}
	m.Base = uint64(m.Batch.Counts.Items)
	t.dropMarks(bk)
	if m.RejectedValues == 0 {
		return nil
	}
	m.RejectedValues = 0
	t.note(bk.root.DeleteBucket(bucketRejected))
	_, err = bk.root.CreateBucket(bucketRejected)
	t.note(err)
	delete(t.handles, b) // they have the deleted bucket
	return nil
}

func (db *DB) resumeReading(ctx context.Context, b *batch) error {
	var base uint64
	err := db.submit(ctx, false, func(t *txn) error {
		resumed := b.meta.Batch.Reading
		if err := resumed.Resume(); err != nil {
			return err
		}
		m := t.touch(b)
		m.Batch.Reading, base = resumed, m.Base
		return nil
	})
	if err == nil {
		b.intake.since, b.intake.whole = base, false
	}
	return err
}

// EndReading implements [queue.Intake].
func (db *DB) EndReading(ctx context.Context, id string, complete bool) error {
	return db.withIntake(ctx, "end reading", id, func(b *batch) error {
		flush := b.index.Flush()
		err := db.submit(ctx, flush != nil, func(t *txn) error { return t.endReading(b, complete, flush) })
		if err != nil {
			return err
		}
		if complete {
			b.index.Forget() // a run may go on for weeks
		}
		if flush != nil {
			// The reading has ended, so this succeeds. If the file is damaged, the next operation reports it.
			_ = db.storeIndex(context.WithoutCancel(ctx), b, nil)
		}
		return nil
	})
}

func (t *txn) endReading(b *batch, complete bool, flush *index.Change) error {
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
	r.Ended, r.Complete = t.db.opts.Now().UTC().Round(0), complete
	if complete {
		t.dropMarks(bk)
	}
	return nil
}

// Marks implements [queue.Intake].
func (db *DB) Marks(ctx context.Context, id string) (marks []queue.Mark, err error) {
	b, err := db.lookup(id)
	if err == nil {
		err = db.viewBatch(ctx, b, func(bk buckets) (err error) {
			marks, err = marksOf(bk)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("marks: %w", err)
	}
	return marks, nil
}

// marksOf reads all marks of a batch. Their bucket is there only while there are some.
func marksOf(bk buckets) ([]queue.Mark, error) {
	b := bk.root.Bucket(bucketMarks)
	if b == nil {
		return nil, nil
	}
	var marks []queue.Mark
	err := b.ForEach(func(k, v []byte) error {
		value, ok := codec.Bound(nil, v)
		if !ok {
			return codec.Damaged("the mark %q is garbled", k)
		}
		marks = append(marks, queue.Mark{Key: string(k), Value: append([]byte{}, value...)})
		return nil
	})
	return marks, err
}

// putMarks stores marks and takes away those without a value.
func (t *txn) putMarks(bk buckets, marks []queue.Mark) {
	if len(marks) == 0 {
		return
	}
	t.writes++
	b, err := bk.root.CreateBucketIfNotExists(bucketMarks)
	if err != nil {
		t.note(err)
		return
	}
	for _, m := range marks {
		if m.Value == nil {
			t.delete(b, []byte(m.Key))
		} else {
			t.put(b, []byte(m.Key), codec.Bind(nil, slices.Clone(m.Value)))
		}
	}
}

// dropMarks forgets all marks of a batch.
func (t *txn) dropMarks(bk buckets) {
	if bk.root.Bucket(bucketMarks) != nil {
		t.writes++
		t.note(bk.root.DeleteBucket(bucketMarks))
	}
}
