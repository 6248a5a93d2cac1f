package worker

import (
	"context"
	"fmt"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/stop"
)

// capRetries are the pauses after the first one if AiR still answers 429: its reset may come later than midnight. After them
// the pause lasts until the next midnight.
var capRetries = []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour}

// pauseForCap shuts the gate because of a 429. The pause is stored, so that a rerun keeps to it. Of several 429s that were
// in flight together the first counts.
func (p *Pool) pauseForCap(pass ratelimit.Pass, o air.Outcome, reason string) {
	p.storing.Lock()
	defer p.storing.Unlock()
	if !pass.Valid() && !p.gate.PausedUntil().IsZero() {
		return
	}
	g := p.stored
	until := p.resumeAt(o)
	if g.Pauses > 0 {
		until = retryCap(g.Pauses, o.Ended.Round(0), until)
	}
	if !p.shutUntil(until, reason) {
		return
	}
	g.Pauses++
	g.PausedUntil = until.UTC()
	if !g.Stopped { // a pause never overwrites a stop
		g.Reason, g.Since = reason, time.Now().UTC()
	}
	p.storeGate(g)
	// The day that the cap ended, by AiR's clock: that of the request.
	day := queue.DayOf(p.clock.now().Add(-time.Since(o.Sent)))
	if g.Pauses > 1 || isRateLimit(o) {
		return // it says nothing about how large the cap is
	}
	if err := p.Store.SetCapped(context.Background(), p.Account, day); err != nil {
		p.fail("store the capped day in the queue", err)
	}
}

// retryCap returns when to send the next canary after n pauses in a row that ended in a 429. midnight is the next one by
// AiR's clock; it is not used if it is less than five minutes away, for that clock may stand still. After the last of
// capRetries it is the later of midnight and an hour from now.
func retryCap(n int, now, midnight time.Time) time.Time {
	last := len(capRetries)
	if n > last {
		return later(midnight, now.Add(capRetries[last-1]))
	}
	again := now.Add(capRetries[n-1])
	if midnight.Before(again) && midnight.After(now.Add(capRetries[0])) {
		return midnight
	}
	return again
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// shutUntil shuts the gate until an instant, and reports whether it was not shut for that already.
func (p *Pool) shutUntil(until time.Time, reason string) bool {
	if !p.gate.Pause(until) {
		return false // another 429 of the same cap
	}
	p.progress.paused(until, reason)
	p.Log.Info().Time("paused_until", until.UTC()).Str("reason", reason).Msg("paused: nothing is sent until then")
	return true
}

// stopForQuota ends the run and stores that it was stopped, so that the next one begins with a single canary.
func (p *Pool) stopForQuota(a Action, o air.Outcome) {
	reason, do := "monthly quota reached: "+describe(o), "Run the same command again once the quota is renewed or raised"
	text := "stopped by AiR: " + reason
	if a == StopForbidden {
		reason = fmt.Sprintf("a 403 that is not AiR's JSON (%s): the monthly quota, or a proxy or firewall in between", describe(o))
		text, do = "stopped by "+reason, "Check the network path to AiR, then run the same command again"
	}
	p.storing.Lock()
	g := p.stored
	if !g.Stopped || !p.stoppedNow && g.Reason != reason {
		g.Stopped, g.Reason, g.Since = true, reason, time.Now().UTC()
		p.storeGate(g)
	}
	p.stoppedNow = true
	p.storing.Unlock()
	p.stop(stop.Errorf(stop.Quota, "%s. %s; it first sends a single request", text, do))
}

// clearStored forgets a stored pause or stop once a job was accepted after it.
func (p *Pool) clearStored() {
	p.storing.Lock()
	defer p.storing.Unlock()
	g := p.stored
	if p.stoppedNow || g.PausedUntil.After(time.Now()) || (!g.Stopped && g.PausedUntil.IsZero() && g.Pauses == 0) {
		return
	}
	p.storeGate(queue.Gate{})
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
				p.stop(stop.Errorf(stop.Limit, "%s; the same command carries on after %s (--on-daily-cap exit)", p.progress.reason(), until.UTC().Format(time.RFC3339)))
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
