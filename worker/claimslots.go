package worker

import (
	"context"
	"sync"

	"airlift/ratelimit"
)

// claimSlots bounds how many workers hold, or wait for, an item whose request has not been sent.
type claimSlots struct {
	limit func() int // it may change
	mu    sync.Mutex
	taken int // guarded by mu
	freed ratelimit.Broadcast
}

// acquire waits for a slot, and reports false if ctx is done first.
func (c *claimSlots) acquire(ctx context.Context) bool {
	for freed := (<-chan struct{})(nil); ctx.Err() == nil; freed = c.freed.Wait() {
		switch {
		case c.tryAcquire():
			return true
		case freed == nil:
			continue // a slot may have been freed before Wait
		}
		select {
		case <-ctx.Done():
		case <-freed:
		}
	}
	return false
}

func (c *claimSlots) tryAcquire() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken >= c.limit() {
		return false
	}
	c.taken++
	return true
}

// release gives a slot back.
func (c *claimSlots) release() {
	c.mu.Lock()
	c.taken--
	c.mu.Unlock()
	c.freed.Fire()
}
