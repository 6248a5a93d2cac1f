package worker

import (
	"sync"
	"time"

	"airlift/ratelimit"
	"airlift/worker/stop"
)

// trouble watches for a row of outcomes of which none is an answer: an outage.
type trouble struct {
	threshold int           // so many in a row are an outage
	giveUp    time.Duration // it may last so long
	mu        sync.Mutex
	// The fields below are guarded by mu.
	row       int       // bad outcomes in a row
	since     time.Time // when that row began
	waits     int       // canaries lost in a row
	throttles int       // throttling answers since the last success
}

// over ends the row: somebody answered.
func (t *trouble) over(v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.row, t.waits, t.since = 0, 0, time.Time{}
	if !v.Throttled {
		t.throttles = 0
	}
}

// bad books a bad outcome. It returns how long all shall wait for the next canary (0: not yet an outage), and whether it
// is time to give up. current says that the gate was not shut since the request was let through.
func (t *trouble) bad(now time.Time, current, canary, heard bool) (hold time.Duration, giveUp bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.row++; t.row == 1 {
		t.since = now
	}
	limit := t.giveUp
	if !heard {
		limit = min(limit, giveUpUnheard)
	}
	left := limit - now.Sub(t.since)
	if left <= 0 {
		return 0, true
	}
	if !current || !canary && t.row < t.threshold {
		return 0, false
	}
	t.waits++
	return min(ratelimit.Backoff(t.waits, time.Second, outageCap), left), false
}

// outage reports whether so many bad outcomes in a row have come that none of them is the fault of an item.
func (t *trouble) outage() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.row >= t.threshold
}

// throttled returns how long all requests shall wait because AiR asks for fewer.
func (t *trouble) throttled() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.throttles++
	return ratelimit.Jitter(t.throttles, backoffBase, backoffCap)
}

// lasting returns how long the row has lasted.
func (t *trouble) lasting(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.row == 0 {
		return 0
	}
	return now.Sub(t.since)
}

// setBack holds the run back after an outcome that was throttling, or no answer. proxy names the proxy that let nothing
// through to AiR, if that is why.
func (p *Pool) setBack(pass ratelimit.Pass, v Verdict, proxy, why string) {
	// What was in flight as the gate was shut tells nothing new about how long to wait: of many workers throttled at once
	// one counts, or a single burst would hold all of them for as long as a night of throttling.
	current := pass.Valid()
	if v.Throttled && current {
		p.gate.Hold(p.trouble.throttled(), false)
	}
	if v.Action != BackOff {
		return
	}
	now := time.Now()
	silence, lasting := "AiR does not answer", "AiR has not answered"
	if proxy != "" {
		silence, lasting = "there is no connection to AiR", "there has been no connection to AiR"
	}
	hold, giveUp := p.trouble.bad(now, current, pass.Canary, p.anyAnswer.Load())
	switch {
	case giveUp && p.isStopped(): // an outage does not overwrite a stop
	case giveUp:
		p.stop(stop.Errorf(stop.Unexpected, "%s for %v: %s. What is in doubt is looked up by the next run; run the same command again (--give-up sets how long to wait)",
			lasting, p.trouble.lasting(now).Round(time.Second), why))
	case hold == 0:
		if !p.anyAnswer.Load() { // the host's name may be wrong: it shows from the first request on
			p.progress.because(silence + ": " + why)
		}
	case hold > 0:
		if !pass.Canary {
			p.Log.Warn().Stringer("wait", hold.Round(time.Millisecond)).Str("error", why).Msg(silence + ": only a canary is sent from time to time until that changes")
		}
		p.progress.because(silence + ": " + why)
		p.gate.Hold(hold, true)
	}
}
