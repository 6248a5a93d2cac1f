package intake

import (
	"context"
	"slices"

	"airlift/manifest/entry"
	"airlift/queue"
)

// listRejected is how many rejected rows are listed.
const listRejected = 20

// DryRun is the result that a reading would have, found without changing the queue.
type DryRun struct {
	// Reading counts the rows as the reading would.
	queue.Reading
	// Items is how many items the batch would have.
	Items int64
	// RejectedRows are the first rejected rows, at most 20.
	RejectedRows []queue.Rejected
	// Replaced counts the items that a replacement would withdraw, by their states.
	Replaced queue.Counts
	// Scratch is a queue that holds the batch's new items, with their details. [Intake.Close] closes it.
	Scratch queue.Store

	trial *trial
}

// Seen reports whether the dry run read the item of the queue's batch.
func (d *DryRun) Seen(seq uint64) bool { return d.trial.seen.Has(seq) }

// DryRun reads all sources into a queue of its own, to which it adds the items that would be added to the batch.
func (t *Intake) DryRun(ctx context.Context) (*DryRun, error) {
	scratch, err := t.Scratch()
	if err != nil {
		return nil, err
	}
	t.scratch = scratch
	d := &DryRun{trial: &trial{Store: scratch, details: t.Details}}
	d.Scratch = d.trial
	if t.found {
		d.trial.real = t.Store
	}
	if err := d.Scratch.CreateBatch(ctx, queue.Batch{ID: t.Batch}); err != nil {
		return d, err
	}
	t.Reading.replace = false
	if err := t.Reading.Into(ctx, d.trial, t.Batch); err != nil {
		return d, err
	}
	b, err := d.Scratch.Batch(ctx, t.Batch)
	if err != nil {
		return d, err
	}
	d.Reading, d.Items = b.Reading, t.stored.Counts.Items+b.Reading.Added
	d.AddRows(&d.trial.others)
	if err := d.Scratch.Rejected(ctx, t.Batch, d.reject); err != nil {
		return d, err
	}
	if t.found && t.Replace {
		err = d.countReplaced(ctx, t.Store, t.Batch)
	}
	return d, err
}

// trial is a store for the items that would be added. It only counts the other rows.
type trial struct {
	queue.Store
	real    queue.Store // nil: the queue does not have the batch
	seen    queue.Bits  // the items of the queue's batch that the reading has
	others  queue.Reading
	details bool // keep them
}

// Add implements [queue.Intake].
func (t *trial) Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error) {
	for i := 0; i < len(c.Items) && t.details; i++ {
		packDetails(&c.Items[i])
	}
	if t.real == nil {
		return t.Store.Add(ctx, id, c)
	}
	has, err := t.Has(ctx, id, c.Items, false)
	if err != nil {
		return queue.Added{}, err
	}
	var mine, others []queue.Item // items whose object the trial has, and the rest
	for i, it := range c.Items {
		if has[i] {
			mine = append(mine, it)
		} else {
			others = append(others, it)
		}
	}
	known, err := t.real.Add(ctx, id, queue.Chunk{Items: others, Changed: c.Changed, Trial: true})
	if err != nil {
		return known, err
	}
	for i, seq := range known.Seen {
		again := seq >= 0 && t.seen.Has(uint64(seq)) // in a later chunk
		switch {
		case again && known.IsNew[i]:
			known.Duplicates++
		case again:
			known.Known--
			known.Duplicates++
		case known.IsNew[i]:
			mine = append(mine, others[i])
		}
		if seq >= 0 {
			t.seen.Add(uint64(seq))
		}
	}
	n := int64(known.Known + known.Duplicates)
	t.others.AddRows(&queue.Reading{Rows: n, Known: int64(known.Known), Duplicates: int64(known.Duplicates)})
	c.Items, c.Rejected = mine, append(slices.Clip(c.Rejected), known.Conflicts...)
	added, err := t.Store.Add(ctx, id, c)
	added.Unsure = known.Unsure
	return added, err
}

func (d *DryRun) reject(r queue.Rejected) error {
	if len(d.RejectedRows) < listRejected {
		d.RejectedRows = append(d.RejectedRows, r)
	}
	return nil
}

// countReplaced counts the items that a replacement would withdraw, without changing them.
func (d *DryRun) countReplaced(ctx context.Context, db queue.Store, batch string) error {
	replace := queue.Change{Do: queue.DoReplace}
	return queue.Entries(ctx, db, batch, queue.Filter{}, func(e *queue.Entry) error {
		if e.State == queue.Cancelled || e.State == queue.Sending || d.Seen(e.Seq) || !replace.Takes(e) {
			return nil
		}
		if e.Version != 0 { // the reading has all items of an object, or none
			first, found, err := db.Find(ctx, batch, queue.Object{Bucket: e.Bucket, Key: e.Key})
			if err != nil || found && d.Seen(first.Seq) {
				return err
			}
		}
		*d.Replaced.Of(e.State)++
		if e.State != queue.Submitted {
			d.Withdrawn++
		}
		return nil
	})
}

// CheckReplace returns an error if the dry run shows that a replacement would be refused.
func (t *Intake) CheckReplace(d *DryRun) error {
	if !t.Replace || t.Reading.End().Broken != nil {
		return nil
	}
	if err := d.CheckReplace(t.Sources.AllowEmpty); err != nil {
		return &ReplaceError{text: "--replace: nothing would be cancelled or sent: " + replaceRefusal(err)}
	}
	return nil
}

// checkStrict refuses the whole reading if any row is bad.
func (t *Intake) checkStrict(ctx context.Context) error {
	if !t.Strict {
		return nil
	}
	d, err := t.DryRun(ctx)
	if err != nil {
		return err
	}
	t.closeScratch()
	if broken := t.Reading.End().Broken; broken != nil {
		return entry.Usagef("--strict: nothing was enqueued: %s", BrokenText(broken))
	}
	if d.Rejected > 0 {
		return &BadRowsError{d.Rejected, d.RejectedRows}
	}
	// The dry run has consumed the sources: read them again from the beginning.
	again := t.newReading()
	again.needs, again.has, again.warned = t.Reading.needs, t.Reading.has, t.Reading.warned
	t.Reading = again
	return t.rewind()
}
