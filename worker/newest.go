package worker

import (
	"context"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/worker/air"
)

// newest is the net below lookups by name: a server that trims, lowercases or cuts names lists a job that no such lookup
// finds. It is what a reading of a batch's newest jobs has shown that is not known to be the job of an item. One reading
// serves all lookups of a moment.
type newest struct {
	// turn is held by the one lookup that reads, or looks at what was read: the fields below are guarded by it.
	turn  chan struct{}
	began time.Time // when the reading began, with a monotonic reading; zero: there was none
	back  time.Time // all jobs made since then were shown, by our clock
	whole bool      // all jobs were shown
	// unsettled are the jobs that were no item's as they were shown.
	unsettled []air.Job
}

// maxUnsettled bounds the jobs that are kept. If there are more, any of those beyond may be the item's, so the list proves
// nothing.
const maxUnsettled = 10_000

// errTooManyUnknown: the list has more jobs that are no item's than are kept.
var errTooManyUnknown = fmt.Errorf("AiR lists more than %d jobs of this batch that are of no item of this queue: whether one of them is this item's cannot be told; "+
	"does somebody else submit under this batch? `airlift adopt` takes such jobs into the queue", maxUnsettled)

// lookup returns what the newest jobs show of an item that was not found by its name: its job; a code, if one of them is
// of no item that the queue knows, so that it may be this one's; or absence.
func (n *newest) lookup(ctx context.Context, p *Pool, c queue.Claimed, due time.Time) (finding, error) {
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-ctx.Done():
		return finding{}, context.Cause(ctx)
	}
	began := p.attemptBegan(c)
	if n.began.Before(due) || !n.whole && n.back.After(began) {
		if err := n.read(ctx, p, c.Batch, due, began); err != nil {
			return finding{}, err
		}
	}
	m := p.matchers[c.Batch]
	name := m.names.Name(&c.Item)
	oldest := p.clock.theirs(began).Add(-longestAttempt)
	for _, j := range n.unsettled {
		if made, ok := j.CreatedAt(); ok && made.Before(oldest) {
			continue
		}
		w, err := m.whose(ctx, j)
		if err != nil {
			return finding{}, err
		}
		switch mine := w.found && w.Seq == c.Seq; {
		case mine && w.exact && j.Batch == c.Batch:
			return finding{jobID: j.ID}, nil
		case mine:
			return unknownJob(j, "for this object under another name or batch"), nil
		case w.holds(j) || w.exact:
		case w.found && plainName(j.Name) == plainName(m.names.Name(&w.Item)) && plainName(j.Name) != plainName(name):
		default:
			return unknownJob(j, "that is of no item of this queue"), nil
		}
	}
	return finding{}, nil
}

func unknownJob(j air.Job, what string) finding {
	return finding{code: CodeUnknownJob, text: fmt.Sprintf(
		"AiR lists job %s, %s (name %q, source %q): it may be this item's, so compare them, then run `airlift adopt`",
		j.ID, what, j.Name, "s3://"+j.Source.Bucket+"/"+j.Source.ObjectKey)}
}

// read reads the batch's newest jobs back to the start of an attempt. The caller holds the turn.
//
// How far that is shows without comparing clocks: a job whose acceptance was stored before the attempt began is older than
// what the attempt made, and so are all that were created before it.
func (n *newest) read(ctx context.Context, p *Pool, batch string, due, began time.Time) error {
	if !n.began.IsZero() {
		if n.began.Before(due) {
			// Doubts that come one after another share a reading.
			if err := sleep(ctx, time.Until(n.began.Add(p.Settle/4))); err != nil {
				return err
			}
		} else {
			began = began.Add(began.Sub(n.began)) // twice as far back, so that many older items do not cost a reading each
		}
	}
	fresh := newest{began: time.Now(), back: began}
	var boundary, before time.Time
	sorted := true
	var fit fitness
	newest := p.newestJobs(batch, maxListPages)
	for !fresh.whole {
		page, err := newest.next(ctx)
		if err != nil {
			return err
		}
		if fresh.whole = len(page.jobs) == 0; fresh.whole {
			if err := fit.absence(); err != nil {
				return err
			}
		}
		fit.observe(batch, page.jobs)
		for _, j := range page.fresh {
			made, ok := j.CreatedAt()
			sorted = sorted && ok && (before.IsZero() || !made.After(before))
			before = made
			if sorted && !boundary.IsZero() && made.Before(boundary) {
				n.keep(&fresh)
				return nil
			}
			known, at, err := n.known(ctx, p, batch, j)
			switch {
			case err != nil:
				return err
			case !known && len(fresh.unsettled) == maxUnsettled:
				return errTooManyUnknown
			case !known:
				fresh.unsettled = append(fresh.unsettled, j)
			case boundary.IsZero() && at.Before(began):
				boundary = made
			}
		}
	}
	n.keep(&fresh)
	return nil
}

func (n *newest) keep(read *newest) {
	n.began, n.back, n.whole, n.unsettled = read.began, read.back, read.whole, read.unsettled
}

// known reports whether a job is surely not that of an item without one: an item has it, since at, or it is of another
// batch, which a filter that matches in part lets through.
func (n *newest) known(ctx context.Context, p *Pool, batch string, j air.Job) (bool, time.Time, error) {
	never := time.Now() // is before no attempt
	if j.Batch != batch && j.Batch != "" && plainName(j.Batch) != plainName(batch) {
		return true, never, nil
	}
	w, err := p.matchers[batch].whose(ctx, j)
	if err != nil || !w.holds(j) {
		return false, never, err
	}
	return true, w.At, nil
}
