package intake

import (
	"context"

	"airlift/queue"
	"airlift/queue/memory"
)

// ListRejected is how many rejected rows are listed.
const ListRejected = 20

// DryRun is what a reading would come to, found out without a change of the queue.
type DryRun struct {
	// Reading counts the rows as the reading would.
	queue.Reading
	// Items is how many items the batch would have.
	Items int64
	// RejectedRows are the first rejected rows, at most [ListRejected].
	RejectedRows []queue.Rejected
	// Replaced counts the items that a replacement would withdraw, by their states.
	Replaced queue.Counts
	// Scratch is a queue in memory in which the batch has the items of the reading alone.
	Scratch *memory.Queue

	// known are the items in Scratch, by sequence number, that the queue has or refuses; seen are the items of the queue's
	// batch that the reading has.
	known, seen queue.Bits
}

// IsNew reports whether an item in Scratch is one that the queue's batch would get.
func (d *DryRun) IsNew(seq uint64) bool { return !d.known.Has(seq) }

// Seen reports whether the reading has an item of the queue's batch.
func (d *DryRun) Seen(seq uint64) bool { return d.seen.Has(seq) }

// DryRun reads all sources into a queue in memory and compares the items with the queue's.
func (t *Intake) DryRun(ctx context.Context) (*DryRun, error) {
	d := &DryRun{Scratch: memory.New()}
	if err := d.Scratch.CreateBatch(ctx, queue.Batch{ID: t.Batch}); err != nil {
		return d, err
	}
	t.Reading.replace = false
	if err := t.Reading.Into(ctx, d.Scratch, t.Batch); err != nil {
		return d, err
	}
	b, err := d.Scratch.Batch(ctx, t.Batch)
	if err != nil {
		return d, err
	}
	d.Reading, d.Items = b.Reading, b.Reading.Added
	if err := d.Scratch.Rejected(ctx, t.Batch, d.reject); err != nil {
		return d, err
	}
	if t.found {
		err = t.compare(ctx, d)
	}
	return d, err
}

func (d *DryRun) reject(r queue.Rejected) error {
	if len(d.RejectedRows) < ListRejected {
		d.RejectedRows = append(d.RejectedRows, r)
	}
	return nil
}

// compare takes from the added what the queue's batch has already.
func (t *Intake) compare(ctx context.Context, d *DryRun) error {
	d.Items = t.stored.Counts.Items
	chunk := queue.Chunk{Changed: t.Changed, Trial: true}
	first := uint64(0) // the sequence number in Scratch of the chunk's first item
	try := func() error {
		added, err := t.Store.Add(ctx, t.Batch, chunk)
		if err != nil {
			return err
		}
		d.count(len(chunk.Items), first, added)
		first += uint64(len(chunk.Items))
		chunk.Items = chunk.Items[:0]
		return nil
	}
	err := queue.Entries(ctx, d.Scratch, t.Batch, queue.Filter{}, func(e *queue.Entry) error {
		if chunk.Items = append(chunk.Items, e.Item); len(chunk.Items) < chunkRows {
			return nil
		}
		return try()
	})
	if err == nil {
		err = try()
	}
	if err != nil || !t.Replace {
		return err
	}
	return d.countReplaced(ctx, t.Store, t.Batch)
}

// count takes over what became of the items of a chunk on trial.
func (d *DryRun) count(items int, first uint64, added queue.Added) {
	d.Items += int64(added.Added)
	d.Added -= int64(items - added.Added)
	d.Known += int64(added.Known)
	d.Rejected += int64(len(added.Conflicts))
	for _, seq := range added.Seen {
		d.seen.Add(seq)
	}
	for i, isNew := range added.IsNew {
		if !isNew {
			d.known.Add(first + uint64(i))
		}
	}
	for _, r := range added.Conflicts {
		_ = d.reject(r)
	}
}

// countReplaced counts the items that a replacement would withdraw, without changing them.
func (d *DryRun) countReplaced(ctx context.Context, db queue.Store, batch string) error {
	return queue.Entries(ctx, db, batch, queue.Filter{}, func(e *queue.Entry) error {
		if e.State == queue.Cancelled || e.State == queue.Sending || d.seen.Has(e.Seq) {
			return nil
		}
		if e.Version != 0 { // the reading has all items of an object, or none
			first, found, err := db.Find(ctx, batch, queue.Object{Bucket: e.Bucket, Key: e.Key})
			if err != nil || found && d.seen.Has(first.Seq) {
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

// CheckReplace returns why a dry run shows that nothing would be replaced.
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
	if broken := t.Reading.End().Broken; broken != nil {
		return usagef("--strict: nothing was enqueued: %s", BrokenText(broken))
	}
	if d.Rejected > 0 {
		return &BadRowsError{d.Rejected, d.RejectedRows}
	}
	// The trial has used the sources up: read them from the beginning.
	t.Reading = t.Reading.restart()
	t.Reading.replace = t.Replace
	return t.rewind()
}
