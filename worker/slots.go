package worker

import (
	"context"
	"sync"

	"airlift/ratelimit"
)

// claimSlots bounds how many workers have an item, or wait for one, that is not on its way.
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
			continue // one may be freed before there is a channel to tell
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
