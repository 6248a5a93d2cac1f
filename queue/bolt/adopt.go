package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
)

// Adopt marks items as submitted whose jobs AiR turned out to hold (see [queue.Adopt]), and returns how many it changed:
// all of the list or, if one of them is unlawful, none. An item that is submitted already keeps the job that it has and
// is not counted, so that the same list may be given again; of two jobs for one item the first is taken. What it
// changes is durable on return.
func (db *DB) Adopt(ctx context.Context, id string, jobs []queue.Adopted) (n int, err error) {
	b, err := db.lookup(id)
	if err != nil {
		return 0, fmt.Errorf("adopt: %w", err)
	}
	if len(jobs) == 0 {
		return 0, nil
	}
	err = db.submit(ctx, false, func(t *txn) error {
		steps, err := t.judgeAdopted(b, jobs)
		if err != nil {
			return err
		}
		for i := range steps {
			if err := t.adopt(b, &steps[i]); err != nil {
				return err
			}
		}
		n = len(steps)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("adopt in batch %q: %w", id, err)
	}
	return n, nil
}

// adoption is one lawful step.
type adoption struct {
	seq           uint64
	before, after record
	in            where
}

// judgeAdopted works out every step without writing anything.
func (t *txn) judgeAdopted(b *batch, jobs []queue.Adopted) ([]adoption, error) {
	bk, err := t.buckets(b)
	if err != nil {
		return nil, err
	}
	var steps []adoption
	taken := make(map[uint64]bool, len(jobs))
	for _, a := range jobs {
		if a.Seq >= uint64(b.meta.Batch.Counts.Items) {
			return nil, fmt.Errorf("there is no item %d", a.Seq)
		}
		before, in, err := current(bk, a.Seq)
		if err != nil {
			return nil, err
		}
		if before.State == queue.Submitted || taken[a.Seq] {
			continue
		}
		taken[a.Seq] = true
		if in == implied && a.Seq < b.meta.Cursor {
			return nil, damaged("item %d has no record", a.Seq)
		}
		after := before
		if after.Record, err = queue.Adopt(before.Record, a); err != nil {
			return nil, err
		}
		if _, err := t.day(dayKey{b.meta.Batch.Account, after.Day}); err != nil {
			return nil, err
		}
		steps = append(steps, adoption{a.Seq, before, after, in})
	}
	return steps, nil
}

// adopt stores and books one step.
func (t *txn) adopt(b *batch, s *adoption) error {
	bk := t.handles[b]
	m := t.touch(b)
	key := seqKey(s.seq)
	switch s.in {
	case inOpen:
		t.delete(bk.open, key)
	case inReady:
		t.delete(bk.ready, key)
		m.Ready--
	case implied:
		m.Ahead++ // it was never claimed, and the cursor must pass it over
	}
	if s.before.State == queue.Failed {
		if err := m.dropError(s.before.Code); err != nil {
			return err
		}
	}
	t.putRecord(bk.results, resultKey(s.seq, s.after.gen), s.after)
	t.move(b, s.before.State, s.after.State)
	m.Batch.Sent = true
	m.accept(s.after.At)
	if day := (dayKey{m.Batch.Account, s.after.Day}); day.day != 0 {
		claimed := int64(1)
		if s.before.State == queue.InDoubt {
			claimed = 0 // its own claim is counted already
		}
		t.bookDay(day, claimed, 1)
	}
	return nil
}
