package worker

import (
	"airlift/ratelimit"
	"airlift/worker/budget"
)

// budgets returns how many jobs may be claimed, and the time whose day and month these count against: read once, so that a
// claim that is refused across midnight does not wait for the next.
func (s *scheduler) budgets() (budget.Limits, serverTime) {
	l := s.live.get()
	set := budget.Set{Daily: l.DailyLimit, Monthly: l.MonthlyLimit, Reserve: l.Reserve}
	now := s.learned.claimTime(set != (budget.Set{}))
	limits, err := s.book.Limits(set, now.Time)
	if err != nil {
		s.fail("read what was learned of AiR's limits", err)
	}
	return limits, now
}

// limitReached reports whether a limit of our own refused a claim at then. It pauses the run, unless a request is in flight: that
// may refund its claim.
func (s *scheduler) limitReached(err error, l budget.Limits, then serverTime) bool {
	end, why, is := l.Reached(err, then.Time)
	if is && s.idle() {
		s.pauseUntil(ratelimit.Budget, end.Add(s.Grace-then.offset), why)
	}
	return is
}
