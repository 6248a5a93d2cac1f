package worker

import (
	"sync"
	"time"

	"airlift/worker/air"
	"airlift/worker/joblist"
)

const (
	// maxClockDrift is how far the offset may drift in a run; a clock that loses or gains a thousandth may drift further.
	maxClockDrift  = 5 * time.Minute
	clockDriftRate = 1000
	// maxClockJump is how far the offset may differ from that of earlier runs without counting as a jump. A day may begin that much
	// early. No day is counted twice, because the jump is measured from one stored offset.
	maxClockJump = joblist.LookbackMargin
	// clockProven is how long an offset must be confirmed before it survives an implausible Date.
	clockProven = 2 * maxClockDrift
)

// serverClock follows AiR's clock from the Date headers of its answers, so that days are counted as AiR counts them. A
// Date is plausible if it is within 25 h of our clock and has advanced as much as our wall clock or our monotonic clock.
// At the first implausible Date learning ends for the rest of the run: the offset stays if it had been confirmed for ten
// minutes, else it becomes the one that earlier runs learned, or 0.
type serverClock struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	learned bool
	invalid bool          // a Date was implausible
	first   clockReading  // when the offset was learned
	latest  time.Time     // when it was last confirmed
	skew    time.Duration // to add to our clock
	trusted bool          // earlier runs, or ten minutes of this one, gave an offset
	stored  time.Duration // that offset; else 0
}

// clockReading is a Date and when it was read, by our wall clock and by our monotonic clock.
type clockReading struct {
	date time.Time
	at   time.Time
}

// elapsed returns how long after another reading this one was made, by each of our clocks: the wall clock may be set,
// and the monotonic one stands still while the machine is suspended.
func (r clockReading) elapsed(since clockReading) (wall, monotonic time.Duration) {
	return r.at.Round(0).Sub(since.at.Round(0)), r.at.Sub(since.at)
}

// observe learns from the Date of an answer to a request in flight from sent to ended. Date has whole seconds, so
// a clock that agrees to the second has offset 0. It returns false at the first implausible Date.
func (c *serverClock) observe(date, sent, ended time.Time) bool {
	if date.IsZero() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.invalid {
		return true
	}
	now := clockReading{date, ended}
	if !c.plausible(now) {
		c.invalid = true
		if c.latest.Sub(c.first.at) < clockProven {
			c.skew = c.stored
		}
		return false
	}
	if !c.learned {
		c.learned, c.first = true, now
	}
	c.latest = ended
	least, most := date.Sub(ended), date.Add(time.Second).Sub(sent)
	c.skew = 0
	switch {
	case least > 0:
		c.skew = least
	case most < 0:
		c.skew = most
	}
	return true
}

// plausible reports whether a Date can be believed. The caller holds mu.
func (c *serverClock) plausible(now clockReading) bool {
	if now.date.Sub(now.at).Abs() > joblist.MaxClockOffset {
		return false
	}
	if !c.learned {
		return true
	}
	went := now.date.Sub(c.first.date)
	wall, monotonic := now.elapsed(c.first)
	return withinDrift(went, wall) || withinDrift(went, monotonic)
}

// withinDrift reports whether a clock that advanced by went while elapsed passed is within the allowed drift.
func withinDrift(went, elapsed time.Duration) bool {
	return (went - elapsed).Abs() <= maxClockDrift+elapsed.Abs()/clockDriftRate
}

// offset returns what to add to our clock.
func (c *serverClock) offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew
}

// trust sets the offset to use until a Date shows another.
func (c *serverClock) trust(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trusted, c.stored = true, offset
	if !c.learned {
		c.skew = offset
	}
}

// current returns the offset, and whether it comes from a Date of this run and no Date was implausible.
func (c *serverClock) current() (offset time.Duration, learned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew, c.learned && !c.invalid
}

// jump returns the trusted offset, and whether the offset learned in this run differs from it by more than maxClockJump.
func (c *serverClock) jump() (offset time.Duration, jumped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored, c.trusted && (c.skew-c.stored).Abs() > maxClockJump
}

// now returns the time by AiR's clock.
func (c *serverClock) now() time.Time { return time.Now().Add(c.offset()) }

// toLocal returns the earliest local time at which AiR's clock may have shown t.
func (c *serverClock) toLocal(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trusted {
		return t.Add(-max(c.skew, c.stored))
	}
	return t.Add(-c.skew)
}

// date returns the date of an answer: its Date header, or what is known of AiR's clock if that is missing or no longer
// believed.
func (c *serverClock) date(o air.Outcome) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.Date.IsZero() || c.invalid {
		if c.skew == 0 {
			return time.Time{} // our clock
		}
		return o.Ended.Round(0).Add(c.skew)
	}
	return o.Date
}
