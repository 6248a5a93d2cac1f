package worker

import (
	"context"

	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// matchCheck records whether it is known that this queue and AiR belong together, for one batch.
type matchCheck struct {
	lock   chan struct{} // a mutex that a context can interrupt, held during a request; guards the fields below
	known  bool
	warned bool // that the list could not be read was logged
}

// checkMatch compares the batch with AiR's list before the run's first POST to it, and returns a stop if queue and AiR do
// not belong together (see [joblist.Batch.CheckMatch]). A page that cannot be read is no reason to stop, only to warn;
// while the canary is out it is tried again.
func (p *Pool) checkMatch(ctx context.Context, batch string) error {
	m := p.matchChecks[batch]
	select {
	case m.lock <- struct{}{}:
		defer func() { <-m.lock }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if m.known || p.TrustQueue || (m.warned && !p.gate.Alone()) {
		return nil
	}
	known, err := p.lists[batch].CheckMatch(ctx)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case known:
		return err
	default:
		if s := joblist.StopOf(err); s != nil {
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

// adoptFirst is the stop of a run of a batch whose adoption has not ended well.
func (p *Pool) adoptFirst(batch string) *stop.Error {
	return stop.Errorf(stop.Setup, "an adoption of batch %q was begun and has not ended well, so AiR may hold jobs that this queue does not know: nothing of it was sent. "+
		"Run it again, until it ends well:\n  %s\nIf you are sure that the queue is right, use --trust-queue", batch, p.AdoptCommand(batch))
}
