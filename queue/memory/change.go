package memory

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
)

// Change implements [queue.Admin]. It changes all items or none.
func (q *Queue) Change(ctx context.Context, id string, c queue.Change) (n queue.Changed, err error) {
	from, err := c.From()
	if err != nil {
		return n, err
	}
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return n, err
	}
	defer unlock()
	if c.Do != queue.DoReplace {
		step, err := q.change(b, c, from, nil)
		return c.Stored(n, step), err
	}
	if !b.whole || !b.Reading.Complete {
		return n, queue.ErrReadingIncomplete
	}
	read := b.allSeen()
	n, err = q.change(b, c, from, read)
	b.Reading.Withdrawn += n.Items + n.InDoubt
	for seq := range b.len() {
		if !read.Has(seq) && b.record(seq).State == queue.Submitted {
			n.Accepted++
		}
	}
	return n, err
}

// change changes the items in some states that c takes, but for those to keep.
func (q *Queue) change(b *batch, c queue.Change, from []queue.State, keep queue.Bits) (n queue.Changed, err error) {
	for seq := range b.len() {
		e := b.entry(seq)
		if keep.Has(seq) || !slices.Contains(from, e.State) || !c.Takes(&e) {
			continue
		}
		s, err := c.Step(seq, e.Record)
		if err == nil {
			err = q.apply(b, s)
		}
		if err != nil {
			return n, err
		}
		if s.After.State == queue.InDoubt {
			n.InDoubt++
		} else {
			n.Items++
		}
	}
	return n, nil
}

// allSeen returns all items of the objects that the present reading has.
func (b *batch) allSeen() queue.Bits {
	seen := slices.Clone(b.seen)
	for first := range b.history {
		if !seen.Has(first) {
			continue
		}
		for _, seq := range b.all(first) {
			seen.Add(seq)
		}
	}
	return seen
}

// Adopt implements [queue.Admin].
func (q *Queue) Adopt(ctx context.Context, id string, jobs []queue.Adopted) (int, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return 0, err
	}
	defer unlock()
	made, steps, others, err := queue.CheckAdopted(id, b, jobs)
	if err != nil {
		return 0, fmt.Errorf("adopt in batch %q: %w", id, err)
	}
	q.grow(b, made.Items, made.Histories, false)
	for _, s := range append(steps, others...) {
		if err := q.apply(b, s); err != nil {
			return 0, err
		}
	}
	return len(steps), nil
}

// SetAdoption implements [queue.Admin].
func (q *Queue) SetAdoption(ctx context.Context, id string, a queue.Adoption) error {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	b.Batch.Adopt(a)
	return nil
}

// SetControl implements [queue.Admin].
func (q *Queue) SetControl(ctx context.Context, name string, c queue.Control) error {
	if err := c.Validate(); err != nil {
		return fmt.Errorf("account %q: %w", name, err)
	}
	return q.setAccount(ctx, name, func(a *account) { a.control = c.Clone() })
}

// SetBatchControl implements [queue.Admin].
func (q *Queue) SetBatchControl(ctx context.Context, id string, c queue.BatchControl) error {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.Validate(); err != nil {
		return fmt.Errorf("control batch %q: %w", id, err)
	}
	b.Control = c
	return nil
}

// Check implements [queue.Admin]: it counts the items of each batch and compares them with the books.
func (q *Queue) Check(ctx context.Context, progress func(done, total int64)) (report queue.CheckReport, err error) {
	unlock, err := q.use(ctx)
	if err != nil {
		return report, err
	}
	defer unlock()
	for _, b := range q.batches {
		var counted queue.Counts
		for seq := range b.len() {
			*counted.Of(b.record(seq).State)++
			counted.Items++
		}
		report.Batches++
		report.Items += counted.Items
		if counted != b.Counts || !b.Reading.Balanced() {
			report.Problem("batch %q: the books say %+v, there are %+v", b.ID, b.Counts, counted)
		}
		if progress != nil {
			progress(report.Items, report.Items)
		}
	}
	return report, nil
}
