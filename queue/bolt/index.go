package bolt

import (
	"context"
	"fmt"
	"math"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// newIndex returns the index of a batch whose meta is there.
func (db *DB) newIndex(b *batch) *index.Index {
	return index.New(index.Config{
		Key: db.indexKey,
		View: func(ctx context.Context, fn func(index.Tx) error) error {
			return db.viewBatch(ctx, b, func(bk buckets) error { return fn(indexTx{bk}) })
		},
		Items: func(ctx context.Context, seq uint64) (items []queue.Item, err error) {
			err = db.viewBatch(ctx, b, func(bk buckets) error {
				items, err = itemsFrom(bk, seq)
				return err
			})
			return items, err
		},
		Count: func() (items, objects int64) {
			p := b.public.Load()
			return p.Counts.Items, p.Counts.Items - p.Versions
		},
	}, b.meta.Extent)
}

// indexTx is what a batch's index sees of a transaction.
type indexTx struct{ bk buckets }

func (t indexTx) Runs() index.Bucket { return indexBucket{t.bk.runs} }

func (t indexTx) Run(number []byte) index.Bucket {
	if b := t.bk.index.Bucket(number); b != nil {
		return indexBucket{b}
	}
	return nil
}

func (t indexTx) CreateRun(number []byte) (index.Bucket, error) {
	b, err := t.bk.index.CreateBucket(number)
	if err != nil {
		return nil, err
	}
	b.FillPercent = 1
	return indexBucket{b}, nil
}

func (t indexTx) DeleteRun(number []byte) error { return t.bk.index.DeleteBucket(number) }

type indexBucket struct{ *bbolt.Bucket }

func (b indexBucket) Cursor() index.Cursor { return b.Bucket.Cursor() }

// changeIndex stores a change of the index.
func (t *txn) changeIndex(b *batch, bk buckets, c *index.Change) error {
	m := t.touch(b)
	done, err := c.Store(indexTx{bk}, &m.Extent, m.Batch.Counts.Items)
	if err == nil {
		t.then(done)
	}
	return err
}

// storeIndex stores a change of the index, if it is not nil, and then merges runs. The caller holds the batch's intake.
func (db *DB) storeIndex(ctx context.Context, b *batch, c *index.Change) (err error) {
	for {
		if c != nil {
			err = db.submit(ctx, true, func(t *txn) error {
				bk, err := t.buckets(b)
				if err != nil {
					return err
				}
				return t.changeIndex(b, bk, c)
			})
			if err != nil {
				return err
			}
		}
		if c, err = b.index.Merge(ctx); err != nil || c == nil {
			return err
		}
	}
}

// intake is the state of a batch's reading in memory.
type intake struct {
	// mutex guards the index and the fields below, so that an Add may look up and encode outside the writer. It is a channel
	// because the end of a context ends the wait for it.
	mutex chan struct{}
	// seen has a bit for each item that the present reading has. It is not stored.
	seen queue.Bits
	// whole says that seen has all that the present reading had: this process began it.
	whole bool
	// since is, in a reading that goes on, the first item that it had added before; else above all items.
	since uint64
	// alikes is nil until they are read, and again after each adoption of unsourced items.
	alikes *index.Alikes
}

func newIntake() intake { return intake{mutex: make(chan struct{}, 1), since: math.MaxUint64} }

// lock locks the mutex.
func (i *intake) lock(ctx context.Context) error {
	select {
	case i.mutex <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (i *intake) unlock() { <-i.mutex }

// withIntake calls fn with a batch while it holds the batch's intake.
func (db *DB) withIntake(ctx context.Context, what, id string, fn func(b *batch) error) error {
	b, err := db.lookup(id)
	if err == nil {
		err = b.intake.lock(ctx)
	}
	if err == nil {
		defer b.intake.unlock()
		err = fn(b)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
