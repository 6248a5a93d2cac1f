package worker

import (
	"context"
	"errors"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
)

// errNothing: there is no item to send with this pass.
var errNothing = errors.New("nothing to send")

// looksAhead reports whether items are claimed ahead of the workers.
func (p *Pool) looksAhead() bool { return float64(p.Limiter.Rate()) > lookaheadFrom }

// take returns an item to send, waiting for one to come. It returns errNothing when the pass became void or the run ends.
func (p *Pool) take(ctx context.Context, pass ratelimit.Pass) (queue.Claimed, error) {
	for {
		select {
		case c := <-p.ahead:
			return c, nil
		default:
		}
		changed, freed := p.Store.Changed(), p.freed.wait()
		if pass.Canary || !p.looksAhead() {
			got, err := p.claim(ctx, 1, pass.Canary)
			if err != nil {
				return queue.Claimed{}, err
			}
			if len(got) == 1 {
				return got[0], nil
			}
		}
		select {
		case <-ctx.Done():
			return queue.Claimed{}, errNothing
		case <-pass.Void():
			return queue.Claimed{}, errNothing
		case c := <-p.ahead:
			return c, nil
		case <-changed:
		case <-freed:
		}
	}
}

// claim makes up to n intents durable, from the first batch that has something pending, and checks first that this
// batch fits what AiR holds. For a canary fresh items come first. No items and no error: there is nothing to claim now.
func (p *Pool) claim(ctx context.Context, n int, canary bool) ([]queue.Claimed, error) {
	for _, id := range p.Batches {
		b, err := p.Store.Batch(context.WithoutCancel(ctx), id)
		if err != nil {
			return nil, err
		}
		if b.Counts.Pending == 0 {
			continue
		}
		if err := p.checkMatch(ctx, id); err != nil {
			if ctx.Err() != nil {
				return nil, errNothing
			}
			return nil, err
		}
		n := p.reserve(n)
		if n == 0 {
			return nil, nil
		}
		now := p.clock.now() // once: a claim that is refused across midnight must not wait for the next
		// Not cut off by ctx: a claim that was stored but not handed over would be in doubt for nothing.
		got, err := p.Store.Claim(context.WithoutCancel(ctx), queue.ClaimRequest{
			Batches: []string{id}, Max: n, FreshFirst: canary, Day: queue.DayOf(now), DailyLimit: p.DailyLimit,
		})
		p.unreserve(n - len(got))
		if errors.Is(err, queue.ErrDailyLimit) {
			if quiet, _ := p.quiet(); !quiet {
				return nil, nil // what is under way still counts, or gives its claim back
			}
			until := p.clock.ours(ratelimit.NextMidnightUTC(now)).Add(p.Grace)
			p.pause(until, "our own daily limit is reached (--daily-limit)", false)
			return nil, nil
		}
		if err != nil || len(got) > 0 {
			return got, err
		}
		p.endIfDone(ctx) // what was reserved in vain may have kept the last result from ending the run
	}
	return nil, nil
}

// reserve takes up to n items from what MaxItems leaves, and books them as outstanding: never more than a crash may leave
// in doubt.
func (p *Pool) reserve(n int) int {
	p.booking.Lock()
	defer p.booking.Unlock()
	most := p.Workers
	if p.looksAhead() {
		most = lookahead * p.Workers
	}
	n = max(min(n, most-p.outstanding), 0)
	if p.MaxItems > 0 {
		n = int(min(int64(n), p.budget))
		p.budget -= int64(n)
	}
	p.outstanding += n
	p.moves++
	return n
}

// unreserve gives back what was reserved and not claimed.
func (p *Pool) unreserve(n int) {
	p.booking.Lock()
	defer p.booking.Unlock()
	p.budget += int64(n)
	p.outstanding -= n
	p.moves++
}

// finished books claims as finished, refunded of them as never sent, and ends the run when MaxItems is used up.
func (p *Pool) finished(n, refunded int) {
	p.booking.Lock()
	p.outstanding -= n
	p.moves++
	p.budget += int64(refunded)
	spent := p.MaxItems > 0 && p.budget <= 0 && p.outstanding == 0
	p.booking.Unlock()
	if spent {
		p.stop(stop(Limit, "--max-items %d reached", p.MaxItems))
	}
	p.freed.fire()
}

// claimAhead keeps the workers supplied at rates at which they cannot wait for a commit each.
func (p *Pool) claimAhead(ctx context.Context) {
	for ctx.Err() == nil {
		shut, changed, freed := p.gate.Changed(), p.Store.Changed(), p.freed.wait()
		if p.gate.Alone() {
			p.releaseAhead()
			select {
			case <-ctx.Done():
			case <-shut:
			}
			continue
		}
		var got []queue.Claimed
		if n := p.room(); n > 0 {
			var err error
			if got, err = p.claim(ctx, n, false); err != nil && !errors.Is(err, errNothing) {
				p.fail("claim items from the queue", err)
				return
			}
		} else {
			changed = nil
		}
		for _, c := range got {
			p.ahead <- c // never blocks: room leaves a place for each
		}
		if len(got) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-shut:
		case <-changed:
		case <-freed:
		}
	}
}

// room returns how many items may be claimed ahead now: what the workers use up while a commit goes on, so that a crash
// leaves no more in doubt than it must. A few are not worth a commit while there is still a supply.
func (p *Pool) room() int {
	const commit = 20 * time.Millisecond
	p.booking.Lock()
	defer p.booking.Unlock()
	most := lookahead * p.Workers
	if r := float64(p.Limiter.Rate()); r*commit.Seconds() < float64(most-p.Workers) {
		most = p.Workers + 1 + int(r*commit.Seconds())
	}
	free := most - p.outstanding
	if free < most*3/8 && len(p.ahead) > p.Workers/4 {
		return 0
	}
	return max(free, 0)
}

// releaseAhead puts back what was claimed ahead and will not be sent now.
func (p *Pool) releaseAhead() {
	for {
		select {
		case c := <-p.ahead:
			p.release(c)
		default:
			return
		}
	}
}
