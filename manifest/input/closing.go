package input

import "sync/atomic"

// Closing lets a reader be closed while one of its reads is under way in another
// goroutine: what the read uses is released by whoever of the two is last.
type Closing struct {
	state atomic.Int32
}

const (
	idle int32 = iota
	busy
	closed
	closedBusy
)

// Enter begins a read. It is false once the reader is closed.
func (c *Closing) Enter() bool { return c.state.CompareAndSwap(idle, busy) }

// Leave ends a read, and reports whether the reader was closed during it: then
// its caller releases what the read used.
func (c *Closing) Leave() bool { return !c.state.CompareAndSwap(busy, idle) }

// Close reports whether it is the first call, and whether no read is under way:
// then its caller releases.
func (c *Closing) Close() (first, free bool) {
	for {
		switch {
		case c.state.CompareAndSwap(idle, closed):
			return true, true
		case c.state.CompareAndSwap(busy, closedBusy):
			return true, false
		case c.state.Load() >= closed:
			return false, false
		}
	}
}
