package worker

import "sync"

// signal wakes all who wait for something to happen. Take the channel first, look then, and wait last, or a change in
// between is missed.
type signal struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu
}

func newSignal() *signal { return &signal{ch: make(chan struct{})} }

// wait returns a channel that the next fire closes.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ch
}

// fire wakes all who wait now.
func (s *signal) fire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.ch)
	s.ch = make(chan struct{})
}
