package outage

import (
	"sync"
	"time"

	"airlift/ratelimit"
)

const (
	// MaxWait is the longest wait between two canaries of an outage.
	MaxWait = 5 * time.Minute
	// giveUpUnanswered is how long a run goes on that has had no answer at all.
	giveUpUnanswered = time.Minute
)

// Detector detects outages: streaks of outcomes without an answer.
type Detector struct {
	// GiveUp is how long an outage may last. It is set before the first outcome.
	GiveUp time.Duration
	mu     sync.Mutex
	// The fields below are guarded by mu.
	streak    int       // bad outcomes in a row
	since     time.Time // when the streak began
	waits     int       // canaries lost in a row
	throttles int       // throttling answers since the last success
}

// Reset ends the streak after an answer; throttled says that AiR throttled with it.
func (d *Detector) Reset(throttled bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streak, d.waits, d.since = 0, 0, time.Time{}
	if !throttled {
		d.throttles = 0
	}
}

// Bad counts a bad outcome; threshold of them in a row are an outage. It returns how long to wait for the next canary (0:
// it is no outage yet), and whether it is time to give up. current says that the gate was not shut since the request was
// let through.
func (d *Detector) Bad(now time.Time, threshold int, current, canary, answered bool) (hold time.Duration, giveUp bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streak++; d.streak == 1 {
		d.since = now
	}
	limit := d.GiveUp
	if !answered {
		limit = min(limit, giveUpUnanswered)
	}
	left := limit - now.Sub(d.since)
	if left <= 0 {
		return 0, true
	}
	if !current || !canary && d.streak < threshold {
		return 0, false
	}
	d.waits++
	return min(ratelimit.Backoff(d.waits, time.Second, MaxWait), left), false
}

// IsOutage reports whether there were so many bad outcomes in a row that no item is to blame.
func (d *Detector) IsOutage(threshold int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.streak >= threshold
}

// Troubled reports whether AiR throttled, or gave no answer, since its last good answer.
func (d *Detector) Troubled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.streak > 0 || d.throttles > 0
}

// Throttled counts a throttling answer and returns how many there were since the last success.
func (d *Detector) Throttled() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.throttles++
	return d.throttles
}

// Lasting returns how long the streak has lasted.
func (d *Detector) Lasting(now time.Time) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streak == 0 {
		return 0
	}
	return now.Sub(d.since)
}
