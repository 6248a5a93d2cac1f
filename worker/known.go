package worker

import (
	"context"

	"airlift/queue"
)

// isKnown reports whether a job was accepted at this address before, by this run or an earlier one.
func (p *Pool) isKnown() bool {
	p.knowing.Lock()
	defer p.knowing.Unlock()
	return p.Address != "" && p.server.Address == p.Address
}

// accepted notes that this address accepts jobs.
func (p *Pool) accepted() {
	p.learn(func(s *queue.Server) bool {
		changed := s.Address != p.Address && p.Address != ""
		if changed {
			s.Address = p.Address
		}
		return changed
	})
}

// learn changes what is known of the server, and stores it if change reports that it is another.
func (p *Pool) learn(change func(*queue.Server) bool) {
	p.knowing.Lock()
	defer p.knowing.Unlock()
	s := p.server
	if !change(&s) {
		return
	}
	if err := p.Store.SetServer(context.Background(), p.Account, s); err != nil {
		p.fail("store what is known of AiR in the queue", err)
		return
	}
	p.server = s
}
