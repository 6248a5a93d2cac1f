package capstest

import (
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/verdict"
)

// observer notes what a process meets.
type observer struct {
	play  *Play
	leave func() // nil: it stays in pauses
}

func (*observer) Sent(string)                                          {}
func (*observer) Committed([]queue.Result)                             {}
func (*observer) LookedUp(string, joblist.Found, error, time.Duration) {}

// Answered counts refusals and what ends them.
func (o *observer) Answered(_ string, _ air.Outcome, v verdict.Verdict) {
	p := o.play
	switch {
	case v.Action == verdict.Pause:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.pause == nil {
			l := p.Learned()
			p.pause = &Pause{Since: p.Now(), Exact: l.Reset.Exact()}
		} else if p.Now().Sub(p.pause.Since) > time.Minute+time.Duration(p.Workers)*p.Latency { // else it was in flight
			p.pause.Wasted++
		}
	case v.State == queue.Submitted:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.pause != nil {
			p.pause.Until = p.Now()
			p.result.Pauses = append(p.result.Pauses, *p.pause)
			p.pause = nil
		}
	}
}

// Paused lets the process end soon after a pause begins.
func (o *observer) Paused(s ratelimit.State) {
	if !s.Paused {
		return
	}
	if o.leave != nil {
		o.leave()
	}
}
