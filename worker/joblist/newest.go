package joblist

import (
	"context"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
)

// newest holds the jobs among a batch's newest that no item is known to have. A lookup that finds no job by name checks
// them: a server may list the job under a changed name. One reading serves all lookups that are due before it began.
type newest struct {
	lock  chan struct{} // a mutex that can be waited for with a context; guards the fields below
	began time.Time     // when the reading began, with a monotonic reading; zero: there was none
	since time.Time     // the reading shows all jobs created since then, by our clock
	whole bool          // the reading shows all jobs
	// sorted says that the list was in the order of Created, newest first, and that what the queue knows agrees.
	sorted bool
	// unclaimed are the jobs that no item had when they were read.
	unclaimed []unclaimed
}

// unclaimed is a job that no item had when it was read.
type unclaimed struct {
	air.Job
	// before is when the queue had a job that was created after this one, by our clock; zero: the list shows none.
	before time.Time
}

// maxUnclaimed bounds the jobs that are kept. If there are more, the item's job may be among the rest, so the list proves
// nothing.
const maxUnclaimed = 10_000

// errTooManyUnclaimed: the list has more jobs that no item has than are kept.
var errTooManyUnclaimed = fmt.Errorf("AiR lists more than %d jobs of this batch that belong to no item of this queue, so it cannot be told whether one of them is this item's; "+
	"does somebody else submit under this batch? `airlift adopt` takes such jobs into the queue", maxUnclaimed)

// lookup returns what the newest jobs show of an item that was not found by its name: its job; a code, if one of them
// belongs to no item that the queue knows, so that it may be this one's; or absence.
func (n *newest) lookup(ctx context.Context, b *Batch, c queue.Claimed, at Attempt) (Found, error) {
	select {
	case n.lock <- struct{}{}:
		defer func() { <-n.lock }()
	case <-ctx.Done():
		return Found{}, context.Cause(ctx)
	}
	began := at.Began()
	if n.began.Before(at.Settled) || !n.whole && n.since.After(began) {
		if err := n.read(ctx, b, at.Settled, began); err != nil {
			return Found{}, err
		}
	}
	for _, u := range n.unclaimed {
		if n.sorted && !u.before.IsZero() && u.before.Before(began) {
			continue // older than the attempt
		}
		if found, err := b.mayBe(ctx, c, u.Job); err != nil || found != (Found{}) {
			return found, err
		}
	}
	return Found{}, nil
}

// mayBe returns whether a job that no item had is this item's, or may be; the zero value: it is not.
func (b *Batch) mayBe(ctx context.Context, c queue.Claimed, j air.Job) (Found, error) {
	got, err := b.items.match(ctx, j)
	if err != nil {
		return Found{}, err
	}
	switch mine := got.found && got.Seq == c.Seq; {
	case mine && got.exact && j.Batch == c.Batch:
		return Found{JobID: j.ID}, nil
	case mine:
		return unknownJob(j, "has this item's source, but another name or batch"), nil
	case got.holds(j) || got.exact: // the job of another item
	case got.found && b.renamed(&got.Item, &c.Item, j): // the job of another item, whose name the server changed
	case !c.Sent: // no attempt of this item is known, so the job is not taken for its
	default:
		return unknownJob(j, "belongs to no item of this queue"), nil
	}
	return Found{}, nil
}

// renamed reports whether a job's name is a spelling of one item's name and not of the
// other.
func (b *Batch) renamed(one, other *queue.Item, j air.Job) bool {
	name := plainName(j.Name)
	return name == plainName(b.Name(one)) && name != plainName(b.Name(other))
}

func unknownJob(j air.Job, which string) Found {
	return Found{Code: CodeUnknownJob, Text: fmt.Sprintf(
		"AiR lists job %s (name %q, source %q), which %s. It may be this item's job: compare them, then run `airlift adopt`",
		j.ID, j.Name, "s3://"+j.Source.Bucket+"/"+j.Source.ObjectKey, which)}
}

// read reads the batch's newest jobs back to the start of an attempt. The caller holds the lock.
func (n *newest) read(ctx context.Context, b *Batch, due, began time.Time) error {
	if !n.began.IsZero() {
		if n.began.Before(due) {
			// Items that become due one after another share a reading.
			if err := ratelimit.Sleep(ctx, time.Until(n.began.Add(b.Settle/4))); err != nil {
				return err
			}
		} else {
			began = began.Add(began.Sub(n.began)) // read twice as far back, so that many older items share a reading
		}
	}
	r := newestReading{items: b.items, batch: b.ID, opened: b.Opened}
	r.began, r.since, r.sorted = time.Now(), began, true
	var seen batchCheck
	list := newestFirst(retrying(b.List), b.ID, maxListPages)
	for done := false; !done; {
		page, err := list.next(ctx)
		if err != nil {
			return err
		}
		if r.whole = page.end(); r.whole {
			if err := seen.absence(); err != nil {
				return err
			}
		}
		seen.observe(b.ID, page.jobs)
		if odd := oddOf(page.odd, b.ID); len(odd) > 0 {
			return &errUnreadableJob{odd[0].Err}
		}
		done = r.whole
		for i := 0; i < len(page.fresh) && !done; i++ {
			if done, err = r.see(ctx, page.fresh[i]); err != nil {
				return err
			}
		}
	}
	n.began, n.since, n.whole, n.sorted, n.unclaimed = r.began, r.since, r.whole, r.sorted, r.unclaimed
	return nil
}

// newestReading is a reading of a batch's newest jobs that is going on.
//
// It tells jobs older than the attempt from newer ones without comparing AiR's clock with ours: a job that the queue had before the
// attempt began is older than the attempt's job, and so is every job created before it.
type newestReading struct {
	newest   // what was read so far
	items    *matcher
	batch    string
	opened   time.Time // when the queue was opened
	last     time.Time // when the job before was created
	boundary time.Time // when the newest job was created that is older than the attempt; zero: none was seen
	// tied is the earliest time at which the queue had a job created at the same instant as the last one; above is the same
	// for jobs created later; zero: none.
	tied, above time.Time
}

// see processes the next job, and reports whether all following jobs are older than the attempt.
func (r *newestReading) see(ctx context.Context, j air.Job) (done bool, err error) {
	made, ok := j.CreatedAt()
	r.sorted = r.sorted && ok && (r.last.IsZero() || !made.After(r.last))
	if made.Before(r.last) {
		r.above, r.tied = earlier(r.above, r.tied), time.Time{}
	}
	r.last = made
	if r.sorted && !r.boundary.IsZero() && made.Before(r.boundary) {
		return true, nil
	}
	it, foreign, err := r.owner(ctx, j)
	switch {
	case err != nil:
		return false, err
	case it != nil:
		r.had(it, made)
	case foreign:
	case len(r.unclaimed) == maxUnclaimed:
		return false, errTooManyUnclaimed
	default:
		r.unclaimed = append(r.unclaimed, unclaimed{j, r.above})
	}
	return false, nil
}

// had processes a job that an item of the queue has.
func (r *newestReading) had(it *queue.Record, made time.Time) {
	// The queue stores whole milliseconds, rounded down.
	at := it.At.Add(time.Millisecond)
	switch accepted := it.HTTPStatus/100 == 2; {
	case accepted && !r.above.IsZero() && at.After(r.above.Add(LookbackMargin)):
		r.sorted = false // it was accepted long after a job that AiR says was created later: Created is something else
	case !accepted && it.At.Equal(made.Truncate(time.Millisecond)):
		// An adoption, which ended before this run, took the time from AiR's list.
		at = earlier(it.At.Add(MaxClockOffset), r.opened)
	}
	r.tied = earlier(r.tied, at)
	if r.boundary.IsZero() && at.Before(r.since) {
		r.boundary = made
	}
}

// earlier returns the earlier of two times; a zero one does not count.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// owner returns the record of the item that has a job, or nil; foreign reports that the job is of another batch, which
// AiR's filter may let through. Either way the job cannot belong to an item in doubt.
func (r *newestReading) owner(ctx context.Context, j air.Job) (it *queue.Record, foreign bool, err error) {
	if j.Batch != r.batch && j.Batch != "" && plainName(j.Batch) != plainName(r.batch) {
		return nil, true, nil
	}
	got, err := r.items.match(ctx, j)
	if err != nil || !got.holds(j) {
		return nil, false, err
	}
	return &got.Record, false, nil
}
