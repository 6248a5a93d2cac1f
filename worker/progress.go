package worker

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/adaptive"
	"airlift/ratelimit/schedule"
	"airlift/worker/bottleneck"
	"airlift/worker/openjobs"
	"airlift/worker/pace"
	"airlift/worker/trial"
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
	// Pace is the rate in force, and what sets it.
	Pace pace.InForce
	// Bears is what AiR was found to bear; nil: the rate is not found but set.
	Bears *adaptive.State
	// Reading says that more items may come.
	Reading bool
	// Hours are the rate table and the windows in force.
	Hours schedule.Schedule
	// Open is what is unfinished at AiR of the account's jobs.
	Open openjobs.State
	// Trials are the canary samples that are running, by batch.
	Trials map[string]trial.Progress
}

// progress is how far a run has come.
type progress struct {
	bottleneck.Speed
	mu sync.Mutex
	// The fields below are guarded by mu.
	began, ended bool
}

func (p *progress) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.began = true
	p.Begin()
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// committed counts what was submitted of these results.
func (p *progress) committed(results []queue.Result) {
	n := int64(0)
	for _, r := range results {
		if r.To == queue.Submitted {
			n++
		}
	}
	p.Add(n)
}

// snapshot returns the progress of the run, whose gate is in the given state.
func (p *progress) snapshot(gate ratelimit.State) Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Snapshot{Activity: Running, Reason: gate.Reason, PausedUntil: gate.Until}
	switch {
	case !p.began:
		return Snapshot{Activity: Idle}
	case p.ended:
		s.Activity = Idle
	case gate.Paused:
		s.Activity = Paused
	}
	s.Rate = p.PerSecond()
	return s
}

// Progress returns how the run stands. It is safe to call at any time.
func (p *Pool) Progress() Snapshot {
	gate := p.gate.State()
	s := p.progress.snapshot(gate)
	s.Pace = p.pace.InForce()
	s.Reading, s.Hours = !p.isFed() || p.holds.held(), p.hours.Schedule()
	if s.Activity == Idle || p.LookupsOnly {
		return s
	}
	if bears, on := p.autoRate.State(); on {
		s.Bears = &bears
	}
	s.LimitedBy, s.Answer = p.phases.Bottleneck()
	s.Open, s.Trials = p.open.limit.State(), p.trials.Progress()
	reason, until := p.scheduler.paused(context.Background())
	switch troubled := p.outage.Troubled(); {
	case gate.Paused:
		s.LimitedBy, s.ByHand = bottleneck.Gate, gate.ByHand
	case gate.Reason == settleReason:
		s.LimitedBy = bottleneck.Settling
	case gate.Reason == "" && reason != "":
		s.Activity, s.LimitedBy, s.ByHand = Paused, bottleneck.Gate, true
		s.Reason, s.PausedUntil = reason, until
	case len(s.Trials) > 0 && p.scheduler.onlySamples(context.Background()):
		s.LimitedBy, s.Reason = bottleneck.Sample, trial.Text(s.Trials)
	case s.Open.Reached:
		s.LimitedBy = bottleneck.OpenJobs
	case s.LimitedBy == bottleneck.Canary && (gate.Reason != "" || troubled):
		s.LimitedBy = bottleneck.AiR
	}
	return s
}
