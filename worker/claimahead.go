package worker

import (
	"context"
	"errors"
	"slices"

	"airlift/worker/turns"
)

// claimRequest asks the committer to claim items of some batches ahead of the workers: with each commit as many as there is
// room for.
type claimRequest struct {
	from      []turns.Contender
	more      bool          // set as it is over: one of several batches had nothing more, but others may
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
			from, err := s.checked(ctx)
			switch {
			case errors.Is(err, errNothing):
				continue
			case err != nil:
				s.fail("claim items from the queue", err)
				return
			case len(from) > 0 && !s.supply(ctx, from, stored, shut, limits, joined):
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

// supply makes the committer claim items of batches, in turn, until nothing is pending. It returns false if that is to be done
// again: the gate, the limits or the batches have changed, one of several batches has nothing more, or another one has something now.
func (s *scheduler) supply(ctx context.Context, from []turns.Contender, stored, shut, limits, joined <-chan struct{}) bool {
	r := &claimRequest{from: from, withdrawn: make(chan struct{}), over: make(chan struct{})}
	s.requests <- r // never blocks: the one before is over
	for same := true; same; {
		select {
		case <-r.over:
			return !r.more
		case <-stored:
			stored = s.Store.Changed()
			now, err := s.checked(ctx)
			same = err == nil && !slices.ContainsFunc(now, func(c turns.Contender) bool { return !slices.Contains(from, c) })
			continue
		case <-shut:
		case <-limits:
		case <-joined:
		case <-ctx.Done():
		}
		same = false
	}
	r.withdraw()
	if slices.ContainsFunc(from, func(c turns.Contender) bool { return !s.batches.maySend(c.ID) }) {
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
