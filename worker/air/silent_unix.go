//go:build unix

package air

import (
	"net"
	"syscall"
)

// canPeek says that silent can tell.
const canPeek = true

// silent reports whether an idle connection is as it was left: open, and nothing has
// come on it. What a server sends unasked must not be taken for the answer to the
// next request.
func silent(c net.Conn) bool {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
		return true
	})
	return err == nil && quiet
}
