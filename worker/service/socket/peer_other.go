//go:build unix && !linux && !darwin && !freebsd

package socket

import "errors"

// peerOf returns errors.ErrUnsupported: no connection is trusted.
func peerOf(int) (int, error) { return 0, errors.ErrUnsupported }
