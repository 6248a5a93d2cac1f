package worker

import (
	"context"
	"errors"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/stop"
)

// errNothing: there is no item to send with this pass.
var errNothing = errors.New("nothing to send")

// take returns an item to send, waiting for one to come. It returns errNothing when the pass became void or the run ends.
func (p *Pool) take(ctx context.Context, pass ratelimit.Pass) (queue.Claimed, error) {
	for {
		select {
		case c := <-p.ahead:
			return c, nil
		default:
		}
		// Who waits for what is claimed ahead has nothing else to wait for: each commit would wake all of them for nothing.
		var changed, freed <-chan struct{}
		if pass.Canary || !p.looksAhead() {
			changed, freed = p.Store.Changed(), p.freed.wait()
			got, err := p.claim(ctx)
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

// claim makes an intent durable for an item of the first batch that has something pending. No items and no error: there is
// nothing to claim now.
func (p *Pool) claim(ctx context.Context) ([]queue.Claimed, error) {
	id, err := p.claimable(ctx)
	if err != nil || id == "" {
		return nil, err
	}
	n := p.reserve(1, 0)
	if n == 0 {
		return nil, nil
	}
	now := p.claimTime() // once: a claim that is refused across midnight must not wait for the next
	// Not cut off by ctx: a claim that was stored but not handed over would be in doubt for nothing.
	got, _, err := p.Store.Exchange(context.WithoutCancel(ctx), nil, queue.ClaimRequest{
		Batches: []string{id}, Holder: p.Holder, Max: n, Day: queue.DayOf(now.Time), DailyLimit: p.DailyLimit,
	})
	p.unreserve(n - len(got))
	if errors.Is(err, queue.ErrDailyLimit) {
		p.limitReached(now)
		return nil, nil
	}
	if err == nil && len(got) == 0 {
		p.endIfDone(ctx) // what was reserved in vain may have kept the last result from ending the run
	}
	return got, err
}

// claimable returns the first batch that has something pending, once it is checked that it fits what AiR holds; "" if
// there is none.
func (p *Pool) claimable(ctx context.Context) (string, error) {
	for _, id := range p.Batches {
		b, err := p.Store.Batch(context.WithoutCancel(ctx), id)
		if err != nil {
			return "", err
		}
		if b.Counts.Pending == 0 {
			continue
		}
		if err := p.checkMatch(ctx, id); err != nil {
			if ctx.Err() != nil {
				return "", errNothing
			}
			return "", err
		}
		return id, nil
	}
	return "", nil
}

// limitReached pauses the run because a claim was refused then for our own daily limit, unless something is under way:
// that still counts, or gives its claim back.
func (p *Pool) limitReached(then serverTime) {
	if quiet, _ := p.quiet(); quiet {
		until := ratelimit.NextMidnightUTC(then.Time).Add(p.Grace - then.offset)
		p.shutUntil(until, "our own daily limit is reached (--daily-limit)")
	}
}

// most returns how many items may be claimed and unfinished, so that a crash leaves no more in doubt than it must: what
// the workers have on their way and, where items are claimed ahead, use up while a commit goes on.
func (p *Pool) most() int {
	const commit = 20 * time.Millisecond
	if !p.looksAhead() {
		return p.Workers
	}
	most := lookahead * p.Workers
	if r := float64(p.Limiter.Rate()); r*commit.Seconds() < float64(most-p.Workers) {
		most = p.Workers + 1 + int(r*commit.Seconds())
	}
	return most
}

// room returns how many items may be claimed now, if so many are finished by the same commit.
func (p *Pool) room(freed int) int {
	p.booking.Lock()
	defer p.booking.Unlock()
	return p.roomLocked(freed)
}

// roomLocked is room for a caller that holds booking.
func (p *Pool) roomLocked(freed int) int {
	n := max(p.most()+freed-p.outstanding, 0)
	if p.MaxItems > 0 {
		n = int(min(int64(n), max(p.budget, 0)))
	}
	return n
}

// reserve takes up to n items from what MaxItems leaves, and books them as outstanding, of which there are never more
// than most. freed are those that the same commit finishes.
func (p *Pool) reserve(n, freed int) int {
	p.booking.Lock()
	defer p.booking.Unlock()
	n = min(n, p.roomLocked(freed))
	p.budget -= int64(n)
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
		p.stop(stop.Errorf(stop.Limit, "--max-items %d reached", p.MaxItems))
	}
	p.freed.fire()
}
