package bolt

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"airlift/queue"
)

// Check reads the whole file and says what is wrong with it: of each batch that every item can be decoded and has one
// lawful record, that the books are what counting gives, that each item is in the index once or, a version, in the
// history of its object, that the reading balances; then the daily counts; and if all that is well, bbolt's own check of
// the pages. progress, if not nil, is told how many items are done; it must not use the queue.
//
// It reads in one transaction, so that it compares one moment's books with the same moment's items; while it runs, the
// file grows with every change. It is meant for a queue at rest.
func (db *DB) Check(ctx context.Context, progress func(done, total int64)) (queue.CheckReport, error) {
	c := checker{db: db, days: map[dayKey]int64{}, progress: progress}
	for _, b := range db.all() {
		c.total += b.public.Load().Counts.Items
	}
	defer db.inOrder()()
	err := db.view(ctx, func(tx *bbolt.Tx) error {
		for _, b := range db.all() {
			if err := c.batch(ctx, tx, b); err != nil {
				return err
			}
		}
		if err := c.checkDays(tx); err != nil || c.report.Found > 0 {
			return err // bbolt would only tell of the same damage in other words
		}
		// Last, for it reads in a goroutine of its own, where damaged pages end the process: guard has met them by now.
		for err := range tx.Check() {
			c.problem("pages: %v", err)
		}
		return nil
	})
	if err != nil {
		return c.report, fmt.Errorf("check: %w", err)
	}
	return c.report, nil
}

// checker collects what Check finds.
type checker struct {
	db          *DB
	report      queue.CheckReport
	days        map[dayKey]int64 // jobs submitted, recounted
	done, total int64
	progress    func(done, total int64)
}

func (c *checker) problem(format string, args ...any) {
	c.report.Found++
	if len(c.report.Problems) < queue.MaxProblems {
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, args...))
	}
}

// same reports two figures that should be one.
func (c *checker) same(id, what string, booked, counted int64) {
	if booked != counted {
		c.problem("batch %q: %s: the books say %d, there are %d", id, what, booked, counted)
	}
}

// batch checks one batch as the transaction sees it.
func (c *checker) batch(ctx context.Context, tx *bbolt.Tx, b *batch) error {
	bk, err := bucketsOf(tx, b.num)
	if err != nil {
		c.problem("%v", err)
		return nil
	}
	var m meta
	if err := readMeta(bk, &m); err != nil {
		c.problem("batch %d: %v", b.num, err)
		return nil
	}
	c.report.Batches++
	r := recount{checker: c, b: b, bk: bk, m: &m}
	r.openIndex()
	if err := r.items(ctx); err != nil {
		return err
	}
	r.records()
	r.runs(ctx)
	r.histories()
	r.books()
	return nil
}

// checkDays compares the days' counts with the jobs that there are.
func (c *checker) checkDays(tx *bbolt.Tx) error {
	return tx.Bucket(bucketDays).ForEach(func(k, v []byte) error {
		if len(k) < 6 {
			c.problem("a daily count has a garbled key")
			return nil
		}
		at := len(k) - 4
		day := dayKey{string(k[:at-1]), queue.Day(int32(binary.BigEndian.Uint32(k[at:])))}
		var n queue.DayCount
		if err := decodeJSON(k, v, &n); err != nil {
			c.problem("day %d of account %q: %v", day.day, day.account, err)
			return nil
		}
		if n.Submitted != c.days[day] {
			c.problem("day %d of account %q: the books say %d submitted, there are %d", day.day, day.account, n.Submitted, c.days[day])
		}
		if n.Claimed < n.Submitted {
			c.problem("day %d of account %q: %d submitted of %d claimed", day.day, day.account, n.Submitted, n.Claimed)
		}
		return nil
	})
}
