package worker

import (
	"sync"
	"time"

	"airlift/ratelimit"
	"airlift/worker/stop"
)

// outageDetector detects outages: streaks of outcomes without an answer.
type outageDetector struct {
	giveUp time.Duration // how long an outage may last
	mu     sync.Mutex
	// The fields below are guarded by mu.
	streak    int       // bad outcomes in a row
	since     time.Time // when the streak began
	waits     int       // canaries lost in a row
	throttles int       // throttling answers since the last success
}

// reset ends the streak after an answer.
func (d *outageDetector) reset(v Verdict) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streak, d.waits, d.since = 0, 0, time.Time{}
	if !v.Throttled {
		d.throttles = 0
	}
}

// bad counts a bad outcome; threshold of them in a row are an outage. It returns how long to wait for the next canary (0:
// it is no outage yet), and whether it is time to give up. current says that the gate was not shut since the request was
// let through.
func (d *outageDetector) bad(now time.Time, threshold int, current, canary, answered bool) (hold time.Duration, giveUp bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streak++; d.streak == 1 {
		d.since = now
	}
	limit := d.giveUp
	if !answered {
		limit = min(limit, giveUpUnanswered)
	}
	left := limit - now.Sub(d.since)
	if left <= 0 {
		return 0, true
	}
	if !current || !canary && d.streak < threshold {
		return 0, false
	}
	d.waits++
	return min(ratelimit.Backoff(d.waits, time.Second, outageCap), left), false
}

// isOutage reports whether there were so many bad outcomes in a row that no item is to blame.
func (d *outageDetector) isOutage(threshold int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.streak >= threshold
}

// troubled reports whether AiR throttled, or gave no answer, since its last good answer.
func (d *outageDetector) troubled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.streak > 0 || d.throttles > 0
}

// throttled counts a throttling answer and returns how long to hold all requests.
func (d *outageDetector) throttled() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.throttles++
	return ratelimit.Jitter(d.throttles, backoffBase, backoffCap)
}

// lasting returns how long the streak has lasted.
func (d *outageDetector) lasting(now time.Time) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streak == 0 {
		return 0
	}
	return now.Sub(d.since)
}

// outageThreshold returns how many bad outcomes in a row are an outage.
func (s *shared) outageThreshold() int { return 2 * s.live.get().Workers }

// holdBack holds all requests after throttling or a missing answer. proxy names the proxy that blocked the request,
// if there is one.
func (s *sender) holdBack(pass ratelimit.Pass, v Verdict, proxy, why string) {
	// Requests that were in flight when the gate was shut add no wait: of many workers throttled at once only one counts. Otherwise a
	// single burst would hold them as long as hours of throttling.
	current := pass.Valid()
	if v.Throttled && current {
		s.gate.Hold(s.outage.throttled(), false)
	}
	if v.Action != BackOff {
		return
	}
	now := time.Now()
	silence, lasting := "AiR does not answer", "AiR has not answered"
	if proxy != "" {
		silence, lasting = "there is no connection to AiR", "there has been no connection to AiR"
	}
	hold, giveUp := s.outage.bad(now, s.outageThreshold(), current, pass.Canary, s.anyAnswer.Load())
	switch {
	case giveUp && s.reason() != nil: // an outage does not overwrite a stop
	case giveUp:
		s.stop(stop.Errorf(stop.Unexpected, "%s for %v: %s. What is in doubt is looked up by the next run; run the same command again (--give-up sets how long to wait)",
			lasting, s.outage.lasting(now).Round(time.Second), why))
	case hold == 0:
		if !s.anyAnswer.Load() { // the host's name may be wrong: it shows from the first request on
			s.gate.Explain(silence + ": " + why)
		}
	case hold > 0:
		if !pass.Canary {
			s.Log.Warn().Stringer("wait", hold.Round(time.Millisecond)).Str("error", why).Msg(silence + ": only a canary is sent from time to time until that changes")
		}
		s.gate.Explain(silence + ": " + why)
		s.gate.Hold(hold, true)
	}
}
