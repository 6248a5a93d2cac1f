package worker

import (
	"context"
	"errors"
)

// wish is that items of a batch be claimed ahead of the workers, with each commit as many as there is room for.
type wish struct {
	batch     string
	withdrawn chan struct{} // closed when nothing more is wanted
	over      chan struct{} // closed when the wish is withdrawn or there is nothing more to claim
}

// looksAhead reports whether items are claimed ahead of the workers.
func (p *Pool) looksAhead() bool { return float64(p.Limiter.Rate()) > lookaheadFrom }

// claimAhead keeps the workers supplied at rates at which they cannot wait for a commit each. The clerk does the claiming.
func (p *Pool) claimAhead(ctx context.Context) {
	for ctx.Err() == nil {
		shut, changed, freed := p.gate.Changed(), p.Store.Changed(), p.freed.wait()
		if p.gate.Alone() {
			p.releaseAhead()
			select {
			case <-ctx.Done():
			case <-shut:
			}
			continue
		}
		id, err := p.claimable(ctx)
		switch {
		case errors.Is(err, errNothing):
			continue
		case err != nil:
			p.fail("claim items from the queue", err)
			return
		case id != "":
			w := &wish{batch: id, withdrawn: make(chan struct{}), over: make(chan struct{})}
			p.wishes <- w // never blocks: the one before is over
			select {
			case <-w.over:
			case <-shut:
				w.withdraw()
				continue
			case <-ctx.Done():
				w.withdraw()
				continue
			}
		}
		select {
		case <-ctx.Done():
		case <-shut:
		case <-changed:
		case <-freed:
		}
	}
}

// withdraw returns when nothing is claimed for the wish any more.
func (w *wish) withdraw() {
	close(w.withdrawn)
	<-w.over
}

// releaseAhead puts back what was claimed ahead and will not be sent now.
func (p *Pool) releaseAhead() {
	for {
		select {
		case c := <-p.ahead:
			p.release(c)
		default:
			return
		}
	}
}
