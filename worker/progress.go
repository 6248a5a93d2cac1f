package worker

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/bottleneck"
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
	// Stopped: a stored stop is in force. A running pool never reports it.
	Stopped Activity = "stopped"
)

// Snapshot is the progress of a run.
type Snapshot struct {
	Activity    Activity
	Reason      string
	PausedUntil time.Time
	// ByHand says that an operator paused it, or all batches that have something pending.
	ByHand bool
	// Rate is how many items a second were submitted in the last minute.
	Rate float64
	// LimitedBy is what held most of the workers back in the last seconds; empty: the run does not send.
	LimitedBy bottleneck.Cause
	// Answer is how long AiR took for an answer lately; 0: there was none yet.
	Answer time.Duration
	// Reading says that more items may come.
	Reading bool
	// Hours are the rate table and the windows in force.
	Hours schedule.Schedule
}

// rateWindow is the number of seconds over which the rate is measured.
const rateWindow = 60

// progress measures the rate of submitted items.
type progress struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	began   time.Time // zero: not yet
	ended   bool
	seconds [rateWindow]int64 // submitted in each of the latest seconds
	stamps  [rateWindow]int64 // which second that is
}

func (p *progress) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = time.Now()
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// committed counts what was submitted of these results.
func (p *progress) committed(results []queue.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	second := int64(time.Since(p.began) / time.Second)
	i := second % rateWindow
	if p.stamps[i] != second {
		p.stamps[i], p.seconds[i] = second, 0
	}
	for _, r := range results {
		if r.To == queue.Submitted {
			p.seconds[i]++
		}
	}
}

// snapshot returns the progress of the run, whose gate is in the given state.
func (p *progress) snapshot(gate ratelimit.State) Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Snapshot{Activity: Running, Reason: gate.Reason, PausedUntil: gate.Until}
	switch {
	case p.began.IsZero():
		return Snapshot{Activity: Idle}
	case p.ended:
		s.Activity = Idle
	case gate.Paused:
		s.Activity = Paused
	}
	elapsed := time.Since(p.began)
	second := int64(elapsed / time.Second)
	sum := int64(0)
	for i, n := range p.seconds {
		if second-p.stamps[i] < rateWindow {
			sum += n
		}
	}
	if window := min(elapsed.Seconds(), rateWindow); window > 0 {
		s.Rate = float64(sum) / window
	}
	return s
}

// Progress returns how the run stands. It is safe to call at any time.
func (p *Pool) Progress() Snapshot {
	gate := p.gate.State()
	s := p.progress.snapshot(gate)
	s.Reading, s.Hours = !p.isFed() || p.holds.held(), p.hours.Schedule()
	if s.Activity == Idle || p.LookupsOnly {
		return s
	}
	s.LimitedBy, s.Answer = p.phases.Bottleneck()
	reason, until := p.scheduler.paused(context.Background())
	switch troubled := p.outage.Troubled(); {
	case gate.Paused:
		s.LimitedBy, s.ByHand = bottleneck.Gate, gate.ByHand
	case gate.Reason == settleReason:
		s.LimitedBy = bottleneck.Settling
	case gate.Reason == "" && reason != "":
		s.Activity, s.LimitedBy, s.ByHand = Paused, bottleneck.Gate, true
		s.Reason, s.PausedUntil = reason, until
	case s.LimitedBy == bottleneck.Canary && (gate.Reason != "" || troubled):
		s.LimitedBy = bottleneck.AiR
	}
	return s
}
