package worker

import (
	"context"
	"fmt"
	"time"

	"airlift/worker/air"
)

// forgets is how long AiR is trusted to list a job that it accepted.
const forgets = 7 * 24 * time.Hour

// match is what is known of whether this queue and AiR belong together, for one batch.
type match struct {
	known bool
	// warned: that the page could not be read was said.
	warned bool
}

// checkMatch reads the newest page of the batch before the run's first POST to it, and stops the run if queue and AiR
// do not belong together: another account, a lost queue, one restored from an old copy. A page that cannot be read is
// no reason to stop, only to warn; while the canary is out it is tried again.
func (p *Pool) checkMatch(ctx context.Context, batch string) error {
	p.matching.Lock()
	defer p.matching.Unlock()
	m := p.matches[batch]
	if m.known || p.TrustQueue || (m.warned && !p.gate.Alone()) {
		return nil
	}
	if err := p.Limiter.Wait(ctx); err != nil {
		return err
	}
	sent := time.Now()
	page, err := p.API.List(ctx, air.ListQuery{Batch: batch, PageNumber: 1, PageSize: air.MaxPageSize, Descending: true, Fresh: true})
	p.heard(err)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if s := stopOf(lookupAction(err), err); s != nil {
			return s
		}
		if !m.warned {
			p.Log.Warn().Str("batch", batch).Err(err).Msg("AiR's list of this batch cannot be read, so it is not checked whether it fits this queue")
		}
		m.warned = true
		return nil
	}
	p.clock.observe(page.Date, sent, time.Now())
	if err := p.compare(ctx, batch, page.Jobs); err != nil {
		return err
	}
	m.known = true
	return nil
}

// compare returns a stop if the newest jobs of the batch do not fit what the queue knows.
func (p *Pool) compare(ctx context.Context, batch string, jobs []air.Job) error {
	remedy := fmt.Sprintf("nothing was sent. If the queue file was lost or is an old copy, rebuild it from AiR's list with\n  %s\n"+
		"or give the batch another id with --batch; if you are sure that the queue is right, use --trust-queue", p.AdoptCommand(batch))
	ours := 0
	for _, j := range jobs {
		if j.Batch != batch {
			continue // the filter may match in part
		}
		w, err := whoseJob(ctx, p.Store, p.namers[batch], j)
		if err != nil {
			return err
		}
		if !w.found || !w.MaybeSent() {
			return stop(Setup, "AiR holds job %s of batch %q for s3://%s/%s, which this queue never sent: %s",
				j.ID, batch, j.Source.Bucket, j.Source.ObjectKey, remedy)
		}
		ours++
	}
	if ours > 0 {
		return nil
	}
	b, err := p.Store.Batch(ctx, batch)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, at := range b.Accepted {
		if age := now.Sub(at); age > p.Settle && age < forgets {
			return stop(Setup, "this queue submitted jobs of batch %q (the latest at %s), but AiR lists none: are the URL and the account the same as before? %s",
				batch, b.Accepted[len(b.Accepted)-1].UTC().Format(time.RFC3339), remedy)
		}
	}
	return nil
}
