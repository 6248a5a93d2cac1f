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
	var keep queue.Bits
	if c.Do == queue.DoReplace {
		if !b.whole || !b.Reading.Complete {
			return n, queue.ErrNotWhole
		}
		keep = slices.Clone(b.seen)
		for first := range b.history {
			for _, seq := range b.all(first) {
				if b.seen.Has(first) {
					keep.Add(seq)
				}
			}
		}
	}
	for seq := range b.n {
		e := b.entry(seq)
		if c.Do == queue.DoReplace && !keep.Has(seq) && e.State == queue.Submitted {
			n.Accepted++
		}
		if keep.Has(seq) || !slices.Contains(from, e.State) || !c.Takes(&e) {
			continue
		}
		after, err := c.Of(e.Record)
		if err == nil {
			err = q.apply(b, queue.Step{Seq: seq, Before: e.Record, After: after})
		}
		if err != nil {
			return n, err
		}
		if after.State == queue.InDoubt {
			n.InDoubt++
		} else {
			n.Items++
		}
	}
	if c.Do == queue.DoReplace {
		b.Reading.Withdrawn += n.Items + n.InDoubt
	}
	return n, nil
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

// Check implements [queue.Admin]: it counts the items of each batch and compares them with the books.
func (q *Queue) Check(ctx context.Context, progress func(done, total int64)) (report queue.CheckReport, err error) {
	unlock, err := q.use(ctx)
	if err != nil {
		return report, err
	}
	defer unlock()
	for _, b := range q.batches {
		var counted queue.Counts
		for seq := range b.n {
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
