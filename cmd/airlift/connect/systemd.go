package connect

import (
	"net"
	"strconv"
	"time"
)

// Systemd tells the service manager how this process stands: see sd_notify(3) of systemd, whose protocol is one datagram a
// message. The zero Systemd tells nobody; no library for it is in use elsewhere here.
type Systemd struct {
	socket   string
	watchdog time.Duration
}

// NewSystemd returns the service manager that the environment names.
func NewSystemd(getenv func(string) (string, bool), pid int) Systemd {
	var s Systemd
	s.socket, _ = getenv("NOTIFY_SOCKET")
	of, set := getenv("WATCHDOG_PID")
	text, _ := getenv("WATCHDOG_USEC")
	if usec, err := strconv.ParseInt(text, 10, 64); err == nil && usec > 0 && (!set || of == strconv.Itoa(pid)) {
		s.watchdog = time.Duration(usec) * time.Microsecond
	}
	return s
}

// Notify sends a message such as READY=1. It ignores errors: the service manager then does what it does without the message.
func (s Systemd) Notify(message string) {
	if s.socket == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"}) // net takes @ as an abstract name
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(message))
}

// Every returns how often to send WATCHDOG=1; at least every ten seconds, so that the status is shown too.
func (s Systemd) Every() time.Duration {
	const most = 10 * time.Second
	if s.watchdog > 0 {
		return min(s.watchdog/3, most)
	}
	return most
}
