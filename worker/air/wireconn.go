package air

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 256 << 10
	// maxInterim bounds the 1xx answers before the real one (RFC 9110, 15.2).
	maxInterim = 5
)

// wireConn is one connection, used by one request at a time.
type wireConn struct {
	net.Conn
	peek  *peeker
	limit limited
	in    *bufio.Reader
	out   []byte    // the request
	keep  bool      // the server keeps the connection
	since time.Time // when it became idle
}

// newWireConn wraps a connection, which goes over the plain one or is that.
func newWireConn(conn, plain net.Conn) *wireConn {
	c := &wireConn{Conn: conn, peek: newPeeker(plain), limit: limited{r: conn}}
	c.in = bufio.NewReader(&c.limit)
	return c
}

// exchange writes the request that lies in out, and reads the answer.
func (c *wireConn) exchange(limit int64, d *dates) answer {
	if _, err := c.Write(c.out); err != nil {
		return answer{err: err, written: true} // a part of it may have left
	}
	c.limit.left = maxHeader
	for range maxInterim {
		if _, err := c.in.Peek(1); err != nil {
			return answer{err: noAnswer(err), written: true} // ReadResponse would not tell no answer from half of one
		}
		if h, ok := c.usualHead(limit, d); ok {
			return c.usualAnswer(h)
		}
		resp, err := http.ReadResponse(c.in, nil)
		if err != nil {
			return answer{err: noAnswer(err), written: true}
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			c.limit.left = -1 // the limit of the body is another
			c.keep = !resp.Close && resp.StatusCode != http.StatusSwitchingProtocols
			resp.Body = io.NopCloser(resp.Body) // whose own Close would read on to the end
			return readAnswer(resp, limit, d)
		}
	}
	return answer{err: errors.New("too many interim answers"), written: true}
}

// usualHead takes an answer's header from what has come in, if it lies there whole and is a usual one.
func (c *wireConn) usualHead(limit int64, d *dates) (head, bool) {
	text, _ := c.in.Peek(c.in.Buffered())
	h, ok := parseHead(text)
	if !ok || h.length > limit {
		return head{}, false
	}
	h.when = d.parse(h.date) // whose bytes lie in the buffer, which is used again
	_, _ = c.in.Discard(h.size)
	return h, true
}

// usualAnswer reads the body behind a usual header.
func (c *wireConn) usualAnswer(h head) answer {
	c.limit.left, c.keep = -1, true
	a := answer{status: h.status, date: h.when, body: make([]byte, h.length), written: true}
	if _, err := io.ReadFull(c.in, a.body); err != nil {
		if err == io.EOF { //nolint:errorlint // ReadFull's own
			err = io.ErrUnexpectedEOF
		}
		a.err = err
	}
	return a
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
