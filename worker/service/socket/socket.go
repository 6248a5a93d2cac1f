//go:build linux || darwin || freebsd

package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// connectTimeout bounds a connect: a process that is stopped accepts nothing once its backlog is full.
const connectTimeout = 2 * time.Second

// Listen listens at path, in a folder that it makes. The caller holds the lock of the queue, and closes the listener, which
// removes the socket, before it releases the lock.
func Listen(path string) (net.Listener, error) {
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// On Linux the mode of a socket file is that of the socket at the time of the bind, less the umask. Elsewhere this
	// fails, and the folder alone keeps others out.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
	}}
	l, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	return listener{l, filepath.Dir(path)}, nil
}

// makeFolder makes the folder of a socket, or checks the one that is there.
func makeFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !known || !trusted(int(owner.Uid)) {
		return fmt.Errorf("%s is not a folder of this user with mode 0700: remove it", dir)
	}
	return nil
}

// removeStale removes a socket that nothing listens on.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%s is not a socket: remove it", path)
	}
	c, err := net.DialTimeout("unix", path, connectTimeout)
	switch {
	case err == nil:
		c.Close()
		return fmt.Errorf("another process listens at %s", path)
	case !errors.Is(err, syscall.ECONNREFUSED):
		return err
	}
	return os.Remove(path)
}

// listener accepts connections of its own user and of root.
type listener struct {
	net.Listener
	folder string
}

// Close removes the socket and its folder.
func (l listener) Close() error {
	err := l.Listener.Close()
	_ = os.Remove(l.folder) // an empty folder that remains does no harm
	return err
}

// Accept returns the next connection of a trusted user, and closes all others.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if checkPeer(c, trusted) == nil {
			return c, nil
		}
		c.Close()
	}
}

// Dial connects to the socket at path. The error is [ErrPeer] if a process of another user listens.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	d := net.Dialer{Timeout: connectTimeout}
	c, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := checkPeer(c, func(uid int) bool { return trusted(uid) || os.Geteuid() == 0 }); err != nil { // root may ask anybody
		c.Close()
		return nil, err
	}
	return c, nil
}

// checkPeer returns [ErrPeer] if the process at the other end does not belong to a trusted user.
func checkPeer(c net.Conn, trusted func(uid int) bool) error {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return ErrPeer
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return err
	}
	var uid int
	var unknown error
	err = raw.Control(func(fd uintptr) { uid, unknown = peerOf(int(fd)) })
	if err = errors.Join(err, unknown); err != nil {
		return err
	}
	if !trusted(uid) {
		return ErrPeer
	}
	return nil
}

// trusted reports whether a user may ask this process: its own and root.
func trusted(uid int) bool { return uid == 0 || uid == os.Geteuid() }
