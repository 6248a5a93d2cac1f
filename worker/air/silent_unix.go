//go:build unix

package air

import (
	"net"
	"syscall"
)

// canPeek says that a peeker can tell.
const canPeek = true

// peeker looks whether anything has come on a connection, without reading it.
type peeker struct {
	raw   syscall.RawConn
	look  func(fd uintptr) bool
	quiet bool
}

func newPeeker(c net.Conn) *peeker {
	p := &peeker{}
	if sc, ok := c.(syscall.Conn); ok {
		p.raw, _ = sc.SyscallConn()
	}
	p.look = func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		p.quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
		return true
	}
	return p
}

// silent reports whether an idle connection is as it was left: open, and nothing has
// come on it. What a server sends unasked must not be taken for the answer to the
// next request.
func (p *peeker) silent() bool {
	p.quiet = false
	return p.raw != nil && p.raw.Read(p.look) == nil && p.quiet
}
