package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// Adopt marks items as submitted whose jobs AiR turned out to hold (see [queue.Adopt]), and returns how many it changed:
// all of the list or, if one of them is unlawful, none. An item that is submitted already keeps the job that it has and
// is not counted, so that the same list may be given again; of two jobs for one item the first is taken. What it
// changes is durable on return.
//
// A job of a version that the batch does not have makes the item. The contents of the object's first item are then
// unknown: what a source told of it lately may be of the version. A job of an object that the batch does not have makes
// its item likewise, if it is given (see [queue.Adopted]).
func (db *DB) Adopt(ctx context.Context, id string, jobs []queue.Adopted) (n int, err error) {
	b, err := db.lookup(id)
	if err != nil {
		return 0, fmt.Errorf("adopt: %w", err)
	}
	if len(jobs) == 0 {
		return 0, nil
	}
	var known map[object]uint64
	if slices.ContainsFunc(jobs, func(a queue.Adopted) bool { return a.Version != 0 || a.Unsourced != nil }) {
		if err := b.intake.lock(ctx); err != nil {
			return 0, fmt.Errorf("adopt: %w", err)
		}
		defer b.intake.unlock() // items are made in their turn alone
		b.intake.alikes = nil
		if known, err = db.findUnsourced(ctx, b, jobs); err != nil {
			return 0, fmt.Errorf("adopt: %w", err)
		}
	}
	if err := db.loadJobIDs(ctx, b); err != nil {
		return 0, fmt.Errorf("adopt: %w", err)
	}
	err = db.submit(ctx, false, func(t *txn) error {
		bk, err := t.buckets(b)
		if err != nil {
			return err
		}
		jobs, made, err := t.makeItems(b, bk, jobs, known)
		if err != nil {
			return err
		}
		steps, err := t.judgeAdopted(b, bk, jobs, made)
		if err != nil {
			return err
		}
		others, err := t.contestedBy(b, bk, steps)
		if err != nil {
			return err
		}
		if made.totals.Items > 0 {
			made.store(t, b, bk)
		}
		for i := range steps {
			if err := t.adopt(b, &steps[i]); err != nil {
				return err
			}
		}
		for i := range others {
			t.putContested(&others[i])
		}
		n = len(steps)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("adopt in batch %q: %w", id, err)
	}
	if len(known) > 0 && b.index.Full() {
		// The items are stored, so this is no error of the Adopt; what is wrong with the file the next operation says.
		_ = db.settleIndex(context.WithoutCancel(ctx), b, b.index.Flush())
	}
	return n, nil
}

// adoption is one lawful step.
type adoption struct {
	seq           uint64
	before, after block.Record
	in            where
}

// judgeAdopted works out every step without writing anything.
func (t *txn) judgeAdopted(b *batch, bk buckets, jobs []queue.Adopted, made *adoptedItems) ([]adoption, error) {
	var steps []adoption
	taken := make(map[uint64]bool, len(jobs))
	for _, a := range jobs {
		if a.Seq >= made.base+uint64(made.totals.Items) {
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
			return nil, codec.Damaged("item %d has no record", a.Seq)
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

// contestedBy returns the submitted items that have the job id of an adopted one: the list shows whose job it is, so
// these become in doubt. If the list itself has two jobs with one id, neither can be adopted.
func (t *txn) contestedBy(b *batch, bk buckets, steps []adoption) ([]contested, error) {
	j := idJudge{t: t}
	seen := make(map[string]uint64, len(steps))
	for i := range steps {
		s := &steps[i]
		id := s.after.JobID
		if seq, twice := seen[id]; twice {
			return nil, fmt.Errorf("AiR's list has the job id %q for the items %d and %d", id, seq, s.seq)
		}
		seen[id] = s.seq
		at := idKey{b, id}
		other, err := j.ownerOf(at)
		if err != nil {
			return nil, err
		}
		if other == nil || other.State != queue.Submitted {
			continue
		}
		message, err := j.message(at, s.seq, other.seq)
		if err != nil {
			return nil, err
		}
		if _, err := j.contest(b, other, message); err != nil {
			return nil, err
		}
	}
	return j.others, nil
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
		if err := m.Batch.DropError(s.before.Code); err != nil {
			return err
		}
	}
	t.putRecord(bk.results, resultKey(s.seq, s.after.Generation), s.after)
	b.ids.add(s.after.JobID, m.Batch.Counts.Items)
	t.book(b, s.before.Record, s.after.Record)
	m.Batch.Sent = true
	m.Batch.NoteAccepted(s.after.At)
	if day := (dayKey{m.Batch.Account, s.after.Day}); day.day != 0 {
		claimed := int64(1)
		if s.before.State == queue.InDoubt {
			claimed = 0 // its own claim is counted already
		}
		t.bookDay(day, claimed, 1)
	}
	return nil
}
