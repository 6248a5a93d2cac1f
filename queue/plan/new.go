package plan

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"airlift/queue"
	"airlift/queue/intake"
)

// New makes a dry run of a prepared reading, and returns its plan and the dry run. l are the user's limits,
// to which the queue adds what it has learned.
func New(ctx context.Context, t *intake.Intake, l Limits) (*Plan, *intake.DryRun, error) {
	p, found := &Plan{Batch: t.Batch}, newTally()
	d, err := t.DryRun(ctx)
	if err == nil {
		err = p.count(ctx, t, d, found)
	}
	if err == nil {
		p.FirstJobs, err = First(ctx, t, d)
	}
	if err != nil {
		return nil, nil, err
	}
	p.rows(d)
	p.Complete, p.Unmatched = t.Reading.End().Broken == nil, t.Reading.Unmatched()
	found.fill(p)
	now := time.Now()
	if t.Store != nil {
		if err := l.Load(ctx, t.Store, t.Account(), now); err != nil {
			return nil, nil, err
		}
	}
	p.forecast(l, now)
	return p, d, nil
}

// count looks through the new items, and through those of the batch that are not sent yet.
func (p *Plan) count(ctx context.Context, t *intake.Intake, d *intake.DryRun, found *tally) error {
	err := queue.Entries(ctx, d.Scratch, t.Batch, queue.Filter{}, func(e *queue.Entry) error {
		found.add(e.Bucket, e.Key, e.Details)
		return nil
	})
	if err != nil || t.Store == nil {
		return err
	}
	b, err := t.Store.Batch(ctx, t.Batch)
	if errors.Is(err, queue.ErrBatchNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Exists, p.Queue = true, b.Counts
	if b.Counts.Left() == 0 {
		return nil
	}
	return queue.Entries(ctx, t.Store, t.Batch, queue.Filter{}, func(e *queue.Entry) error {
		if e.State == queue.Pending || e.State == queue.Sending || e.State == queue.InDoubt {
			found.add(e.Bucket, e.Key, nil)
		}
		return nil
	})
}

// rows takes over what became of the rows.
func (p *Plan) rows(d *intake.DryRun) {
	p.Rows, p.New, p.Known, p.Duplicates, p.Rejected, p.Skipped = d.Rows, d.Added, d.Known, d.Duplicates, d.Rejected, d.Skipped
	p.Skips, p.Rejects = []SkippedAmount{}, []Reject{}
	for _, why := range slices.Sorted(maps.Keys(d.SkippedBy)) {
		p.Skips = append(p.Skips, SkippedAmount{why, d.SkippedBy[why]})
	}
	for _, r := range d.RejectedRows {
		p.Rejects = append(p.Rejects, Reject{r.Line, r.Bucket, r.Key, r.Reason})
	}
}
