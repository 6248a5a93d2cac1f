package input

import (
	"io/fs"
	"sync/atomic"
)

// Closing lets one goroutine close a reader while another reads: whichever finishes last releases what the read uses.
type Closing struct {
	state atomic.Int32
}

const (
	idle int32 = iota
	busy
	closed
	closedBusy
)

// Read does a read, and calls release if the reader was closed during it. Then, and
// once the reader is closed, the error is fs.ErrClosed.
func (c *Closing) Read(read func() error, release func()) error {
	if !c.state.CompareAndSwap(idle, busy) {
		return fs.ErrClosed
	}
	err := read()
	if !c.state.CompareAndSwap(busy, idle) {
		release()
		return fs.ErrClosed
	}
	return err
}

// Close reports whether it is the first call, and whether no read is running: then the caller releases.
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
