package ratelimit

import "sync"

// Broadcast wakes all waiters. Call Wait first, then check the condition, then wait on the channel; otherwise a change in
// between is missed. The zero value is ready to use. It is safe for concurrent use.
type Broadcast struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; nil: nobody waits
}

// Wait returns a channel that the next Fire closes.
func (b *Broadcast) Wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

// Fire wakes all who wait now.
func (b *Broadcast) Fire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
