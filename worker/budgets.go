package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/caps"
	"airlift/worker/budget"
)

// budgets knows how many jobs may be claimed.
type budgets struct {
	*shared
	mu      sync.Mutex
	learned caps.Learned // guarded by mu, as is read
	read    time.Time    // when it was read
}

// learnedFor is how long what was learned of AiR's limits is used before it is read again.
const learnedFor = time.Minute

// limits returns how many jobs may be claimed, and the time whose day and month these count against.
func (b *budgets) limits() (budget.Limits, serverTime) {
	l := b.live.get()
	set := budget.Set{Daily: l.DailyLimit, Monthly: l.MonthlyLimit, Reserve: l.Reserve}
	now := b.shared.learned.claimTime(set != (budget.Set{})) // once: a claim that is refused across midnight must not wait for the next
	if set.Reserve == (budget.Reserve{}) {
		return set.Limits(caps.Learned{}, now.Time), now
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.read.IsZero() || time.Since(b.read) > learnedFor {
		learned, err := b.quota.Learned(context.Background(), now.Time)
		if err != nil {
			b.fail("read what was learned of AiR's limits", err)
		}
		b.learned, b.read = learned, time.Now()
	}
	return set.Limits(b.learned, now.Time), now
}

// isLimit reports whether a claim was refused for one of the limits.
func isLimit(err error) bool {
	return errors.Is(err, queue.ErrDailyLimit) || errors.Is(err, queue.ErrMonthlyLimit)
}

// limitReached pauses the run because a limit of our own refused a claim at then, unless a request is in flight: it
// may refund its claim.
func (s *scheduler) limitReached(err error, l budget.Limits, then serverTime) {
	if !s.idle() {
		return
	}
	end, why := ratelimit.NextMidnightUTC(then.Time), l.DailyWhy
	if errors.Is(err, queue.ErrMonthlyLimit) {
		end, why = ratelimit.NextMonthUTC(then.Time), l.MonthlyWhy
	}
	s.pauseUntil(ratelimit.Budget, end.Add(s.Grace-then.offset), why)
}
