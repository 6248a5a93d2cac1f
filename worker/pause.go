package worker

import (
	"context"
	"time"

	"airlift/queue"
	"airlift/worker/air"
)

// pause shuts the gate until an instant. A cap that AiR told us is stored, so that a rerun keeps to it; our own limit
// follows from the stored counts, and may be changed for the next run.
func (p *Pool) pause(until time.Time, reason string, keep bool) {
	if !p.gate.Pause(until) {
		return // another 429 of the same cap
	}
	p.progress.paused(until, reason)
	p.Log.Info().Time("paused_until", until.UTC()).Str("reason", reason).Msg("paused: nothing is sent until then")
	if !keep {
		return
	}
	p.storing.Lock()
	defer p.storing.Unlock()
	g := p.stored
	g.PausedUntil, g.Since = until.UTC(), time.Now().UTC()
	if !g.Stopped { // a pause never overwrites a stop
		g.Reason = reason
	}
	p.storeGate(g)
	// The pause ends at the midnight after the capped day, by AiR's clock; half a day earlier is within that day, whatever
	// the request's own time was.
	day := queue.DayOf(p.clock.now().Add(time.Until(until) - p.Grace - 12*time.Hour))
	if err := p.Store.SetCapped(context.Background(), p.Account, day); err != nil {
		p.fail("store the capped day in the queue", err)
	}
}

// stopForQuota ends the run and stores that it was stopped, so that the next one begins with a single canary.
func (p *Pool) stopForQuota(o air.Outcome) {
	reason := "monthly quota reached: " + describe(o)
	p.storing.Lock()
	g := p.stored
	if !g.Stopped {
		g.Stopped, g.Reason, g.Since = true, reason, time.Now().UTC()
		p.storeGate(g)
	}
	p.stoppedNow = true
	p.storing.Unlock()
	p.stop(stop(Quota, "stopped by AiR: %s. The same command carries on once the quota is renewed or raised; it begins with a single request", reason))
}

// clearStored forgets a stored pause or stop once a canary was accepted.
func (p *Pool) clearStored() {
	p.storing.Lock()
	defer p.storing.Unlock()
	g := p.stored
	if p.stoppedNow || g.PausedUntil.After(time.Now()) || (!g.Stopped && g.PausedUntil.IsZero()) {
		return
	}
	g.Stopped, g.Reason, g.PausedUntil, g.Since = false, "", time.Time{}, time.Time{}
	p.storeGate(g)
}

// storeGate makes the gate durable. The caller holds storing.
func (p *Pool) storeGate(g queue.Gate) {
	if err := p.Store.SetGate(context.Background(), p.Account, g); err != nil {
		p.fail("store the pause in the queue", err)
		return
	}
	p.stored = g
}

// watchPause says when a pause is over, and ends the run at a pause if it shall not wait for its end.
func (p *Pool) watchPause(ctx context.Context) {
	paused := false
	for {
		shut, changed := p.gate.Changed(), p.Store.Changed()
		until := p.gate.PausedUntil()
		if paused && until.IsZero() {
			p.progress.running()
			p.Log.Info().Msg("the pause is over: a canary goes first")
		}
		paused = !until.IsZero()
		var over <-chan time.Time
		if paused {
			if p.ExitOnCap && p.hasWork(ctx) {
				p.stop(stop(Limit, "%s; the same command carries on after %s (--on-daily-cap exit)", p.progress.reason(), until.UTC().Format(time.RFC3339)))
				return
			}
			over = time.After(min(time.Until(until), time.Second*30))
		} else {
			changed = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-shut:
		case <-changed:
		case <-over:
		}
	}
}

// hasWork reports whether there is anything to send.
func (p *Pool) hasWork(ctx context.Context) bool {
	if quiet, _ := p.quiet(); !quiet {
		return true
	}
	n, err := p.pending(ctx)
	return err == nil && n > 0
}
