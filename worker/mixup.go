package worker

import (
	"errors"
	"sync"
	"time"

	"airlift/worker/air"
)

// maxMixUps is how many answers in a row may belong to other requests. More are no accident of one connection.
const maxMixUps = 3

// mixups counts the answers in a row that proved to be answers to something else.
type mixups struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	streak int
	last   time.Time // when the latest that counts was seen
}

// add counts one whose request was sent then, and returns the length of the streak. What was in flight as one was seen
// tells nothing new: of many connections out of step at once one counts.
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

// mixedUp applies the verdict on an answer that belongs to another request, sent then: its echo is that of another job,
// or its id is another item's. From then on each request has a connection of its own. what names both sides.
func (p *Pool) mixedUp(sent time.Time, what string) {
	p.Log.Warn().Msg(what + ": it is in doubt and is looked up")
	p.countMixUp(&p.mixups, sent, what)
}

// countMixUp distrusts the connections after an answer that belongs to another request, and stops the run at the third in a row.
func (p *Pool) countMixUp(in *mixups, sent time.Time, what string) {
	p.API.DistrustConnections()
	if in.add(sent) >= maxMixUps {
		p.stop(stop(Setup, "something between airlift and AiR mixes up answers, %d in a row; the last: %s. "+
			"Look for a proxy or load balancer on the way and take it out; what is in doubt is looked up by the next run", maxMixUps, what))
	}
}

// proxyOf names the proxy that kept a request from AiR, empty if none did.
func proxyOf(err error) string {
	if e, ok := errors.AsType[*air.Error](err); ok {
		return e.Proxy
	}
	return ""
}
