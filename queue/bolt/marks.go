package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Marks returns the marks of the batch's present reading, by key.
func (db *DB) Marks(ctx context.Context, id string) ([]queue.Mark, error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("marks: %w", err)
	}
	var marks []queue.Mark
	err = db.viewBatch(ctx, b, func(bk buckets) (err error) {
		marks, err = marksOf(bk)
		return err
	})
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
