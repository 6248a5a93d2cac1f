package bolt

import (
	"context"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/check"
	"airlift/queue/bolt/codec"
	"airlift/queue/bolt/index"
)

// Check implements [queue.Admin]: of each batch it checks what package check says; then the daily counts; and if all that
// is well, bbolt's own check of the pages.
//
// It reads in one transaction, so that it compares one moment's books with the same moment's items; while it runs, the
// file grows with every change. It is meant for a queue at rest.
func (db *DB) Check(ctx context.Context, progress func(done, total int64)) (queue.CheckReport, error) {
	c := check.Check{Submitted: map[codec.AccountDay]int64{}}
	if total := int64(0); progress != nil {
		for _, b := range db.all() {
			total += b.public.Load().Counts.Items
		}
		c.Progress = func(done int64) { progress(done, total) }
	}
	defer db.sequential()()
	err := db.view(ctx, func(tx *bbolt.Tx) error {
		for _, b := range db.all() {
			if err := db.checkBatch(ctx, tx, b, &c); err != nil {
				return err
			}
		}
		c.Days(tx.Bucket(bucketDays))
		if !c.Report.OK() {
			return nil // bbolt would only report the same damage in other words
		}
		// Last, because it reads in its own goroutine, where a panic on a damaged page would end the process.
		for err := range tx.Check() {
			c.Report.Problem("pages: %v", err)
		}
		return nil
	})
	if err != nil {
		return c.Report, fmt.Errorf("check: %w", err)
	}
	return c.Report, nil
}

// checkBatch checks one batch as the transaction sees it.
func (db *DB) checkBatch(ctx context.Context, tx *bbolt.Tx, b *batch, c *check.Check) error {
	bk, err := bucketsOf(tx, b.num)
	if err != nil {
		c.Report.Problem("%v", err)
		return nil
	}
	var m meta
	if err := readMeta(bk, &m); err != nil {
		c.Report.Problem("batch %d: %v", b.num, err)
		return nil
	}
	var mu sync.Mutex // a transaction is for one goroutine at a time
	stored := check.Batch{
		Books: m.Batch, Cursor: m.Cursor, Ready: m.Ready, Ahead: m.Ahead, Withdrawn: m.Withdrawn,
		OpenRecords: bk.open, ReadyRecords: bk.ready, Results: bk.results, Rejected: bk.rejected,
		Index: index.New(index.Config{
			Key: db.indexKey,
			View: func(_ context.Context, fn func(index.Tx) error) error {
				mu.Lock()
				defer mu.Unlock()
				return guard(func() error { return fn(indexTx{bk}) })
			},
			Items: func(_ context.Context, seq uint64) ([]queue.Item, error) { return itemsFrom(bk, seq) },
			Count: func() (items, objects int64) { return m.Batch.Counts.Items, m.Batch.Counts.Items - m.Batch.Versions },
		}, m.Extent),
		Pages: func(yield func(*block.Page, error) bool) {
			var page block.Page
			for p := (pager{want: block.AllStates}); !p.end; {
				if err := p.read(bk, &page); !yield(&page, err) || err != nil {
					return
				}
			}
		},
	}
	if bk.histories != nil {
		stored.Histories = bk.histories
	}
	if bk.events != nil {
		stored.Events = bk.events
	}
	if marks := bk.root.Bucket(bucketMarks); marks != nil {
		stored.Marks = marks
	}
	return c.Batch(ctx, &stored)
}
