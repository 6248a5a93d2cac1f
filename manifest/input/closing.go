package input

import "sync/atomic"

// Closing lets one goroutine close a reader while another reads: whichever finishes
// last releases what the read uses.
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

// Leave ends a read. It is true if the reader was closed during it: then the caller
// releases what the read used.
func (c *Closing) Leave() bool { return !c.state.CompareAndSwap(busy, idle) }

// Close reports whether it is the first call, and whether no read is running: then
// the caller releases.
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
