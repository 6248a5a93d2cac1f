package worker

import (
	"context"
	"errors"
)

// claimRequest asks the committer to claim items of a batch ahead of the workers: with each commit as many as there is
// room for.
type claimRequest struct {
	batch     string
	withdrawn chan struct{} // closed when nothing more is wanted
	over      chan struct{} // closed when the request is withdrawn or there is nothing more to claim
}

// withdraw withdraws the request and waits until the committer has dropped it.
func (r *claimRequest) withdraw() {
	close(r.withdrawn)
	<-r.over
}

// claimAhead claims items ahead of the workers at rates at which a commit for each item is too slow.
func (s *scheduler) claimAhead(ctx context.Context) {
	for ctx.Err() == nil {
		shut, limits, joined := s.gate.Changed(), s.live.changed.Wait(), s.batches.changed.Wait()
		stored, freed := s.Store.Changed(), s.freed.Wait()
		if !s.looksAhead() || s.gate.Alone() {
			s.releaseAhead()
			stored, freed = nil, nil
		} else {
			id, err := s.claimable(ctx)
			switch {
			case errors.Is(err, errNothing):
				continue
			case err != nil:
				s.fail("claim items from the queue", err)
				return
			case id != "" && !s.supply(ctx, id, shut, limits, joined):
				continue
			}
		}
		select {
		case <-ctx.Done():
		case <-shut:
		case <-limits:
		case <-joined:
		case <-stored:
		case <-freed:
		}
	}
}

// supply makes the committer claim items of a batch until none is pending. It returns false if the gate, the limits or the batches change first.
func (s *scheduler) supply(ctx context.Context, id string, shut, limits, joined <-chan struct{}) bool {
	r := &claimRequest{batch: id, withdrawn: make(chan struct{}), over: make(chan struct{})}
	s.requests <- r // never blocks: the one before is over
	select {
	case <-r.over:
		return true
	case <-shut:
	case <-limits:
	case <-joined:
	case <-ctx.Done():
	}
	r.withdraw()
	if !s.batches.isWorked(id) {
		s.releaseAhead()
	}
	return false
}

// releaseAhead puts back the items claimed ahead.
func (s *scheduler) releaseAhead() {
	for {
		select {
		case c := <-s.ahead:
			s.release(*c)
		default:
			return
		}
	}
}
