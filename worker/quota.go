package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"airlift/ratelimit"
	"airlift/worker/air"
)

// observeQuota stores when the monthly quota was met.
func (p *pauses) observeQuota(o air.Outcome) {
	if err := p.quota.Quota(p.learned.clock.Now().Add(-time.Since(o.Sent))); err != nil {
		p.fail("store the monthly quota in the queue", err)
	}
}

// forQuota shuts the gate until the next reset, where a canary goes, although the quota is renewed only on the first of the month: it
// may be raised before. The caller holds mu.
func (p *pauses) forQuota(o air.Outcome, reason string) {
	learned, err := p.quota.Learned(context.Background(), p.learned.clock.Now())
	if err != nil {
		p.fail("read what was learned of AiR's limits", err)
		return
	}
	renewal := time.Time{}
	renewed := p.learned.clock.ResumeAt(o, func(sent time.Time) time.Time {
		renewal = learned.Renewal(sent)
		return renewal.Add(p.Grace)
	})
	until := p.learned.clock.ResumeAt(o, func(sent time.Time) time.Time { return learned.NextReset(sent).Add(p.Grace) })
	reason = fmt.Sprintf("%s; it is renewed at %s by AiR's clock, and until then a single request is sent a day (--on-monthly-quota wait)",
		reason, renewal.Format("2006-01-02 15:04 UTC"))
	if !p.pauseUntil(ratelimit.Cap, until, reason) {
		return
	}
	g := p.stored
	if g.QuotaUntil.IsZero() || g.Since.IsZero() {
		g.Since = time.Now().UTC()
	}
	g.Stopped, g.Pauses, g.Refused, g.Reason = false, 0, time.Time{}, reason
	g.PausedUntil, g.QuotaUntil = until.UTC(), renewed.UTC()
	p.store(g)
}

// forMonth reports whether the pause in force is for the monthly quota.
func (p *pauses) forMonth() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.stored.QuotaUntil.IsZero()
}

// errPauseOver ends a count of others' jobs.
var errPauseOver = errors.New("the pause is over")

// countOthers counts the jobs of others once the daily cap is met, as long as the pause lasts.
func (p *pauses) countOthers(ctx context.Context) {
	p.quota.CountAll(ctx, p.API, p.Settle, func(ctx context.Context) error {
		if !p.gate.PauseState(ratelimit.Cap).Paused {
			return errPauseOver
		}
		return p.Limiter.Wait(ctx)
	}, p.Log)
}
