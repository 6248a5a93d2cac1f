package worker

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
)

const (
	// maxRetryAfter bounds the wait that a 429 may ask for.
	maxRetryAfter = 15 * time.Minute
	// rateIsCap is after how long of nothing but a rate limit it is treated as the daily cap.
	rateIsCap = 30 * time.Minute
	// foreignInRow is how many items in a row with the same foreign answer end the run.
	foreignInRow = 3
)

// refusals remembers the answers that mean something only if they come in a row.
type refusals struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	limitedSince time.Time // when the rate limit was first met; zero: not met
	limited      int       // how often, counting one of those that were in flight together
	status       int       // of the foreign answers in a row
	keys         []string  // of the items that got them
	seqs         map[itemRef]bool
}

// itemRef names an item.
type itemRef struct {
	batch string
	seq   uint64
}

// answered ends the row of rate limits, and that of foreign answers if AiR decided an item.
func (r *refusals) answered(v Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limitedSince, r.limited = time.Time{}, 0
	if v.Action == GoOn {
		r.status, r.keys, r.seqs = 0, nil, nil
	}
}

// rate notes a rate limit, and returns how long to wait for the next canary, or that this has gone on for so long that it
// must be a cap. current says that the gate was not shut since the request was let through.
func (r *refusals) rate(now time.Time, asked time.Duration, current bool) (wait time.Duration, isCap bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limitedSince.IsZero() {
		r.limitedSince = now
	}
	if !current {
		return 0, false
	}
	if now.Sub(r.limitedSince) >= rateIsCap {
		return 0, true
	}
	r.limited++
	wait = grown(r.limited, time.Second, outageCap)
	if asked > 0 {
		wait = min(asked, maxRetryAfter)
		if r.limited > 1 {
			wait = max(wait, grown(r.limited-1, time.Second, outageCap))
		}
	}
	return wait, false
}

// foreign notes a foreign answer for an item, and returns the keys of the items if so many in a row got the same.
func (r *refusals) foreign(c queue.Claimed, status int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if status != r.status || r.seqs == nil {
		r.status, r.keys, r.seqs = status, nil, map[itemRef]bool{}
	}
	if item := (itemRef{c.Batch, c.Seq}); !r.seqs[item] {
		r.seqs[item] = true
		r.keys = append(r.keys, fmt.Sprintf("%q", c.Key))
	}
	if len(r.keys) < foreignInRow {
		return nil
	}
	return r.keys
}

// waitForRate holds all requests back because somebody limits their rate: AiR, or a proxy before it.
func (p *Pool) waitForRate(pass ratelimit.Pass, o air.Outcome) {
	wait, isCap := p.refusals.rate(time.Now(), o.RetryAfter, pass.Valid())
	switch {
	case isCap:
		p.Log.Warn().Str("answer", describe(o)).Msg("nothing but a rate limit for 30 minutes: it is treated as the daily cap")
		p.pauseForCap(pass, o, "a rate limit for 30 minutes, treated as the daily cap: "+describe(o))
	case wait > 0:
		p.Log.Warn().Dur("wait", wait).Str("answer", describe(o)).Msg("the rate of requests is limited: a canary goes after the wait")
		p.progress.because("the rate of requests is limited: " + describe(o))
		p.gate.Hold(wait, true)
	}
}

// foreignAnswer books an answer that AiR does not give as that item's own, and ends the run if it is not this item alone.
func (p *Pool) foreignAnswer(c queue.Claimed, o air.Outcome, v Verdict) {
	if keys := p.refusals.foreign(c, o.Status); keys != nil {
		p.stop(stop(Setup, "what answers is no AiR API for %d items in a row: %s (%s); check --air-url and what is between here and AiR, or take these items out with `airlift cancel`",
			len(keys), strings.Join(keys, ", "), describe(o)))
		return
	}
	if v.State == queue.Failed {
		p.itemDecided(c.Batch, c.Seq, true, describe(o))
	}
}

// accessRefused says what to do about a 403 that is no quota.
func accessRefused(o air.Outcome) *StopError {
	do := "give the user of these keys a Wasabi policy that allows submitting AiR jobs (listing them is another permission)"
	if isClockRefusal(o) {
		do = "set the clock of this machine (by NTP, for example), and check that the keys have not expired"
	}
	return stop(Credentials, "AiR refuses access (%s): %s; then run the same command again", describe(o), do)
}
