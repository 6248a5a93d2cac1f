//go:build !linux && !darwin && !freebsd

package socket

import (
	"context"
	"errors"
	"net"
)

// Listen returns errors.ErrUnsupported: the system does not tell who is at the other end.
func Listen(string) (net.Listener, error) { return nil, errors.ErrUnsupported }

// Dial returns errors.ErrUnsupported.
func Dial(context.Context, string) (net.Conn, error) { return nil, errors.ErrUnsupported }
