package airclock

import (
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/joblist"
)

const (
	// maxDrift is how far the offset may drift in a run; a clock that loses or gains a thousandth may drift further.
	maxDrift  = 5 * time.Minute
	driftRate = 1000
	// maxJump is how far the offset may differ from that of earlier runs without counting as a jump. A day may begin that much
	// early. No day is counted twice, because the jump is measured from one stored offset.
	maxJump = joblist.LookbackMargin
	// proven is how long an offset must be confirmed before it survives an implausible Date.
	proven = 2 * maxDrift
	// same is how far an offset may be from the stored one and still count as the same.
	same = time.Minute
)

// Clock follows AiR's clock from the Date headers of its answers, so that days are counted as AiR counts them. A
// Date is plausible if it is within 25 h of our clock and has advanced as much as our wall clock or our monotonic clock.
// At the first implausible Date learning ends for the rest of the run: the offset stays if it had been confirmed for ten
// minutes, else it becomes the one that earlier runs learned, or 0. The zero value is ready for use, by several goroutines.
type Clock struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	learned bool
	invalid bool          // a Date was implausible
	first   reading       // when the offset was learned
	latest  time.Time     // when it was last confirmed
	skew    time.Duration // to add to our clock
	trusted bool          // earlier runs, or ten minutes of this one, gave an offset
	stored  time.Duration // that offset; else 0
	loaded  bool          // earlier runs gave an offset
}

// reading is a Date and when it was read, by our wall clock and by our monotonic clock.
type reading struct {
	date time.Time
	at   time.Time
}

// elapsed returns how long after another reading this one was made, by each of our clocks: the wall clock may be set,
// and the monotonic one stands still while the machine is suspended.
func (r reading) elapsed(since reading) (wall, monotonic time.Duration) {
	return r.at.Round(0).Sub(since.at.Round(0)), r.at.Sub(since.at)
}

// Observe learns from the Date of an answer to a request in flight from sent to ended. Date has whole seconds, so
// a clock that agrees to the second has offset 0. It returns false at the first implausible Date.
func (c *Clock) Observe(date, sent, ended time.Time) bool {
	if date.IsZero() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.invalid {
		return true
	}
	now := reading{date, ended}
	if !c.plausible(now) {
		c.invalid = true
		if c.latest.Sub(c.first.at) < proven {
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
func (c *Clock) plausible(now reading) bool {
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
	return (went - elapsed).Abs() <= maxDrift+elapsed.Abs()/driftRate
}

// Load takes the offset that earlier runs learned, as stored, if there is one and it can be believed.
func (c *Clock) Load(stored queue.ClockOffset) {
	if !stored.Since.IsZero() && stored.Offset.Abs() <= joblist.MaxClockOffset {
		c.Trust(stored.Offset)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.loaded = true
	}
}

// Trust sets the offset to use until a Date shows another.
func (c *Clock) Trust(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trusted, c.stored = true, offset
	if !c.learned {
		c.skew = offset
	}
}

// Current returns the offset, which is what to add to our clock, and whether it comes from a Date of this run and no Date
// was implausible.
func (c *Clock) Current() (offset time.Duration, learned bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew, c.learned && !c.invalid
}

// Jump returns the trusted offset, and whether the offset learned in this run differs from it by more than
// [joblist.LookbackMargin].
func (c *Clock) Jump() (offset time.Duration, jumped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored, c.trusted && (c.skew-c.stored).Abs() > maxJump
}

// Now returns the time by AiR's clock.
func (c *Clock) Now() time.Time {
	offset, _ := c.Current()
	return time.Now().Add(offset)
}

// ToLocal returns the earliest local time at which AiR's clock may have shown t.
func (c *Clock) ToLocal(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trusted {
		return t.Add(-max(c.skew, c.stored))
	}
	return t.Add(-c.skew)
}

// ResumeAt returns when a pause ends, by our clock, that begins with this answer: next says when by AiR's clock, given when the
// request was sent. If AiR's clock jumped since an earlier run, the later of both counts.
func (c *Clock) ResumeAt(o air.Outcome, next func(sent time.Time) time.Time) time.Time {
	until := ratelimit.ResumeAt(c.date(o), o.Sent, o.Ended, next)
	if stored, jumped := c.Jump(); jumped {
		if other := ratelimit.ResumeAt(o.Ended.Round(0).Add(stored), o.Sent, o.Ended, next); other.After(until) {
			return other
		}
	}
	return until
}

// date returns the date of an answer: its Date header, or what is known of AiR's clock if that is missing or no longer
// believed.
func (c *Clock) date(o air.Outcome) time.Time {
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
