package worker

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/stop"
	"airlift/worker/verdict"
)

// pauses shuts the gate for caps, and stores what a rerun must keep to: the pause, or the stop.
type pauses struct {
	*shared
	answered atomic.Bool // AiR has taken or refused a job of this run
	mu       sync.Mutex
	stored   queue.Gate // as the queue has it; guarded by mu
	atStop   bool       // this run met the quota; guarded by mu
}

// load loads the stored gate.
func (p *pauses) load(g queue.Gate) {
	p.stored = g
	switch {
	case g.PausedUntil.IsZero(), !g.QuotaUntil.IsZero() && !p.WaitOnQuota: // without that a canary goes
	case g.PausedUntil.After(time.Now().Add(24*time.Hour + p.Grace)):
		p.Log.Warn().Time("paused_until", g.PausedUntil).Msg("the stored pause ends more than a day ahead, which no daily cap can cause: it is void")
	default:
		p.gate.Pause(ratelimit.Cap, g.PausedUntil, g.Reason)
	}
}

// forCap shuts the gate because of a 429, and stores the pause for a rerun. Of several 429s that were in flight together
// the first counts.
func (p *pauses) forCap(pass ratelimit.Pass, o air.Outcome, reason string) {
	p.answered.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !pass.Valid() && p.gate.PauseState(ratelimit.Cap).Paused {
		return
	}
	g := p.stored
	sent := p.learned.clock.Now().Add(-time.Since(o.Sent))
	learned, err := p.quota.Learned(context.Background(), sent)
	if err != nil {
		p.fail("read what was learned of AiR's limits", err)
		return
	}
	until := p.learned.clock.ResumeAt(o, func(sent time.Time) time.Time {
		return learned.Aim(p.quota.Refusal(learned, sent, g.Pauses+1), p.Grace)
	})
	if !p.pauseUntil(ratelimit.Cap, until, reason) {
		return
	}
	g.Pauses++
	g.PausedUntil, g.QuotaUntil = until.UTC(), time.Time{}
	g.Refused = sent.UTC().Round(0)
	if verdict.IsRateLimit(o) {
		g.Refused = time.Time{} // it does not show when AiR begins a day
	}
	if !g.Stopped { // a pause never overwrites a stop
		g.Reason, g.Since = reason, time.Now().UTC()
	}
	p.store(g)
	if g.Pauses > 1 || verdict.IsRateLimit(o) {
		return // it does not show how large the cap is
	}
	if err := p.quota.Capped(sent); err != nil { // the day is that of the request
		p.fail("store the capped day in the queue", err)
	}
}

// pauseUntil shuts the gate until an instant, and reports whether it was not shut for that already.
func (s *shared) pauseUntil(c ratelimit.Cause, until time.Time, reason string) bool {
	if !s.gate.Pause(c, until, reason) {
		return false // another 429 of the same cap
	}
	s.Log.Info().Time("paused_until", until.UTC()).Str("reason", reason).Msg("paused: nothing is sent until then")
	s.Observer.Paused(s.gate.State())
	return true
}

// stopForQuota ends the run and stores that it was stopped, so that the next one begins with a single canary.
func (p *pauses) stopForQuota(a verdict.Action, o air.Outcome) {
	reason, do := "monthly quota reached: "+verdict.Describe(o), "Run the same command again once the quota is renewed or raised"
	text := "stopped by AiR: " + reason
	if a == verdict.StopForbidden {
		reason = fmt.Sprintf("a 403 that is not AiR's JSON (%s): the monthly quota, or a proxy or firewall in between", verdict.Describe(o))
		text, do = "stopped by "+reason, "Check the network path to AiR, then run the same command again"
	}
	p.mu.Lock()
	if a == verdict.StopQuota {
		p.observeQuota(o)
		if p.WaitOnQuota && verdict.SpeaksOfQuota(o) {
			defer p.mu.Unlock()
			p.forQuota(o, reason)
			return
		}
	}
	g := p.stored
	if !g.Stopped || !p.atStop && g.Reason != reason {
		g.Stopped, g.Reason, g.Since = true, reason, time.Now().UTC()
		if !g.QuotaUntil.IsZero() { // an earlier run waited for the month
			g.PausedUntil, g.QuotaUntil = time.Time{}, time.Time{}
		}
		p.store(g)
	}
	p.atStop = true
	p.mu.Unlock()
	p.stop(stop.Errorf(stop.Quota, "%s. %s; it first sends a single request", text, do))
}

// accepted notes that a job was accepted, and forgets a stored pause or stop before it.
func (p *pauses) accepted() {
	now := p.learned.clock.Now()
	p.answered.Store(true)
	p.quota.Accepted(now)
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.stored
	if p.atStop || g.PausedUntil.After(time.Now()) || (!g.Stopped && g.PausedUntil.IsZero() && g.Pauses == 0) {
		return
	}
	if !g.Refused.IsZero() && now.After(g.Refused) {
		if err := p.quota.Resumed(now, g.Refused, g.Pauses); err != nil {
			p.fail("store the end of a pause in the queue", err)
			return
		}
	}
	p.store(queue.Gate{})
}

// store makes the gate durable. The caller holds mu.
func (p *pauses) store(g queue.Gate) {
	if err := p.Store.SetGate(context.Background(), p.Account, g); err != nil {
		p.fail("store the pause in the queue", err)
		return
	}
	p.stored = g
}

// doubtsAtLimit is how long, beyond the settle window, a run at its own limit awaits lookups: items in doubt count until then.
const doubtsAtLimit = time.Minute

// watch reports the end of a pause. With ExitOnCap it ends the run instead of waiting, if hasWork reports that there is
// anything to send; a pause in which the run begins lets the sources be read first. doubts counts the items in doubt.
func (p *pauses) watch(ctx context.Context, hasWork func(context.Context) bool, doubts func() int) {
	was := ratelimit.State{}
	var limited time.Time // since when a limit of our own has been reached
	for {
		shut, changed, limits, read := p.gate.Changed(), p.Store.Changed(), p.live.changed.Wait(), p.holds.released.Wait()
		now, pause := p.gate.State(), p.limitPause()
		p.tellEnd(was, now)
		was = now
		limited = p.limitedSince(limited)
		waits := doubts() > 0 && !limited.IsZero() && time.Since(limited) < p.Settle+doubtsAtLimit
		if pause.Paused && !waits && p.exitsAtCap() && hasWork(ctx) {
			p.stop(stop.Errorf(stop.Limit, "%s; the same command carries on after %s (--on-daily-cap exit)", pause.Reason, pause.Until.UTC().Format(time.RFC3339)))
			return
		}
		if !pause.Paused {
			changed = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-shut:
		case <-changed:
		case <-limits:
		case <-read:
		case <-lookAgain(now, waits):
		}
	}
}

// exitsAtCap reports whether the run ends at a cap or a limit instead of waiting; not while it reads and nothing of it was answered.
func (p *pauses) exitsAtCap() bool {
	return p.live.get().ExitOnCap && !p.forMonth() && (p.answered.Load() || !p.holds.held())
}

// limitedSince returns since when nothing but a limit of our own pauses the run, if it was so since an instant; zero: it is not so.
func (p *pauses) limitedSince(since time.Time) time.Time {
	switch {
	case !p.gate.PauseState(ratelimit.Budget).Paused, p.gate.PauseState(ratelimit.Cap).Paused:
		return time.Time{}
	case since.IsZero():
		return time.Now()
	}
	return since
}

// lookAgain returns a channel that tells when to look at a pause again: timers stand still while a machine is suspended.
func lookAgain(s ratelimit.State, soon bool) <-chan time.Time {
	switch {
	case soon:
		return time.After(time.Second)
	case s.Until.IsZero():
		return nil
	}
	return time.After(min(time.Until(s.Until), 30*time.Second))
}

// limitPause returns the pause for AiR's cap, else that for a limit of our own, or the zero State.
func (p *pauses) limitPause() ratelimit.State {
	if s := p.gate.PauseState(ratelimit.Cap); s.Paused {
		return s
	}
	return p.gate.PauseState(ratelimit.Budget)
}

// tellOutside tells that a window of time is over.
func (s *shared) tellOutside() {
	now := s.gate.PauseState(ratelimit.Window)
	s.Log.Info().Time("paused_until", now.Until.UTC()).Str("reason", now.Reason).Msg("paused: nothing is sent until the next window")
	s.Observer.Paused(s.gate.State())
}

// tellEnd tells of the end of a pause.
func (p *pauses) tellEnd(was, now ratelimit.State) {
	switch {
	case was.Paused && !now.Paused:
		p.Observer.Paused(now)
		p.Log.Info().Msg("the pause is over: a canary goes first")
	case was.ByHand && !now.ByHand && now.Paused:
		p.Observer.Paused(now)
		p.Log.Info().Time("paused_until", now.Until.UTC()).Str("reason", now.Reason).Msg("the pause by hand is over, and another goes on")
	}
}

// Pause sends nothing more until [Pool.Resume] or the end of the process; see [Pool.Apply] for a pause that is stored. What is on its way is awaited, and lookups go on.
func (p *Pool) Pause(reason string) {
	p.gate.Close(ratelimit.Hand, time.Time{}, reason)
	p.Log.Info().Str("reason", reason).Msg("paused: nothing is sent until it is resumed")
	p.Observer.Paused(p.gate.State())
}

// Resume ends any pause or stop, including a stored one and one by hand. A canary is sent first.
func (p *Pool) Resume() {
	p.pauses.forget()
	if err := p.control.lift(); err != nil {
		p.fail("store the end of a pause in the queue", err)
		return
	}
	p.gate.Lift(ratelimit.Cap)
	p.gate.Lift(ratelimit.Budget)
}

// forget drops a stored pause or stop.
func (p *pauses) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stored != (queue.Gate{}) {
		p.store(queue.Gate{})
	}
}

// waitForRate holds all requests because their rate is limited, by AiR or by a proxy.
func (s *sender) waitForRate(pass ratelimit.Pass, o air.Outcome) {
	wait, isCap := s.refusals.rate(time.Now(), o.RetryAfter, pass.Valid())
	switch {
	case isCap:
		s.pauses.forCap(pass, o, fmt.Sprintf("the rate has been limited for %d minutes, which counts as the daily cap: %s", rateAsCap/time.Minute, verdict.Describe(o)))
	case wait > 0:
		s.Log.Warn().Stringer("wait", wait.Round(time.Millisecond)).Str("answer", verdict.Describe(o)).
			Msg("the rate of requests is limited: no request is sent until the wait is over, then a single one")
		s.gate.Explain("the rate of requests is limited: " + verdict.Describe(o))
		s.gate.Hold(wait, true)
	}
}
