package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/index"
)

// meta is what is stored of a batch beside its items; each commit that touches the batch writes it again.
type meta struct {
	Batch queue.Batch `json:"batch"`
	// Cursor is the first item that was never claimed. What lies from here on and has no result is pending.
	Cursor uint64 `json:"cursor"`
	// Ready counts the pending items in the bucket ready.
	Ready int64 `json:"ready"`
	// Ahead counts the items from the cursor on that have results, because they were cancelled or adopted before their turn.
	Ahead int64 `json:"ahead,omitempty"`
	// Withdrawn counts the items that are withdrawn (see queue.Withdraw).
	Withdrawn int64 `json:"withdrawn,omitempty"`
	// RejectedValues is the number of the next value of rejected rows.
	RejectedValues uint64 `json:"packs,omitempty"`
	// Base is how many items there were when the present reading began: those from there on are its own.
	Base uint64 `json:"base,omitempty"`
	index.Extent
}

// batch is a batch in memory.
type batch struct {
	num uint32
	// meta and dirty belong to the writer.
	meta  meta
	dirty bool
	// readyCursor is where the search for a ready item begins; it belongs to the writer, and is 0 after a restart.
	readyCursor uint64
	// public is what is durable, for readers, who clone it.
	public atomic.Pointer[queue.Batch]

	index  *index.Index
	intake intake
	blocks block.Cache
	ids    jobIDs
}

// Batches implements [queue.Reader]. It returns the last durable counts, from memory.
func (db *DB) Batches(ctx context.Context) ([]queue.Batch, error) {
	var list []queue.Batch
	for _, b := range db.all() {
		list = append(list, b.public.Load().Clone())
	}
	return list, nil
}

// Batch implements [queue.Reader], as Batches does.
func (db *DB) Batch(ctx context.Context, id string) (queue.Batch, error) {
	b, err := db.lookup(id)
	if err != nil {
		return queue.Batch{}, err
	}
	return b.public.Load().Clone(), nil
}

// CreateBatch implements [queue.Intake].
func (db *DB) CreateBatch(ctx context.Context, nb queue.Batch) error {
	nb, err := queue.NewBatch(nb, db.opts.Now())
	if err != nil {
		return err
	}
	return db.submit(ctx, false, func(t *txn) error {
		if _, err := db.lookup(nb.ID); err == nil || t.created[nb.ID] {
			return fmt.Errorf("create batch %q: %w", nb.ID, queue.ErrBatchExists)
		}
		all := t.tx.Bucket(bucketBatches)
		num := uint32(1)
		if k, _ := all.Cursor().Last(); len(k) == 4 {
			num = binary.BigEndian.Uint32(k) + 1
		}
		t.writes++
		root, err := all.CreateBucket(numKey(num))
		if err != nil {
			return err
		}
		for _, name := range [][]byte{
			bucketItems, bucketOpen, bucketReady, bucketResults, bucketIndex, bucketRuns, bucketRejected,
		} {
			if _, err := root.CreateBucket(name); err != nil {
				return err
			}
		}
		b := &batch{num: num, intake: newIntake()}
		b.meta.Batch = nb
		b.index = db.newIndex(b)
		t.touch(b)
		t.created[nb.ID] = true
		return nil
	})
}

// SetSettings implements [queue.Intake].
func (db *DB) SetSettings(ctx context.Context, id string, s queue.Settings) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("set settings: %w", err)
	}
	s = s.Clone()
	return db.submit(ctx, false, func(t *txn) error {
		if was := &b.meta.Batch; was.Sent && was.Settings.Name != s.Name {
			return fmt.Errorf("set settings of batch %q: %w", id, queue.ErrNameFixed)
		}
		t.touch(b).Batch.Settings = s
		return nil
	})
}

// SetBatchControl implements [queue.Admin].
func (db *DB) SetBatchControl(ctx context.Context, id string, c queue.BatchControl) error {
	b, err := db.lookup(id)
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return fmt.Errorf("control batch %q: %w", id, err)
	}
	return db.submit(ctx, false, func(t *txn) error {
		t.touch(b).Batch.Control = c
		return nil
	})
}
