package worker

import (
	"sync"
	"time"

	"airlift/queue"
)

// Activity is what a run is doing, in the words of `airlift status`.
type Activity string

const (
	// Idle: no run.
	Idle Activity = "idle"
	// Running: requests are sent as the rate allows.
	Running Activity = "running"
	// Paused: nothing is sent until an instant.
	Paused Activity = "paused"
	// Stopped: AiR's monthly quota is reached.
	Stopped Activity = "stopped"
)

// Snapshot is how a run stands.
type Snapshot struct {
	Activity    Activity
	Reason      string
	PausedUntil time.Time
	// Submitted and Failed count what this run decided, Posts what it sent.
	Submitted, Failed, Posts int64
	// Rate is how many items were submitted a second of late.
	Rate float64
}

// rateWindow is over how many seconds the rate is taken.
const rateWindow = 60

type progress struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	now     Snapshot
	began   time.Time
	seconds [rateWindow]int64 // submitted in each of the latest seconds
	stamps  [rateWindow]int64 // which second that is
}

func (p *progress) set(change func(*Snapshot)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.now)
}

func (p *progress) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = time.Now()
	p.now.Activity = Running
}

func (p *progress) paused(until time.Time, reason string) {
	p.set(func(s *Snapshot) { s.Activity, s.PausedUntil, s.Reason = Paused, until, reason })
}

func (p *progress) running() {
	p.set(func(s *Snapshot) { s.Activity, s.PausedUntil, s.Reason = Running, time.Time{}, "" })
}

// because says why a run that is going on does not get on; an empty reason takes that back.
func (p *progress) because(reason string) {
	p.set(func(s *Snapshot) {
		if s.Activity == Running {
			s.Reason = reason
		}
	})
}

// noLonger takes a reason back, if it is still the one that is shown.
func (p *progress) noLonger(reason string) {
	p.set(func(s *Snapshot) {
		if s.Reason == reason {
			s.Reason = ""
		}
	})
}

func (p *progress) reason() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now.Reason
}

func (p *progress) sending() { p.set(func(s *Snapshot) { s.Posts++ }) }

// booked counts an item that reached a state.
func (p *progress) booked(s queue.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch s {
	case queue.Failed:
		p.now.Failed++
	case queue.Submitted:
		p.now.Submitted++
		second := int64(time.Since(p.began) / time.Second)
		i := second % rateWindow
		if p.stamps[i] != second {
			p.stamps[i], p.seconds[i] = second, 0
		}
		p.seconds[i]++
	}
}

// Progress returns how the run stands. It is safe to call at any time.
func (p *Pool) Progress() Snapshot {
	g := &p.progress
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.now
	if g.began.IsZero() {
		s.Activity = Idle
		return s
	}
	elapsed := time.Since(g.began)
	second := int64(elapsed / time.Second)
	sum := int64(0)
	for i, n := range g.seconds {
		if second-g.stamps[i] < rateWindow {
			sum += n
		}
	}
	if window := min(elapsed.Seconds(), rateWindow); window > 0 {
		s.Rate = float64(sum) / window
	}
	return s
}

// Now returns the time by AiR's clock, as far as its answers told.
func (p *Pool) Now() time.Time { return p.clock.now() }

// Today returns today by AiR's clock, as far as its answers told.
func (p *Pool) Today() queue.Day { return queue.DayOf(p.clock.now()) }
