package worker

import (
	"context"
	"errors"
)

// claimRequest asks the committer to claim items of a batch ahead of the workers, with each commit as many as there is
// room for.
type claimRequest struct {
	batch     string
	withdrawn chan struct{} // closed when nothing more is wanted
	over      chan struct{} // closed when the request is withdrawn or there is nothing more to claim
}

// withdraw returns when nothing is claimed for the request any more.
func (r *claimRequest) withdraw() {
	close(r.withdrawn)
	<-r.over
}

// claimAhead keeps the workers supplied at rates at which they cannot wait for a commit each.
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

// supply has the committer claim items of a batch until there are no more. It reports false if something changed before.
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

// releaseAhead puts back what was claimed ahead and will not be sent now.
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
