package worker

import (
	"context"
	"math"
	"time"

	"airlift/queue"
	"airlift/worker/budget"
	"airlift/worker/joblist"
	"airlift/worker/streaks"
	"airlift/worker/turns"
)

// gatherFor is how long results wait for a commit at most if items are claimed ahead.
const gatherFor = 5 * time.Millisecond

// committer stores results, as many as are available, in one commit, and claims new items in the same commit if
// items are claimed ahead. It belongs to one goroutine.
type committer struct {
	*shared
	scheduler *scheduler
	lookups   *lookups
	gathered  []claimResult // for the next commit
	request   *claimRequest // nil: none
	end       bool          // nothing more comes
	// sameIDs counts answers in a row whose job id another item has. Only the commit shows them, so they are counted
	// apart from shared.mixups.
	sameIDs streaks.MixUps
}

// run commits until the results channel is closed: received answers are always stored, however the run ends.
func (c *committer) run() {
	for {
		c.gather()
		if c.end && len(c.gathered) == 0 {
			return
		}
		c.commit()
	}
}

// gather collects results until shouldFlush or gatherFor has passed.
func (c *committer) gather() {
	var timer *time.Timer
	for {
		freed := c.scheduler.freed.Wait() // before room is looked at
		for len(c.results) > 0 {
			c.gathered = append(c.gathered, <-c.results)
		}
		if c.shouldFlush() {
			break
		}
		var elapsed <-chan time.Time
		if len(c.gathered) > 0 {
			if timer == nil {
				timer = time.NewTimer(gatherFor)
				defer timer.Stop()
			}
			elapsed = timer.C
		}
		if !c.wait(elapsed, freed) {
			break
		}
	}
}

// wait waits for a result, a claim request, or room for claims. It returns false if elapsed fires first.
func (c *committer) wait(elapsed <-chan time.Time, freed <-chan struct{}) bool {
	requests, withdrawn := c.scheduler.requests, (<-chan struct{})(nil)
	if c.request != nil {
		requests, withdrawn = nil, c.request.withdrawn
	} else {
		freed = nil
	}
	select {
	case o, ok := <-c.results:
		if ok {
			c.gathered = append(c.gathered, o)
		}
		c.end = !ok
	case c.request = <-requests:
	case <-withdrawn:
		c.requestIsOver()
	case <-freed:
	case <-elapsed:
		return false
	}
	return true
}

// shouldFlush reports whether to commit now. A commit costs two syncs of the disk. If items are
// claimed ahead, no worker waits for the results, so up to half of the outstanding items share a commit, unless the workers are
// about to run out of items.
func (c *committer) shouldFlush() bool {
	switch {
	case c.end:
		return true
	case len(c.gathered) == 0:
		return c.request != nil && c.scheduler.room(0) > 0
	}
	return !c.scheduler.looksAhead() || len(c.gathered) >= c.scheduler.most()/2 || len(c.scheduler.ahead) <= c.live.get().Workers/4
}

// commit stores the results, with new claims if there is a request. Then it passes items in doubt to the
// lookups and what is claimed to the workers.
func (c *committer) commit() {
	results := make([]queue.Result, len(c.gathered))
	refunded := 0
	for i, o := range c.gathered {
		results[i] = o.Result
		if o.Refund {
			refunded++
		}
	}
	wanted := c.wanted()
	request, order, limits, now := c.claimRequest(wanted)
	got, clashes, err := c.Store.Exchange(context.Background(), results, request)
	c.claimed(wanted, &request, got)
	_, _, limited := limits.Reached(err, now.Time)
	if err != nil && !limited {
		c.fail("store results in the queue; nothing more is sent, and what is unknown is looked up by the next run", err)
	} else {
		c.lookups.contested(clashes)
		c.countClashes(clashes)
		c.stored(results, refunded)
	}
	if wanted > 0 {
		got = turns.InTurn(got, c.request.from, order)
	}
	for i := range got {
		c.scheduler.ahead <- &got[i] // never blocks: there is a place for each that may be outstanding
	}
	if limited {
		c.scheduler.limitReached(err, limits, now)
	}
	if len(got) < wanted {
		c.request.more = !limited && len(c.request.from) > 1
		c.requestIsOver()
	}
	clear(c.gathered)
	c.gathered = c.gathered[:0]
	c.scheduler.endIfDone(context.Background())
}

// claimRequest deals so many items to the batches of the claim request, and returns the order of their turns.
func (c *committer) claimRequest(wanted int) (r queue.ClaimRequest, order []int, limits budget.Limits, now serverTime) {
	if wanted == 0 {
		return r, nil, limits, now
	}
	limits, now = c.scheduler.budgets()
	r = c.scheduler.request(wanted, now, limits, c.request.from...)
	r.Each, order = c.scheduler.turns.Deal(c.request.from, wanted)
	return r, order, limits, now
}

// claimed counts what was claimed of the items that were dealt.
func (c *committer) claimed(wanted int, r *queue.ClaimRequest, got []queue.Claimed) {
	c.scheduler.claimed(wanted, got)
	if len(got) == wanted {
		return
	}
	for i, from := range c.request.from {
		for j := range got {
			if got[j].Batch == from.ID {
				r.Each[i]--
			}
		}
		c.scheduler.turns.GiveBack(from, r.Each[i])
	}
}

// wanted reserves and returns how many items to claim with this commit.
func (c *committer) wanted() int {
	if c.request == nil {
		return 0
	}
	select {
	case <-c.request.withdrawn:
		c.requestIsOver()
		return 0
	default:
		return c.scheduler.reserve(math.MaxInt, len(c.gathered))
	}
}

func (c *committer) requestIsOver() {
	close(c.request.over)
	c.request = nil
}

// stored hands on results that are durable.
func (c *committer) stored(results []queue.Result, refunded int) {
	for _, o := range c.gathered {
		if o.To == queue.InDoubt && !joblist.IsFinal(o.Code) {
			item := o.claimed
			item.Record, _ = queue.Apply(item.Record, o.Result) // cannot fail: the result was stored
			c.lookups.pending.Add(item, c.settledAt(item))
		}
	}
	c.committed(results)
	c.scheduler.finished(len(c.gathered), c.batches.guests(c.gathered), refunded)
}
