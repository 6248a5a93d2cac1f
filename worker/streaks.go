package worker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"airlift/worker/air"
	"airlift/worker/stop"
)

// maxMixUps is how many answers in a row that belong to other requests end the run.
const maxMixUps = 3

// mixups counts the answers in a row that belong to other requests.
type mixups struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	streak int
	last   time.Time // when the latest one was counted
}

// add counts a mixed-up answer to a request sent at the given time, and returns the length of the streak. A request that
// was in flight when the last one was counted does not count again: many connections may be out of step at once.
func (m *mixups) add(sent time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if sent.After(m.last) {
		m.streak++
		m.last = time.Now()
	}
	return m.streak
}

// reset ends the streak after a matching answer.
func (m *mixups) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streak = 0
}

// countMixUp counts an answer that belongs to another request than the one sent at that time; what describes it. It
// distrusts all connections, and stops the run at the third such answer in a row.
func (s *shared) countMixUp(in *mixups, sent time.Time, what string) {
	s.API.DistrustConnections()
	if in.add(sent) >= maxMixUps {
		s.stop(stop.Errorf(stop.Setup, "%d answers in a row belonged to other requests; the last: %s. Remove the proxy or load balancer between airlift and AiR "+
			"that mixes them up, then run the same command again: it looks up the items in doubt", maxMixUps, what))
	}
}

// proxyOf names the proxy that kept a request from AiR, empty if none did.
func proxyOf(err error) string {
	if e, ok := errors.AsType[*air.Error](err); ok {
		return e.Proxy
	}
	return ""
}

// maxUnreadable is how many unreadable lists in a row are reported, once a run.
const maxUnreadable = 3

// unreadable counts the answers in a row that should have been lists of jobs and could not be read.
type unreadable struct {
	mu     sync.Mutex
	streak int  // guarded by mu
	warned bool // guarded by mu
}

// observe takes the result of a list request and reports whether it is time to warn: once in a run.
func (u *unreadable) observe(err error) bool {
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
	warn := u.streak >= maxUnreadable && !u.warned
	u.warned = u.warned || warn
	return warn
}

// warnUnreadable logs the beginning of the answer that came instead of a list.
func (l *lookups) warnUnreadable(err error) {
	var e *air.Error
	errors.As(err, &e)
	came := "is empty"
	if e.Excerpt != "" {
		came = fmt.Sprintf("begins with %q", e.Excerpt)
	}
	l.Log.Warn().Err(err).Msg(fmt.Sprintf("AiR's list of jobs could not be read %d times in a row; the last answer %s. "+
		"Items in doubt stay in doubt until a list can be read: check --air-url and any proxy in between", maxUnreadable, came))
}
