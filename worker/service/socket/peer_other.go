//go:build unix && !linux && !darwin && !freebsd

package socket

import (
	"errors"
	"net"
)

// peer returns errors.ErrUnsupported: no connection is trusted.
func peer(*net.UnixConn) (int, error) { return 0, errors.ErrUnsupported }
