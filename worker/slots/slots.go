package slots

import (
	"context"
	"sync"

	"airlift/ratelimit"
)

// Slots are taken by workers; there are so many as Limit says. It is safe for concurrent use.
type Slots struct {
	// Limit returns how many there are. It may change; [Slots.Changed] says so.
	Limit func() int
	mu    sync.Mutex
	taken int // guarded by mu
	freed ratelimit.Broadcast
}

// Acquire waits for a slot, and reports false if ctx is done first.
func (c *Slots) Acquire(ctx context.Context) bool {
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

func (c *Slots) tryAcquire() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken >= c.Limit() {
		return false
	}
	c.taken++
	return true
}

// Release gives a slot back.
func (c *Slots) Release() {
	c.mu.Lock()
	c.taken--
	c.mu.Unlock()
	c.freed.Fire()
}

// Changed makes those who wait look at Limit again.
func (c *Slots) Changed() { c.freed.Fire() }
