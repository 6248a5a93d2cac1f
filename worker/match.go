package worker

import (
	"context"
	"fmt"
	"time"

	"airlift/worker/air"
)

// forgets is how long AiR is trusted to list a job that it accepted.
const forgets = 7 * 24 * time.Hour

// matchCheck records whether it is known that this queue and AiR belong together, for one batch.
type matchCheck struct {
	known  bool
	warned bool // that the list could not be read was logged
}

// checkMatch reads the newest page of the batch before the run's first POST to it, and stops the run if queue and AiR
// do not belong together: another account, a lost queue, one restored from an old copy. A page that cannot be read is
// no reason to stop, only to warn; while the canary is out it is tried again.
func (p *Pool) checkMatch(ctx context.Context, batch string) error {
	p.matching.Lock()
	defer p.matching.Unlock()
	m := p.matchChecks[batch]
	if m.known || p.TrustQueue || (m.warned && !p.gate.Alone()) {
		return nil
	}
	known, err := p.compareNewest(ctx, batch)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case known:
		return err
	default:
		if s := stopOf(lookupAction(err), err); s != nil {
			return s
		}
		if !m.warned {
			p.Log.Warn().Str("batch", batch).Err(err).Msg("AiR's list of this batch cannot be read, so it is not checked whether it fits this queue")
		}
		m.warned = true
		return nil
	}
	m.known = true
	return nil
}

// compareNewest reads the newest page that shows a job of the batch, and compares it. known is false if it could not be
// read, which err tells.
func (p *Pool) compareNewest(ctx context.Context, batch string) (known bool, err error) {
	newest := p.newestJobs(batch, maxLookupPages)
	for {
		page, err := newest.next(ctx)
		switch {
		case err != nil:
			return false, err
		case page.end():
			return true, p.compareNone(ctx, batch)
		}
		ours, err := p.compare(ctx, batch, page.jobs)
		if err == nil && ours == 0 {
			ours, err = p.compareOdd(ctx, batch, page.odd)
		}
		if err != nil || ours > 0 {
			return true, err
		}
	}
}

// compare counts the jobs of the batch on a page, and returns a stop if they do not fit what the queue knows.
func (p *Pool) compare(ctx context.Context, batch string, jobs []air.Job) (ours int, err error) {
	for _, j := range jobs {
		if j.Batch != batch {
			continue // the filter may match in part
		}
		got, err := p.matchers[batch].match(ctx, j)
		if err != nil {
			return 0, err
		}
		if (!got.found || !got.Sent && !got.MayHaveJob()) && !p.unproven[batch] { // else it is looked up before it is sent
			return 0, stop(Setup, "AiR holds job %s of batch %q for %q, which this queue never sent: %s",
				j.ID, batch, "s3://"+j.Source.Bucket+"/"+j.Source.ObjectKey, p.remedy(batch))
		}
		ours++
	}
	return ours, nil
}

// remedy says what to do about a queue that does not fit AiR's list.
func (p *Pool) remedy(batch string) string {
	return fmt.Sprintf("nothing was sent. If the queue file was lost or is an old copy, rebuild it from AiR's list with\n  %s\n"+
		"or give the batch another id with --batch; if you are sure that the queue is right, use --trust-queue", p.AdoptCommand(batch))
}

// adoptFirst is the stop of a run of a batch whose adoption has not ended well.
func (p *Pool) adoptFirst(batch string) *StopError {
	return stop(Setup, "an adoption of batch %q was begun and has not ended well, so AiR may hold jobs that this queue does not know: nothing of it was sent. "+
		"Run it again, until it ends well:\n  %s\nIf you are sure that the queue is right, use --trust-queue", batch, p.AdoptCommand(batch))
}

// compareNone returns a stop if the queue knows of jobs that AiR would still list.
func (p *Pool) compareNone(ctx context.Context, batch string) error {
	b, err := p.Store.Batch(ctx, batch)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, at := range b.Accepted {
		if age := now.Sub(at); age > p.Settle && age < forgets {
			return stop(Setup, "this queue submitted jobs of batch %q (the latest at %s), but AiR lists none: are the URL and the account the same as before? %s",
				batch, b.Accepted[len(b.Accepted)-1].UTC().Format(time.RFC3339), p.remedy(batch))
		}
	}
	return nil
}
