package worker

import (
	"context"
	"errors"
	"math"
	"time"

	"airlift/queue"
	"airlift/worker/joblist"
)

// outcome is what came of a claim, on its way to the queue.
type outcome struct {
	queue.Result
	claimed queue.Claimed
	sent    time.Time // when the request was sent, with a monotonic reading
}

// gatherFor is how long results are gathered for a commit at most where items are claimed ahead.
const gatherFor = 5 * time.Millisecond

// clerk stores what came of the claims, as many at once as have come in, and claims others in the same commits where
// items are claimed ahead. It belongs to one goroutine.
type clerk struct {
	*Pool
	batch []outcome // for the next commit
	wish  *wish     // nil: none
	end   bool      // nothing more comes
	// sameIDs counts answers in a row whose job id another item has. Only the commit shows them, so they are counted
	// apart from Pool.mixups.
	sameIDs mixups
}

// keepBooks goes on until the results' channel is closed: an answer once received is always recorded, whatever ended the
// run.
func (p *Pool) keepBooks() {
	for c := (&clerk{Pool: p}); ; {
		c.gather()
		if c.end && len(c.batch) == 0 {
			return
		}
		c.commit()
	}
}

// gather takes what has come in, and waits until that is worth a commit.
func (c *clerk) gather() {
	var timer *time.Timer
	for {
		for len(c.results) > 0 {
			c.batch = append(c.batch, <-c.results)
		}
		if c.worthACommit() {
			break
		}
		var late <-chan time.Time
		if len(c.batch) > 0 {
			if timer == nil {
				timer = time.NewTimer(gatherFor)
				defer timer.Stop()
			}
			late = timer.C
		}
		if !c.wait(late) {
			break
		}
	}
}

// wait returns when something has come in, with false if it was late before.
func (c *clerk) wait(late <-chan time.Time) bool {
	wishes, withdrawn := c.wishes, (<-chan struct{})(nil)
	if c.wish != nil {
		wishes, withdrawn = nil, c.wish.withdrawn
	}
	select {
	case o, ok := <-c.results:
		if ok {
			c.batch = append(c.batch, o)
		}
		c.end = !ok
	case c.wish = <-wishes:
	case <-withdrawn:
		c.wishIsOver()
	case <-late:
		return false
	}
	return true
}

// worthACommit reports whether there is no reason to wait for more. Where items are claimed ahead nobody waits for these
// results: a commit costs two syncs of the disk, so half of what may be outstanding shares one, unless the workers
// are about to run out of items.
func (c *clerk) worthACommit() bool {
	switch {
	case c.end:
		return true
	case len(c.batch) == 0:
		return c.wish != nil && c.room(0) > 0
	}
	return !c.looksAhead() || len(c.batch) >= c.most()/2 || len(c.ahead) <= c.Workers/4
}

// commit makes the results durable, and new claims with them if that is wished. Only then what is in doubt is handed to
// the lookups, what is claimed to the workers, and others can be claimed.
func (c *clerk) commit() {
	results := make([]queue.Result, len(c.batch))
	refunded := 0
	for i, o := range c.batch {
		results[i] = o.Result
		if o.Refund {
			refunded++
		}
	}
	wanted := c.wanted()
	var request queue.ClaimRequest
	var now serverTime
	if wanted > 0 {
		now = c.claimTime() // once: a claim that is refused across midnight must not wait for the next
		request = queue.ClaimRequest{Batches: []string{c.wish.batch}, Holder: c.Holder, Max: wanted, Day: queue.DayOf(now.Time), DailyLimit: c.DailyLimit}
	}
	got, clashes, err := c.Store.Exchange(context.Background(), results, request)
	c.unreserve(wanted - len(got))
	limited := errors.Is(err, queue.ErrDailyLimit)
	if err != nil && !limited {
		c.fail("store results in the queue; nothing more is sent, and what is unknown is looked up by the next run", err)
	} else {
		c.contested(clashes)
		c.countClashes(clashes)
		c.booked(refunded)
	}
	for _, item := range got {
		c.ahead <- item // never blocks: there is a place for each that may be outstanding
	}
	if limited {
		c.limitReached(now)
	}
	if len(got) < wanted {
		c.wishIsOver()
	}
	clear(c.batch)
	c.batch = c.batch[:0]
	c.endIfDone(context.Background())
}

// wanted reserves what is to be claimed with this commit.
func (c *clerk) wanted() int {
	if c.wish == nil {
		return 0
	}
	select {
	case <-c.wish.withdrawn:
		c.wishIsOver()
		return 0
	default:
		return c.reserve(math.MaxInt, len(c.batch))
	}
}

func (c *clerk) wishIsOver() {
	close(c.wish.over)
	c.wish = nil
}

// booked does what waits for results to be durable.
func (c *clerk) booked(refunded int) {
	for _, o := range c.batch {
		if o.To == queue.InDoubt && !joblist.IsFinal(o.Code) {
			item := o.claimed
			item.Record, _ = queue.Apply(item.Record, o.Result) // lawful, for it was stored
			c.doubts.expect(item, c.settledAt(item))
		}
	}
	c.finished(len(c.batch), refunded)
}
