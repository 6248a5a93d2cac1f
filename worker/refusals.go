package worker

import (
	"strings"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/outage"
	"airlift/worker/stop"
	"airlift/worker/streaks"
	"airlift/worker/verdict"
)

const (
	// maxRetryAfter bounds the wait that a 429 may ask for.
	maxRetryAfter = 15 * time.Minute
	// rateAsCap is how long AiR may answer with nothing but rate limits before they count as the daily cap.
	rateAsCap = 30 * time.Minute
)

// refusals counts the rate limits in a row, and has the streak of foreign answers.
type refusals struct {
	foreign streaks.Foreign
	mu      sync.Mutex
	// The fields below are guarded by mu.
	limitedSince time.Time // when the streak of rate limits began; zero: there is none
	limited      int       // rate limits in a row; those that were in flight together count once
}

// answered ends the streak of rate limits, and that of foreign answers if AiR decided an item.
func (r *refusals) answered(v verdict.Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limitedSince, r.limited = time.Time{}, 0
	if v.Action == verdict.GoOn {
		r.foreign.Reset()
	}
}

// rate records a rate limit. It returns how long to hold all requests, or isCap if they have been limited for rateAsCap.
// asked is the answer's Retry-After, 0 if it has none. current is false for a request that was in flight when the gate was
// shut: it adds no wait.
func (r *refusals) rate(now time.Time, asked time.Duration, current bool) (wait time.Duration, isCap bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limitedSince.IsZero() {
		r.limitedSince = now
	}
	if !current {
		return 0, false
	}
	if now.Sub(r.limitedSince) >= rateAsCap {
		return 0, true
	}
	r.limited++
	wait = ratelimit.Backoff(r.limited, time.Second, outage.MaxWait)
	if asked > 0 {
		wait = min(asked, maxRetryAfter)
		if r.limited > 1 {
			wait = max(wait, ratelimit.Backoff(r.limited-1, time.Second, outage.MaxWait))
		}
	}
	return wait, false
}

// foreignAnswer counts an answer that is not AiR's against its item, and ends the run if several items in a row got such answers.
func (s *sender) foreignAnswer(c queue.Claimed, o air.Outcome, v verdict.Verdict) {
	if keys := s.refusals.foreign.Add(idOf(c), c.Key, o.Status); keys != nil {
		s.stop(stop.Errorf(stop.Setup, "the answers for %d items in a row were not AiR's (%s; last answer: %s). Check --air-url and any proxy in between; if only these items are affected, remove them with `airlift cancel BATCH --key KEY`",
			len(keys), strings.Join(keys, ", "), verdict.Describe(o)))
		return
	}
	if v.State == queue.Failed {
		s.itemDecided(c.Batch, c.Seq, true, verdict.Describe(o))
	}
}

// accessRefused returns the stop for a 403 that is not about quota, with what to do.
func accessRefused(o air.Outcome) *stop.Error {
	do := "give the user of these keys a Wasabi policy that allows submitting AiR jobs (listing them is another permission)"
	if verdict.IsClockRefusal(o) {
		do = "set the clock of this machine (by NTP, for example), and check that the keys have not expired"
	}
	return stop.Errorf(stop.Credentials, "AiR refuses access (%s): %s; then run the same command again", verdict.Describe(o), do)
}
