package air

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// Shorter than the idle limits of usual load balancers (60 s): a POST that
	// meets a connection just closed at the other end is in doubt.
	idleTimeout = 30 * time.Second
)

// wire is a carrier for one host, over HTTP/1.1 connections of its own. A request is
// written and its answer read in the goroutine that sends: the two goroutines that
// [http.Transport] keeps for each connection cost more than all else that a submission
// does. It sends each request at most once: no redirect, no retry, no proxy.
type wire struct {
	address string
	tls     *tls.Config // nil: plain
	dialer  *net.Dialer
	timeout time.Duration
	write   writer
	slots   chan struct{} // one for each connection in use
	dates   dates

	mu   sync.Mutex
	idle []*wireConn // the latest used last; guarded by mu
}

// newWire returns the wire to the host of the base URL.
func newWire(c Config, base *url.URL) (*wire, error) {
	write, err := newWriter(c, jobsPath)
	if err != nil {
		return nil, err
	}
	w := &wire{
		dialer: &net.Dialer{Timeout: min(dialTimeout, c.Timeout)}, timeout: c.Timeout, write: write,
		slots: make(chan struct{}, c.Connections),
	}
	port := base.Port()
	if base.Scheme == "https" {
		w.tls = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ServerName: base.Hostname()}
		if port == "" {
			port = "443"
		}
	} else {
		w.dialer.ControlContext = loopbackOnly
		if port == "" {
			port = "80"
		}
	}
	w.address = net.JoinHostPort(base.Hostname(), port)
	return w, nil
}

func (w *wire) carry(ctx context.Context, r request) answer {
	deadline := time.Now().Add(w.timeout)
	a := w.attempt(ctx, r, deadline)
	switch {
	case a.err == nil:
	case ctx.Err() != nil:
		a.err = ctx.Err() // it is why the connection was broken off
	case !time.Now().Before(deadline):
		a.err, a.late = context.DeadlineExceeded, true
	}
	return a
}

func (w *wire) attempt(ctx context.Context, r request, deadline time.Time) answer {
	c, err := w.take(ctx, deadline)
	if err != nil {
		return answer{err: err}
	}
	defer func() { <-w.slots }()
	if c.out, err = w.render(c.out[:0], r); err != nil {
		c.Close()
		return answer{err: err}
	}
	stop := func() bool { return true }
	if ctx.Done() != nil {
		// A deadline in the past ends every read and write of the connection.
		stop = context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	}
	a := c.exchange(r.limit, &w.dates)
	untouched := stop() // else the deadline is, or is about to be, set
	// It is used again if the answer was read to its end and nothing came behind it.
	if untouched && a.err == nil && c.keep && c.in.Buffered() == 0 {
		w.giveBack(c)
	} else {
		c.Close()
	}
	return a
}

func (w *wire) render(to []byte, r request) ([]byte, error) {
	if r.method == http.MethodPost && r.path == jobsPath {
		return w.write.post(to, r.body), nil
	}
	return w.write.other(to, r)
}

// take waits for a slot and returns a connection: the one that was used last, if the
// other end still has it, or a new one. Its deadline is set.
func (w *wire) take(ctx context.Context, deadline time.Time) (*wireConn, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	select {
	case w.slots <- struct{}{}:
	default:
		waiting, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		select {
		case w.slots <- struct{}{}:
		case <-waiting.Done():
			return nil, waiting.Err()
		}
	}
	if c := w.takeIdle(deadline); c != nil {
		return c, nil
	}
	c, err := w.dial(ctx, deadline)
	if err != nil {
		<-w.slots
		return nil, err
	}
	return c, nil
}

// dial makes a connection.
func (w *wire) dial(ctx context.Context, deadline time.Time) (*wireConn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	plain, err := w.dialer.DialContext(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	conn := plain
	if w.tls != nil {
		secure := tls.Client(plain, w.tls)
		shaking, done := context.WithTimeout(ctx, w.dialer.Timeout)
		defer done()
		if err := secure.HandshakeContext(shaking); err != nil {
			plain.Close()
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
		conn = secure
	}
	return newWireConn(conn, plain), conn.SetDeadline(deadline)
}

// takeIdle returns the connection that was used last, if the other end still has it.
func (w *wire) takeIdle(deadline time.Time) *wireConn {
	for {
		w.mu.Lock()
		n := len(w.idle) - 1
		if n < 0 {
			w.mu.Unlock()
			return nil
		}
		c := w.idle[n]
		w.idle[n] = nil
		w.idle = w.idle[:n]
		w.mu.Unlock()
		if time.Since(c.since) < idleTimeout && c.SetDeadline(deadline) == nil && c.peek.silent() {
			return c
		}
		c.Close()
	}
}

func (w *wire) giveBack(c *wireConn) {
	c.since = time.Now()
	w.mu.Lock()
	w.idle = append(w.idle, c)
	w.mu.Unlock()
}

// CloseIdleConnections closes what is not in use.
func (w *wire) CloseIdleConnections() {
	w.mu.Lock()
	idle := w.idle
	w.idle = nil
	w.mu.Unlock()
	for _, c := range idle {
		c.Close()
	}
}

// direct reports whether a wire can serve the base URL: through a proxy, or for a
// name that is not ASCII, [http.Transport] does.
func direct(base *url.URL) bool {
	if strings.ContainsFunc(base.Host, func(r rune) bool { return r > '~' }) {
		return false
	}
	if base.Scheme != "https" {
		return true
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: base})
	return err == nil && proxy == nil
}
