package worker

import (
	"errors"
	"sync"
	"time"

	"airlift/worker/air"
	"airlift/worker/stop"
)

// maxMixUps is how many answers in a row may belong to other requests. More are no accident of one connection.
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

// reset ends the streak: an answer fitted.
func (m *mixups) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streak = 0
}

// countMixUp distrusts the connections after the answer to a request sent at the given time proved to belong to another
// one, which what tells, and stops the run at the third such answer in a row.
func (p *Pool) countMixUp(in *mixups, sent time.Time, what string) {
	p.API.DistrustConnections()
	if in.add(sent) >= maxMixUps {
		p.stop(stop.Errorf(stop.Setup, "%d answers in a row belonged to other requests; the last: %s. Remove the proxy or load balancer between airlift and AiR "+
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
