package streaks

import (
	"errors"
	"sync"
	"time"

	"airlift/worker/air"
)

// MaxMixUps is how many answers in a row that belong to other requests end the run.
const MaxMixUps = 3

// MixUps counts the answers in a row that belong to other requests. The zero value is ready; it is safe for concurrent use.
type MixUps struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	streak int
	last   time.Time // when the latest one was counted
}

// Add counts a mixed-up answer to a request sent at the given time, and returns the length of the streak. A request that
// was in flight when the last one was counted does not count again: many connections may be out of step at once.
func (m *MixUps) Add(sent time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if sent.After(m.last) {
		m.streak++
		m.last = time.Now()
	}
	return m.streak
}

// Reset ends the streak after a matching answer.
func (m *MixUps) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streak = 0
}

// MaxUnreadable is how many unreadable lists in a row are reported, once a run.
const MaxUnreadable = 3

// Unreadable counts the answers in a row that should have been lists of jobs and could not be read. The zero value is ready; it
// is safe for concurrent use.
type Unreadable struct {
	mu     sync.Mutex
	streak int  // guarded by mu
	warned bool // guarded by mu
}

// Observe takes the result of a list request and reports whether it is time to warn: once in a run.
func (u *Unreadable) Observe(err error) bool {
	var e *air.Error
	answered := err == nil || errors.As(err, &e) && e.Status != 0
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case !answered || e != nil && (e.Status < 200 || e.Status >= 300):
		return false // does not show whether lists are readable
	case err == nil:
		u.streak = 0
		return false
	}
	u.streak++
	warn := u.streak >= MaxUnreadable && !u.warned
	u.warned = u.warned || warn
	return warn
}
