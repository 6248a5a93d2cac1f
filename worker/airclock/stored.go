package airclock

import (
	"time"

	"airlift/queue"
	"airlift/worker/joblist"
)

// Keep decides what is stored of AiR's clock when a Date shows an offset: the very first offset is stored at once, another one
// only when every Date of ten minutes, over all runs, has shown it. So a server cannot give each run a different day. It
// reports whether it changed s, and whether the offset took the place of another that was stored.
func Keep(s *queue.Server, offset time.Duration, now time.Time) (changed, replaced bool) {
	next := s.NextClock
	switch {
	case s.Clock.Since.IsZero() || s.Clock.Offset.Abs() > joblist.MaxClockOffset:
		s.Clock, s.NextClock = queue.ClockOffset{Offset: offset, Since: now}, queue.ClockOffset{}
	case (offset - s.Clock.Offset).Abs() <= same:
		s.NextClock = queue.ClockOffset{}
		return !next.Since.IsZero(), false
	case next.Since.IsZero() || (offset-next.Offset).Abs() > maxDrift || now.Before(next.Since):
		s.NextClock = queue.ClockOffset{Offset: offset, Since: now}
	case now.Sub(next.Since) < proven:
		return false, false
	default:
		s.Clock, s.NextClock = queue.ClockOffset{Offset: offset, Since: now}, queue.ClockOffset{}
		replaced = true
	}
	return true, replaced
}

// ForgetUnproven drops what is stored of an offset that had not held for long enough when an implausible Date arrived. It
// reports whether it changed s.
func (c *Clock) ForgetUnproven(s *queue.Server) (changed bool) {
	c.mu.Lock()
	kept, loaded := c.skew, c.loaded
	c.mu.Unlock()
	was := *s
	s.NextClock = queue.ClockOffset{}
	if !loaded && (s.Clock.Offset-kept).Abs() > maxDrift {
		s.Clock = queue.ClockOffset{}
	}
	return *s != was
}
