package air

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
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
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 256 << 10
	// maxInterim bounds the 1xx answers before the real one (RFC 9110, 15.2).
	maxInterim = 5
)

// wire is an [http.RoundTripper] for one host, over connections of its own. Requests
// and answers are written and read by net/http's code, in the goroutine that sends:
// the two goroutines that [http.Transport] keeps for each connection cost more than
// all else that a submission does. It sends each request at most once, over HTTP/1.1
// alone: no redirect, no retry, no proxy.
type wire struct {
	address string
	tls     *tls.Config // nil: plain
	dialer  *net.Dialer
	slots   chan struct{} // one for each connection in use

	mu   sync.Mutex
	idle []*wireConn // the latest used last; guarded by mu
}

// newWire returns the wire to the host of the base URL.
func newWire(c Config, base *url.URL) *wire {
	w := &wire{dialer: &net.Dialer{Timeout: min(dialTimeout, c.Timeout)}, slots: make(chan struct{}, c.Connections)}
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
	return w
}

// RoundTrip sends one request. The connection is in use until the answer's body is
// closed.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	resp, err := w.exchange(ctx, req)
	if err != nil {
		<-w.slots
		if ctx.Err() != nil {
			err = ctx.Err() // it is why the connection was broken off
		}
	}
	return resp, err
}

func (w *wire) exchange(ctx context.Context, req *http.Request) (*http.Response, error) {
	c := w.takeIdle()
	if c == nil {
		var err error
		if c, err = w.dial(ctx); err != nil {
			return nil, err
		}
	}
	// A deadline in the past ends every read and write of the connection.
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	resp, err := c.exchange(req)
	if err != nil {
		stop()
		c.Close()
		return nil, err
	}
	resp.Body = &wireBody{ReadCloser: resp.Body, wire: w, conn: c, ctx: ctx, stop: stop,
		whole: resp.Body == http.NoBody, keep: !resp.Close}
	return resp, nil
}

// dial makes a connection.
func (w *wire) dial(ctx context.Context) (*wireConn, error) {
	plain, err := w.dialer.DialContext(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	conn := plain
	if w.tls != nil {
		secure := tls.Client(plain, w.tls)
		shaking, cancel := context.WithTimeout(ctx, w.dialer.Timeout)
		defer cancel()
		if err := secure.HandshakeContext(shaking); err != nil {
			plain.Close()
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
		conn = secure
	}
	c := &wireConn{Conn: conn, plain: plain}
	c.in = bufio.NewReader(&c.limit)
	c.limit.r = conn
	c.out = bufio.NewWriter(conn)
	return c, nil
}

// takeIdle returns the connection that was used last, if the other end still has it.
func (w *wire) takeIdle() *wireConn {
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
		if time.Since(c.since) < idleTimeout && silent(c.plain) {
			return c
		}
		c.Close()
	}
}

// giveBack ends the use of a connection.
func (w *wire) giveBack(c *wireConn, sound bool) {
	if sound {
		c.since = time.Now()
		w.mu.Lock()
		w.idle = append(w.idle, c)
		w.mu.Unlock()
	} else {
		c.Close()
	}
	<-w.slots
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

// wireConn is one connection, used by one request at a time.
type wireConn struct {
	net.Conn
	plain net.Conn // under TLS, or the same
	limit limited
	in    *bufio.Reader
	out   *bufio.Writer
	since time.Time // when it became idle
}

// exchange writes the request and reads the answer's header.
func (c *wireConn) exchange(req *http.Request) (*http.Response, error) {
	// Write calls the WroteHeaders hook when the header lies in the buffer, before a
	// byte of it can leave.
	if err := req.Write(c.out); err != nil {
		return nil, err
	}
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	c.limit.left = maxHeader
	for range maxInterim {
		if _, err := c.in.Peek(1); err != nil {
			return nil, noAnswer(err) // ReadResponse would not tell no answer from half of one
		}
		resp, err := http.ReadResponse(c.in, req)
		if err != nil {
			return nil, noAnswer(err)
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			c.limit.left = -1 // the client bounds the body
			return resp, nil
		}
	}
	return nil, errors.New("too many interim answers")
}

// noAnswer says in words what an end before the answer means.
func noAnswer(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the server closed the connection before a whole answer: %w", err)
	}
	return err
}

// limited reads at most left bytes, if that is not negative.
type limited struct {
	r    io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	switch {
	case l.left < 0:
		return l.r.Read(p)
	case l.left == 0:
		return 0, fmt.Errorf("the answer's header is longer than %d bytes", maxHeader)
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// wireBody is an answer's body. Closing it gives the connection back: to be used
// again if the answer was read to its end and nothing came behind it.
type wireBody struct {
	io.ReadCloser
	wire   *wire
	conn   *wireConn
	ctx    context.Context
	stop   func() bool
	whole  bool
	keep   bool
	closed bool
}

func (b *wireBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF: //nolint:errorlint // exactly io.EOF is the end
		b.whole = true
	case err != nil && b.ctx.Err() != nil:
		err = b.ctx.Err()
	}
	return n, err
}

func (b *wireBody) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	untouched := b.stop() // else the deadline is, or is about to be, set
	b.wire.giveBack(b.conn, untouched && b.whole && b.keep && b.conn.in.Buffered() == 0)
	return nil
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
