package worker

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
)

// itemID names an item of any batch.
type itemID struct {
	batch string
	seq   uint64
}

// attempt is when a POST was under way, with monotonic readings.
type attempt struct{ sent, ended time.Time }

// attempts remembers when this run last sent each item, but for those that were accepted: should another item get the
// same job id, both wait for a whole window from then on (see contested). It forgets attempts whose settle window has passed.
type attempts struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	last    map[itemID]attempt
	sweepAt int
}

// attemptsKept is how many attempts are kept before the first sweep.
const attemptsKept = 1024

// note remembers an attempt, and forgets those that ended a window ago or earlier.
func (a *attempts) note(id itemID, at attempt, window time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last, a.sweepAt = map[itemID]attempt{}, attemptsKept
	}
	a.last[id] = at
	if len(a.last) < a.sweepAt {
		return
	}
	for id, old := range a.last {
		if time.Since(old.ended) > window {
			delete(a.last, id)
		}
	}
	a.sweepAt = max(attemptsKept, 2*len(a.last))
}

func (a *attempts) of(id itemID) (attempt, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.last[id]
	return at, ok
}

// remember notes when an item was sent that was not accepted, unless it is proven that nothing left.
func (p *Pool) remember(c queue.Claimed, o air.Outcome) {
	if o.Written {
		p.attempts.note(itemID{c.Batch, c.Seq}, attempt{o.Sent, o.Ended}, p.Settle)
	}
}

// settledAt is when absence of the item's job may be believed: a settle window after its last attempt ended or, if that
// was in an earlier run or is longer ago, after the queue was opened.
func (p *Pool) settledAt(c queue.Claimed) time.Time {
	if at, ok := p.attempts.of(itemID{c.Batch, c.Seq}); ok {
		return at.ended.Add(p.Settle)
	}
	return p.Opened.Add(p.Settle)
}

// longestAttempt is how long an attempt of an earlier run is taken to have lasted at most, and how far the clocks of AiR,
// of this run and of that one are taken to be apart: a list is read back so much further.
const longestAttempt = 15 * time.Minute

// attemptBegan is when the item's last attempt began at the earliest, by our clock.
func (p *Pool) attemptBegan(c queue.Claimed) time.Time {
	if at, ok := p.attempts.of(itemID{c.Batch, c.Seq}); ok {
		return at.sent
	}
	if !c.At.IsZero() {
		return c.At.Add(-longestAttempt)
	}
	// The process that claimed it ended before an answer was stored.
	day := time.Unix(int64(c.Day)*24*60*60, 0)
	return p.clock.ours(day).Add(-longestAttempt)
}

// awaitSettled waits until absence of the claimed item's job may be believed. It returns the pass to go on with, and false
// if that is void for more than a moment.
func (p *Pool) awaitSettled(ctx context.Context, pass ratelimit.Pass, c queue.Claimed) (ratelimit.Pass, bool) {
	timer := time.NewTimer(time.Until(p.settledAt(c)))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return pass, false
		case <-pass.Void():
			renewed, ok := p.gate.Renew(ctx, pass)
			if !ok {
				return pass, false
			}
			pass = renewed
			continue
		case <-timer.C:
		}
		return pass, true
	}
}
